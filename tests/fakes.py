"""Models that are no network: tables behind the protocol, and models that do one thing wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from markovgpt import StateSpace

__all__ = ["FakeModel", "SessionModel", "TableModel", "TableSession"]


class TableModel:
    """Answers from a table of logits over all contexts of length 1..K, ``(V + ... + V^K, V)``."""

    def __init__(self, logits: np.ndarray, *, context_length: int) -> None:
        self.logits = np.asarray(logits, dtype=np.float64)  # (n, V)
        self.vocab_size = self.logits.shape[1]
        self.context_length = context_length
        self.space = StateSpace(vocab_size=self.vocab_size, context_length=context_length, lengths="all")

    def next_logits(self, contexts: np.ndarray) -> np.ndarray:
        return self.logits[[self.space.index(context) for context in contexts.tolist()]]  # (batch, V)

    def all_logits(self, contexts: np.ndarray) -> np.ndarray:
        lengths = range(1, contexts.shape[1] + 1)
        return np.stack([self.next_logits(contexts[:, :length]) for length in lengths], axis=1)  # (batch, length, V)


class SessionModel(TableModel):
    """The same with sessions, of a class that can be another; ``fed`` are all contexts that they were asked about."""

    n_parameters = 10**9  # so that sessions are worth their while for tables of any size
    kind: type[TableSession]

    def __init__(self, logits: np.ndarray, *, context_length: int) -> None:
        super().__init__(logits, context_length=context_length)
        self.fed: list[tuple[int, ...]] = []

    def session(self, batch: int) -> TableSession:
        return self.kind(self, np.empty((batch, 0), dtype=np.int64))


class TableSession:
    """Contexts that grow by a token a row."""

    def __init__(self, model: SessionModel, contexts: np.ndarray) -> None:
        self.model, self.contexts = model, contexts  # (batch, length)

    def feed(self, tokens: np.ndarray) -> np.ndarray:
        self.contexts = np.concatenate([self.contexts, tokens[:, None]], axis=1)
        self.model.fed += map(tuple, self.contexts.tolist())
        return self.model.next_logits(self.contexts)

    def fork(self, rows: np.ndarray) -> TableSession:
        return type(self)(self.model, self.contexts[rows])


SessionModel.kind = TableSession


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
