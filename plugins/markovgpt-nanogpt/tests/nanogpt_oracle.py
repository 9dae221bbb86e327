"""An independent GPT: random state dicts in the names of nanoGPT, and their forward pass in plain numpy, float64."""

from __future__ import annotations

from math import erf, pi, sqrt

import numpy as np
import torch

V, BLOCK, C, HEADS, LAYERS = 5, 4, 12, 3, 2
MODEL_ARGS = {"n_layer": LAYERS, "n_head": HEADS, "n_embd": C, "block_size": BLOCK, "vocab_size": V, "dropout": 0.1}


def random_weights(*, bias: bool, norm_bias: bool, tied: bool, seed: int = 0) -> dict[str, torch.Tensor]:
    """Weights large enough that every part of the network is felt."""
    rng = np.random.default_rng(seed)

    def draw(*shape):
        return torch.from_numpy(rng.normal(0, 0.5, shape).astype(np.float32))

    weights = {"transformer.wte.weight": draw(V, C), "transformer.wpe.weight": draw(BLOCK, C)}
    for layer in range(LAYERS):
        h = f"transformer.h.{layer}"
        for norm in ("ln_1", "ln_2"):
            weights[f"{h}.{norm}.weight"] = 1 + draw(C)
            if norm_bias:
                weights[f"{h}.{norm}.bias"] = draw(C)
        for name, n_out, n_in in (
            ("attn.c_attn", 3 * C, C),
            ("attn.c_proj", C, C),
            ("mlp.c_fc", 4 * C, C),
            ("mlp.c_proj", C, 4 * C),
        ):
            weights[f"{h}.{name}.weight"] = draw(n_out, n_in)
            if bias:
                weights[f"{h}.{name}.bias"] = draw(n_out)
    weights["transformer.ln_f.weight"] = 1 + draw(C)
    if norm_bias:
        weights["transformer.ln_f.bias"] = draw(C)
    weights["lm_head.weight"] = weights["transformer.wte.weight"] if tied else draw(V, C)
    return weights


def with_masks(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The causal masks that nanoGPT without flash attention, and minGPT, keep as buffers."""
    masks = {f"transformer.h.{layer}.attn.bias": torch.tril(torch.ones(1, 1, BLOCK, BLOCK)) for layer in range(LAYERS)}
    return masks | weights


def in_names_of_2020(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The same weights as minGPT called them before 2022."""
    old = {
        "tok_emb.weight": weights["transformer.wte.weight"],
        "pos_emb": weights["transformer.wpe.weight"][None],
        "ln_f.weight": weights["transformer.ln_f.weight"],
        "ln_f.bias": weights["transformer.ln_f.bias"],
        "head.weight": weights["lm_head.weight"],
    }
    for layer in range(LAYERS):
        new, block = f"transformer.h.{layer}", f"blocks.{layer}"
        old[f"{block}.attn.mask"] = torch.tril(torch.ones(1, 1, BLOCK, BLOCK))
        for kind in ("weight", "bias"):
            query, key, value = weights[f"{new}.attn.c_attn.{kind}"].split(C)
            old[f"{block}.attn.key.{kind}"] = key
            old[f"{block}.attn.query.{kind}"] = query
            old[f"{block}.attn.value.{kind}"] = value
            old[f"{block}.attn.proj.{kind}"] = weights[f"{new}.attn.c_proj.{kind}"]
            old[f"{block}.ln1.{kind}"] = weights[f"{new}.ln_1.{kind}"]
            old[f"{block}.ln2.{kind}"] = weights[f"{new}.ln_2.{kind}"]
            old[f"{block}.mlp.0.{kind}"] = weights[f"{new}.mlp.c_fc.{kind}"]
            old[f"{block}.mlp.2.{kind}"] = weights[f"{new}.mlp.c_proj.{kind}"]
    return old


def next_law(weights: dict[str, torch.Tensor], context: list[int], *, gelu: str) -> np.ndarray:
    """Probabilities of the next token after one context, one position and one head at a time: (V,)."""
    w = {name.removeprefix("transformer."): tensor.double().numpy() for name, tensor in weights.items()}

    def linear(x, name):
        return x @ w[f"{name}.weight"].T + w.get(f"{name}.bias", 0.0)

    def norm(x, name):
        centred = x - x.mean(axis=-1, keepdims=True)
        scale = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
        return centred / scale * w[f"{name}.weight"] + w.get(f"{name}.bias", 0.0)

    def activation(x):
        if gelu == "tanh":  # Hendrycks & Gimpel 2016, section 2
            return 0.5 * x * (1 + np.tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))
        return x * 0.5 * (1 + np.vectorize(erf)(x / sqrt(2)))

    def softmax(x):
        e = np.exp(x - x.max())
        return e / e.sum()

    x = w["wte.weight"][context] + w["wpe.weight"][: len(context)]  # (T, C)
    size = C // HEADS
    for layer in range(LAYERS):
        q, k, v = np.split(linear(norm(x, f"h.{layer}.ln_1"), f"h.{layer}.attn.c_attn"), 3, axis=-1)
        y = np.zeros_like(x)
        for t in range(len(context)):
            for head in range(HEADS):
                part = slice(head * size, (head + 1) * size)
                attention = softmax(k[: t + 1, part] @ q[t, part] / sqrt(size))  # (t + 1,)
                y[t, part] = attention @ v[: t + 1, part]
        x = x + linear(y, f"h.{layer}.attn.c_proj")
        x = x + linear(activation(linear(norm(x, f"h.{layer}.ln_2"), f"h.{layer}.mlp.c_fc")), f"h.{layer}.mlp.c_proj")
    return softmax(w["lm_head.weight"] @ norm(x, "ln_f")[-1])
