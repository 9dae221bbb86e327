"""How would a user ask a GPT about every context without markovgpt? The same weights, and the same table in the end."""

from itertools import product

import numpy as np
import torch

__all__ = ["by_hand", "notebook_loop", "transformers_network", "with_transformers"]

BATCH = 2048  # contexts: as many as markovgpt takes


def every_context(network):
    config = network.config
    return np.array(list(product(range(config.vocab_size), repeat=config.context_length)))  # (n, K)


def notebook_loop(network):
    """As in the notebook "GPT as a finite-state Markov chain": one context a forward pass."""
    rows = []
    with torch.no_grad():
        for context in every_context(network).tolist():
            logits = network(torch.tensor(context)[None, ...])  # (1, K, V)
            rows.append(torch.softmax(logits[0, -1], dim=-1).tolist())
    return np.array(rows)


def by_hand(network):
    """Whole contexts in batches, a few lines of torch."""
    contexts = torch.as_tensor(every_context(network))
    with torch.no_grad():
        rows = [torch.softmax(network(batch)[:, -1], dim=-1) for batch in contexts.split(BATCH)]
    return torch.cat(rows).numpy()


def with_transformers(network, *, batch):
    """The same weights as a GPT2LMHeadModel of the transformers library, so many contexts a forward pass."""
    contexts = torch.as_tensor(every_context(network.markovgpt))
    with torch.no_grad():
        rows = [torch.softmax(network(piece).logits[:, -1], dim=-1) for piece in contexts.split(batch)]
    return torch.cat(rows).numpy()


def transformers_network(network):
    """A GPT2LMHeadModel with the weights of a minGPT, which it carries as ``markovgpt``."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config, weights = network.config, network.weights()
    other = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=config.vocab_size,
            n_positions=config.context_length,
            n_embd=config.n_embd,
            n_layer=config.n_layer,
            n_head=config.n_head,
            activation_function={"exact": "gelu", "tanh": "gelu_new"}[config.gelu],
            layer_norm_epsilon=weights.epsilon,
            bos_token_id=None,
            eos_token_id=None,
            use_cache=False,
        )
    ).eval()
    state = {
        "transformer.wte.weight": weights.wte,
        "transformer.wpe.weight": weights.wpe,
        "transformer.ln_f.weight": weights.ln_f.weight,
        "transformer.ln_f.bias": weights.ln_f.bias,
        "lm_head.weight": weights.lm_head,
    }
    names = ("ln_1", "attn.c_attn", "attn.c_proj", "ln_2", "mlp.c_fc", "mlp.c_proj")
    for i, block in enumerate(weights.blocks):
        parts = (block.ln_1, block.c_attn, block.c_proj, block.ln_2, block.c_fc, block.c_out)
        for name, linear in zip(names, parts, strict=True):
            bias = np.zeros(len(linear.weight), dtype=np.float32) if linear.bias is None else linear.bias
            state[f"transformer.h.{i}.{name}.weight"] = linear.weight.T  # a Conv1D has inputs first
            state[f"transformer.h.{i}.{name}.bias"] = bias
    missing = other.load_state_dict({name: torch.tensor(array) for name, array in state.items()}, strict=False)
    assert not missing.unexpected_keys, missing
    assert all("attn.bias" in name or "masked_bias" in name for name in missing.missing_keys), missing
    other.markovgpt = network
    return other
