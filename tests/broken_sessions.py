"""Models whose sessions or passes give another law than ``next_logits``, each in its own way."""

from __future__ import annotations

from typing import Any

import numpy as np
from fakes import SessionModel, TableModel, TableSession

__all__ = ["BAD", "LOGITS", "ImpossibleToken", "K", "LooksAhead", "OneAhead", "V", "broken_model"]

V, K = 3, 4
LOGITS = np.random.default_rng(0).normal(size=(V + V**2 + V**3 + V**4, V))


class NotCausal(TableSession):
    """A beginning does not know what follows: this network would, given the whole context."""

    def feed(self, tokens: np.ndarray) -> np.ndarray:
        logits = super().feed(tokens)
        return logits + (self.contexts.shape[1] == K) * LOGITS[self.contexts[:, 0]]


class SharedCache(TableSession):
    """A fork writes into the list of its parent, where that has as many rows."""

    def fork(self, rows: np.ndarray) -> TableSession:
        twin = super().fork(rows)
        twin.parent = self  # type: ignore[attr-defined]
        return twin

    def feed(self, tokens: np.ndarray) -> np.ndarray:
        logits = super().feed(tokens)
        parent = getattr(self, "parent", None)
        if parent is not None:
            n = min(len(tokens), len(parent.contexts))
            parent.contexts[:n, -1] = tokens[:n]
        return logits


class StaleCache(TableSession):
    """From the third token on, it answers with the keys of the second."""

    def feed(self, tokens: np.ndarray) -> np.ndarray:
        logits = super().feed(tokens)
        if self.contexts.shape[1] < 3:
            return logits
        return self.model.next_logits(np.delete(self.contexts, 2, axis=1))


class Stateful(TableSession):
    """What was fed to one session is still there in the next."""

    left = 0

    def feed(self, tokens: np.ndarray) -> np.ndarray:
        logits = super().feed(tokens) + Stateful.left * LOGITS[tokens]
        if self.contexts.shape[1] == K:
            Stateful.left = 1
        return logits


class PositionAtTheEnd(TableSession):
    """The last position is that of the one before, as after a crop."""

    def feed(self, tokens: np.ndarray) -> np.ndarray:
        logits = super().feed(tokens)
        return logits[:, ::-1] if self.contexts.shape[1] == K else logits


class ForkOfTheFirstRows(TableSession):
    """Which rows were asked for is not looked at."""

    def fork(self, rows: np.ndarray) -> TableSession:
        return super().fork(np.arange(len(rows)) % len(self.contexts))


class ForkInAnotherOrder(TableSession):
    """Rows are sorted."""

    def fork(self, rows: np.ndarray) -> TableSession:
        return super().fork(np.sort(rows))


class ImpossibleToken(TableSession):
    """A token of probability e^-60 is impossible here: no number differs by more than 1e-6."""

    def feed(self, tokens: np.ndarray) -> np.ndarray:
        logits = super().feed(tokens)
        return np.where(logits < -50, -np.inf, logits)


class LooksAhead(TableModel):
    """``all_logits`` at a position knows the last token of the context."""

    n_parameters = 10**9

    def all_logits(self, contexts: np.ndarray) -> np.ndarray:
        every = super().all_logits(contexts)
        every[:, :-1, 0] += contexts[:, -1:]
        return every


class OneAhead(TableModel):
    """``all_logits`` is one position late."""

    n_parameters = 10**9

    def all_logits(self, contexts: np.ndarray) -> np.ndarray:
        return np.roll(super().all_logits(contexts), 1, axis=1)


def broken_model(kind: type) -> Any:
    if issubclass(kind, TableModel):
        return kind(LOGITS, context_length=K)
    logits = LOGITS.copy()
    if kind is ImpossibleToken:
        logits[:, 0] = -60.0
    model = SessionModel(logits, context_length=K)
    model.kind = kind
    Stateful.left = 0
    return model


BAD = [
    NotCausal,
    SharedCache,
    StaleCache,
    Stateful,
    PositionAtTheEnd,
    ForkOfTheFirstRows,
    ForkInAnotherOrder,
    ImpossibleToken,
]
