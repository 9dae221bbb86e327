"""GPTs of random shape and weights, and the logits of all their contexts, for tests of what computes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

import markovgpt as mg
from markovgpt import StateSpace
from markovgpt.enumeration.strategy import Strategy
from markovgpt.models.gpt_model import GPTModel
from markovgpt.models.mingpt import MinGPTConfig, new_network

__all__ = ["all_logits", "configs", "contexts_of", "random_gpt"]


def random_gpt(config: MinGPTConfig, *, seed: int = 0, spread: float = 0.5) -> GPTModel:
    """A network whose every weight is drawn, so large that every part of it matters: matrices shrink with the width."""
    network = new_network(config, seed=seed).eval()
    generator = torch.Generator().manual_seed(seed + 1)
    with torch.no_grad():
        for parameter in network.parameters():
            scale = spread / config.n_embd**0.5 if parameter.ndim == 2 else spread
            parameter += scale * torch.randn(parameter.shape, generator=generator)
    return GPTModel(name="random", network=network, vocabulary=mg.Vocabulary.numbered(config.vocab_size))


@st.composite
def configs(draw: st.DrawFn, *, most_states: int = 1000) -> MinGPTConfig:
    """Any shape of 1 to 6 layers, 8 to 64 features, 1 to 65 tokens and up to 10 positions."""
    V = draw(st.one_of(st.integers(1, 5), st.integers(6, 65)))
    K = draw(st.integers(1, 10).filter(lambda length: V**length <= most_states))
    H = draw(st.sampled_from([1, 2, 3, 4, 8]))
    D = draw(st.integers(-(-8 // H), 64 // H))
    return MinGPTConfig(
        vocab_size=V,
        context_length=K,
        n_layer=draw(st.integers(1, 6)),
        n_head=H,
        n_embd=H * D,
        bias=draw(st.booleans()),
        tied=draw(st.booleans()),
        gelu=draw(st.sampled_from(["exact", "tanh"])),
    )


def contexts_of(space: StateSpace) -> dict[int, np.ndarray]:
    """All contexts of each length, ``(V^length, length)``."""
    lengths = range(space.shortest, space.context_length + 1)
    return {length: space.contexts(length, 0, space.vocab_size**length) for length in lengths}


def all_logits(strategy: Strategy, model: Any, lengths: Any = "full") -> np.ndarray:
    """The table that a strategy makes, ``(n, V)``; every state must come exactly once."""
    space = StateSpace(vocab_size=model.vocab_size, context_length=model.context_length, lengths=lengths)
    table = np.empty((space.n_states, space.vocab_size))
    seen = np.zeros(space.n_states, dtype=int)
    for block in strategy(model, space, 256):
        here = slice(block.start, block.start + len(block.logits))
        table[here] = block.logits
        seen[here] += 1
        assert not block.outside.any()
    np.testing.assert_array_equal(seen, 1)
    return table
