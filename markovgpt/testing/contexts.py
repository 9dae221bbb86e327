"""Which contexts is a model asked about in a check? All, or a seeded sample where they are many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from markovgpt.model import LanguageModel

__all__ = ["asked_contexts", "label_of"]

_MOST = 64  # contexts of one length


def asked_contexts(model: LanguageModel, length: int, *, seed: int = 0) -> NDArray[np.int64]:
    """At most 64 different contexts of one length, ``(m, length)``: all V^length of them if they are no more."""
    V = model.vocab_size
    if length * np.log2(V) <= np.log2(_MOST):
        weights = V ** np.arange(length - 1, -1, -1, dtype=np.int64)  # (length,)
        every: NDArray[np.int64] = np.arange(V**length, dtype=np.int64)[:, None] // weights % V
        return every
    drawn = np.random.default_rng(seed).integers(0, V, size=(_MOST, length))
    sample: NDArray[np.int64] = np.unique(drawn, axis=0)
    return sample


def label_of(model: LanguageModel, context: NDArray[np.int64]) -> str:
    """A context as a failure message shows it."""
    tokens = getattr(model, "tokens", None)
    names = [str(t) if tokens is None else repr(tokens[t]) for t in context.tolist()]
    return " ".join(names)
