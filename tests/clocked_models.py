"""A clock that only a model moves, so that what is measured is known beforehand."""

from __future__ import annotations

import numpy as np

from markovgpt.benchmarking import ResizableModel

__all__ = ["PER_CALL", "PER_READING", "PER_TOKEN", "Clock", "ClockedModel", "clocked_models"]

PER_READING, PER_CALL, PER_TOKEN = 1e-4, 1e-2, 1e-3  # seconds


class Clock:
    """Moves a little at every reading, so that nothing takes no time."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += PER_READING
        return self.now


class ClockedModel:
    """Uniform laws; a call takes 10 ms, and 1 ms a token. ``asked`` notes the lengths of contexts."""

    name = "clocked"
    n_parameters = 100

    def __init__(self, clock: Clock, vocab_size: int, context_length: int, asked: list[int]) -> None:
        self.clock, self.vocab_size, self.context_length, self.asked = clock, vocab_size, context_length, asked

    def next_logits(self, contexts: np.ndarray) -> np.ndarray:
        self.asked.append(contexts.shape[1])
        self.clock.now += PER_CALL + PER_TOKEN * contexts.size
        return np.zeros((len(contexts), self.vocab_size))


def clocked_models(clock: Clock, asked: list[int] | None = None) -> ResizableModel:
    """Such models of any size; their own is V = 2, K = 3."""
    noted = [] if asked is None else asked

    def make(vocab_size: int, context_length: int) -> ClockedModel:
        return ClockedModel(clock, vocab_size, context_length, noted)

    return ResizableModel(own=make(2, 3), make=make, any_vocab_size=True, any_context_length=True)
