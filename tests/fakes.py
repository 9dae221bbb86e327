"""Models that are no network: a table behind the protocol, and models that do one thing wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from markovgpt import StateSpace

__all__ = ["FakeModel", "TableModel"]


class TableModel:
    """Answers from a table of logits over all contexts of length 1..K, ``(V + ... + V^K, V)``."""

    def __init__(self, logits: np.ndarray, *, context_length: int) -> None:
        self.logits = np.asarray(logits, dtype=np.float64)  # (n, V)
        self.vocab_size = self.logits.shape[1]
        self.context_length = context_length
        self.space = StateSpace(vocab_size=self.vocab_size, context_length=context_length, lengths="all")

    def next_logits(self, contexts: np.ndarray) -> np.ndarray:
        return self.logits[[self.space.index(context) for context in contexts.tolist()]]  # (batch, V)


class FakeModel:
    """A model whose answer is a function of the contexts; anything may be wrong with it."""

    def __init__(self, answer: Callable[[np.ndarray], Any], *, vocab_size: Any = 2, context_length: Any = 2) -> None:
        self.answer = answer
        self.vocab_size = vocab_size
        self.context_length = context_length
        self.calls = 0

    def next_logits(self, contexts: np.ndarray) -> Any:
        self.calls += 1
        return self.answer(contexts)
