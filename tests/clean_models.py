"""Random models that are right, of every kind and shape: no check may fail for one."""

from __future__ import annotations

from typing import Any

import numpy as np
from gpts import random_gpt

import markovgpt as mg
from markovgpt.models.mingpt import MinGPTConfig
from markovgpt.testing.mutants import SoundModel

__all__ = ["Sampled", "clean_model"]


class Sampled:
    """Any model, with ``generate``."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.vocab_size, self.context_length = model.vocab_size, model.context_length
        self.name = f"sampled {mg.model.model_name(model)}"

    def next_logits(self, contexts: np.ndarray) -> Any:
        return self.model.next_logits(contexts)

    def generate(self, prompts: np.ndarray, n: int, *, seed: int, **options: Any) -> np.ndarray:
        return mg.generate(self.model, prompts, n, seed=seed, **options)


def clean_model(seed: int) -> Any:
    """A model by its number: a GPT in float32, a table with zeros and ties, an n-gram model, or one with everything."""
    rng = np.random.default_rng([seed, 7])
    V, K = [(2, 1), (2, 3), (2, 5), (3, 2), (3, 3), (4, 2), (5, 1), (5, 2), (27, 1), (9, 2)][rng.integers(10)]
    kind = seed % 4
    if kind == 0:
        return SoundModel(max(V, 3), K, seed=seed)
    if kind == 1:
        config = MinGPTConfig(
            vocab_size=V,
            context_length=K,
            n_layer=int(rng.integers(1, 3)),
            n_head=2,
            n_embd=8,
            bias=bool(rng.integers(2)),
            tied=bool(rng.integers(2)),
        )
        return random_gpt(config, seed=seed, spread=float(rng.choice([0.1, 0.5, 2.0])))
    if kind == 2:
        n = sum(V**length for length in range(1, K + 1))
        weights = rng.integers(0, 4, (n, V)) + (rng.random((n, 1)) < 0.2)  # zeros and ties
        weights[weights.sum(axis=1) == 0, 0] = 1
        return Sampled(mg.from_matrix(weights / weights.sum(axis=1, keepdims=True), lengths="all"))
    tokens = rng.integers(0, V, 400)
    counts = mg.count_ngrams(tokens, vocab_size=V, context_length=K)
    return Sampled(mg.NgramModel(counts, order=K, smoothing="witten-bell"))
