"""The network against a forward pass in numpy, written from the description of the architecture."""

from __future__ import annotations

from math import erf, pi, sqrt
from typing import Any

import numpy as np
import pytest
import torch

import markovgpt as mg
from markovgpt.models.gpt_model import GPTModel
from markovgpt.models.mingpt import MinGPTConfig, new_network

_SHAPES = {
    "babygpt": MinGPTConfig(vocab_size=2, context_length=3, n_layer=4, n_head=4, n_embd=16),
    "one head, one layer": MinGPTConfig(vocab_size=5, context_length=4, n_layer=1, n_head=1, n_embd=6),
    "with biases": MinGPTConfig(vocab_size=3, context_length=5, n_layer=2, n_head=3, n_embd=12, bias=True),
    "GPT-2's activation": MinGPTConfig(vocab_size=3, context_length=3, n_layer=2, n_head=2, n_embd=8, gelu="tanh"),
    "one token, one position": MinGPTConfig(vocab_size=1, context_length=1, n_layer=1, n_head=2, n_embd=4),
}


_GELU = {
    "exact": lambda x: x * (1 + np.vectorize(erf)(x / sqrt(2))) / 2,
    "tanh": lambda x: x * (1 + np.tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))) / 2,
}
"""x times the probability that a standard normal is below x, and GPT-2's approximation of it."""


def _model(name: str) -> GPTModel:
    """A network of that shape whose every weight is drawn anew, and large enough that every part of it matters."""
    network = new_network(_SHAPES[name], seed=0).eval()
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.4 * torch.randn(parameter.shape, generator=generator)
    vocabulary = mg.Vocabulary.numbered(_SHAPES[name].vocab_size)
    return GPTModel(name=name, network=network, vocabulary=vocabulary)


def _forward(weights: dict[str, np.ndarray], config: MinGPTConfig, context: list[int]) -> np.ndarray:
    """Logits after each position of one context, ``(T, V)``, in float64."""
    T, H = len(context), config.n_head
    x = weights["wte.weight"][context] + weights["wpe.weight"][:T]  # (T, C)
    for layer in range(config.n_layer):
        part = {key.split(".", 2)[2]: value for key, value in weights.items() if key.startswith(f"h.{layer}.")}
        mixed = _linear(_layer_norm(x, part, "ln_1"), part, "attn.c_attn")  # (T, 3C)
        q, k, v = np.split(mixed, 3, axis=1)
        heads = []
        for one_q, one_k, one_v in zip(*(np.split(a, H, axis=1) for a in (q, k, v)), strict=True):  # each (T, C/H)
            rows = []
            for t in range(T):  # a position sees itself and what came before
                scores = np.array([one_q[t] @ one_k[s] / sqrt(one_q.shape[1]) for s in range(t + 1)])
                attention = np.exp(scores - scores.max())
                rows.append(attention / attention.sum() @ one_v[: t + 1])
            heads.append(np.array(rows))
        x = x + _linear(np.concatenate(heads, axis=1), part, "attn.c_proj")  # (T, C)
        hidden = _linear(_layer_norm(x, part, "ln_2"), part, "mlp.c_fc")  # (T, 4C)
        x = x + _linear(_GELU[config.gelu](hidden), part, "mlp.c_proj")  # (T, C)
    return _layer_norm(x, weights, "ln_f") @ weights["wte.weight"].T  # the head is the token embedding


def _layer_norm(x: np.ndarray, weights: dict[str, np.ndarray], name: str) -> np.ndarray:
    centred = x - x.mean(axis=1, keepdims=True)
    scale = np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
    return centred / scale * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def _linear(x: np.ndarray, weights: dict[str, np.ndarray], name: str) -> np.ndarray:
    return x @ weights[f"{name}.weight"].T + weights.get(f"{name}.bias", 0.0)


def _weights(model: GPTModel) -> dict[str, np.ndarray]:
    return {name: tensor.double().numpy() for name, tensor in model.network.state_dict().items()}


def _assert_same_logits(model: Any) -> None:
    config = model.network.config
    rng = np.random.default_rng(3)
    for length in range(1, config.context_length + 1):
        contexts = rng.integers(0, config.vocab_size, (4, length))
        expected = [_forward(_weights(model), config, context) for context in contexts.tolist()]
        found = model.all_logits(contexts).numpy()
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-5 * max(1, abs(found).max()))


@pytest.mark.parametrize("name", _SHAPES)
def test_network_computes_the_architecture(name: str) -> None:
    """Every logit of every position and length, to the accuracy of float32."""
    _assert_same_logits(_model(name))


def test_trained_babygpt_computes_the_architecture(babygpt: GPTModel) -> None:
    """The weights after training mean what the description says."""
    _assert_same_logits(babygpt)


@pytest.mark.parametrize("name", _SHAPES)
def test_all_logits_of_a_prefix_are_its_next_logits(name: str) -> None:
    """Causality: the logits at position t are those of the context cut after t."""
    model = _model(name)
    contexts = np.random.default_rng(1).integers(0, model.vocab_size, (6, model.context_length))
    every = model.all_logits(contexts)
    for t in range(model.context_length):
        np.testing.assert_allclose(every[:, t], model.next_logits(contexts[:, : t + 1]), rtol=1e-5, atol=1e-5)


def test_all_logits_do_not_see_later_tokens() -> None:
    """Another last token changes the last logits, and none before."""
    model = _model("with biases")
    contexts = np.array([[0, 1, 2, 0, 1], [0, 1, 2, 0, 2]])
    first, second = model.all_logits(contexts).numpy()
    np.testing.assert_allclose(first[:-1], second[:-1], rtol=1e-5, atol=1e-5)
    assert abs(first[-1] - second[-1]).max() > 0.01


def test_logits_depend_on_the_order_of_tokens() -> None:
    """Positions count: the same tokens in another order have other logits."""
    model = _model("babygpt")
    first, second = model.next_logits(np.array([[0, 1, 1], [1, 0, 1]])).numpy()
    assert abs(first - second).max() > 0.01
