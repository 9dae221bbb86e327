"""Are the weights of a GPT-2 those that it computes with, and does everything else refuse to show any?"""

from __future__ import annotations

import numpy as np
import pytest
import tiny
import torch
import transformers
from markovgpt import StateSpace
from markovgpt.enumeration.rounding import float64_logits

import markovgpt_transformers as mt

ACTIVATIONS = ["gelu", "gelu_new", "gelu_pytorch_tanh"]


def gpt2(**settings):
    """A network whose every weight is drawn, biases and layer norms among them."""
    torch.manual_seed(0)
    config = transformers.GPT2Config(**{**tiny.CONFIGS["gpt2"], "n_embd": 12, "n_head": 3, **settings})
    network = transformers.GPT2LMHeadModel(config).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.3 * torch.randn(parameter.shape)
    return network


@pytest.mark.parametrize("tied", [True, False], ids=["tied", "untied"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_weights_compute_what_the_network_computes(activation, tied):
    """A forward pass in float64 with the weights alone, against the network, at every length."""
    network = gpt2(activation_function=activation, tie_word_embeddings=tied, n_inner=20, layer_norm_epsilon=1e-3)
    model = mt.from_transformers(network, context_length=3)
    weights = model.gpt_weights()
    for length in (1, 2, 3):
        contexts = StateSpace(vocab_size=tiny.V, context_length=length).contexts(length, 0, 100)
        found = float64_logits(weights, contexts[: tiny.V**length])
        np.testing.assert_allclose(found, model.next_logits(contexts[: tiny.V**length]), rtol=0, atol=2e-5)


def test_fused_equals_batched():
    """The compiled walk of a GPT-2 of transformers, to 1e-5 in logits."""
    pytest.importorskip("numba")
    from markovgpt.enumeration.batched import batched
    from markovgpt.enumeration.fused import can_fuse, fused

    model = mt.from_transformers(gpt2(), context_length=3)
    space = StateSpace(vocab_size=tiny.V, context_length=3, lengths="all")
    assert can_fuse(model) == ""
    tables = []
    for strategy in (fused, batched):
        table = np.full((space.n_states, tiny.V), np.nan)
        for block in strategy(model, space, 100):
            table[block.start : block.start + len(block.logits)] = block.logits
        tables.append(table)
    np.testing.assert_allclose(*tables, rtol=0, atol=1e-5)


@pytest.mark.parametrize("architecture", sorted(set(tiny.CONFIGS) - {"gpt2"}))
def test_other_architectures_show_no_weights(loaded, architecture):
    """Only what is known to be the same arithmetic."""
    assert not hasattr(loaded(architecture), "gpt_weights")


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"activation_function": "relu"}, "its activation is relu"),
        ({"scale_attn_by_inverse_layer_idx": True}, "its attention is another one"),
        ({"scale_attn_weights": False}, "its attention is another one"),
    ],
    ids=["relu", "scaled by layer", "not scaled"],
)
def test_another_gpt2_shows_no_weights(settings, reason):
    """Settings that change the arithmetic."""
    model = mt.from_transformers(gpt2(**settings), context_length=2)
    with pytest.raises(AttributeError, match=reason):
        _ = model.gpt_weights


def test_a_replaced_layer_shows_no_weights():
    """As an adapter replaces one."""
    network = gpt2()
    network.transformer.h[0].mlp.c_fc = torch.nn.Linear(12, 48)
    model = mt.from_transformers(network, context_length=2)
    with pytest.raises(AttributeError, match="some of its layers were replaced"):
        _ = model.gpt_weights


def test_other_precisions_show_no_weights():
    """What a bfloat16 or float64 network computes is not what float32 computes."""
    model = mt.from_transformers(gpt2().double(), context_length=2)
    with pytest.raises(AttributeError, match=r"it computes in torch\.float64"):
        _ = model.gpt_weights
