"""Models that take time on a clock of their own, so that what is predicted can be compared with what is true."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from markovgpt.enumeration import calibration

__all__ = ["ClockedModel", "ClockedPasses", "ClockedSession", "ClockedSessions", "true_seconds", "with_clock"]


class ClockedModel:
    """A call takes ``call`` seconds and each token in it ``token`` more; every law is uniform."""

    def __init__(self, *, vocab_size: int = 2, context_length: int = 12, call: float = 0.0, token: float = 0.0) -> None:
        self.vocab_size, self.context_length = vocab_size, context_length
        self.call, self.token = call, token
        self.now = 0.0
        self.first = 0.0  # what the first call takes more
        self.contexts = 0  # that it was asked about

    def take(self, rows: int, length: int) -> np.ndarray:
        self.now += self.call + self.token * rows * length + self.first
        self.first = 0.0
        self.contexts += rows
        return np.zeros((rows, self.vocab_size))

    def next_logits(self, contexts: np.ndarray) -> np.ndarray:
        return self.take(*contexts.shape)


class ClockedPasses(ClockedModel):
    """One that can show all positions."""

    n_parameters = 10**9

    def all_logits(self, contexts: np.ndarray) -> np.ndarray:
        self.take(*contexts.shape)
        return np.zeros((*contexts.shape, self.vocab_size))


class ClockedSessions(ClockedModel):
    """One that continues contexts: a token a row and call."""

    n_parameters = 10**9

    def session(self, batch: int) -> ClockedSession:
        return ClockedSession(self, batch)


class ClockedSession:
    """Some rows."""

    def __init__(self, model: ClockedSessions, rows: int) -> None:
        self.model, self.rows = model, rows

    def feed(self, tokens: np.ndarray) -> np.ndarray:
        return self.model.take(len(tokens), 1)

    def fork(self, rows: np.ndarray) -> ClockedSession:
        return ClockedSession(self.model, len(rows))


def with_clock(monkeypatch: pytest.MonkeyPatch, model: ClockedModel) -> ClockedModel:
    """The model, whose clock is the one by which costs are predicted."""
    monkeypatch.setattr(calibration, "clock", lambda: model.now)
    return model


def true_seconds(model: ClockedModel, strategy: Any, states: Any, batch_size: int) -> float:
    """What a whole enumeration takes on the model's clock."""
    before = model.now
    for _ in strategy(model, states, batch_size):
        pass
    return model.now - before
