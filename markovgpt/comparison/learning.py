"""In which order did a model learn what it knows?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from markovgpt.comparison.record import DataComparison
from markovgpt.vocabulary import Vocabulary

__all__ = ["LearningCurve", "LearningStep"]

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

_CLOSE = 0.05
_LEARNED = 0.9
_NOTHING = 1e-9  # bits


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class LearningStep:
    """A model after a number of steps, against the data.

    Attributes
    ----------
    step : int
        Updates so far.
    name : str
        What to call it: the step, or the name of a saved model.
    comparison : DataComparison
        With the counts, without tests.
    probabilities : (e,) float64
        Of every arrow that the data have (:attr:`LearningCurve.arrows`).
    entropy_rate : float, bits per token, or None
        Of what the model generates; None where there is no single recurrent class, or too many states.
    unseen_mass : float, or None
        Stationary probability of the contexts that the data never visit; None likewise.
    certified : bool
        Whether these two come from a stationary distribution that is proven.
    """

    step: int
    name: str
    comparison: DataComparison
    probabilities: Floats
    entropy_rate: float | None
    unseen_mass: float | None
    certified: bool

    def __post_init__(self) -> None:
        self.probabilities.setflags(write=False)


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class LearningCurve:
    """One model in the course of its training.

    Attributes
    ----------
    steps : tuple of LearningStep
        Ascending.
    arrows : (e, 2) int64
        Context (its number in base V) and token of every arrow that the data have.
    shares : (e,) float64
        How often the data go that way from that context: what an arrow learns.
    counts : (e,) int64
        How often they go that way.
    context_length : int
        K.
    vocabulary : Vocabulary
    """

    steps: tuple[LearningStep, ...]
    arrows: Integers
    shares: Floats
    counts: Integers
    context_length: int
    vocabulary: Vocabulary

    def __post_init__(self) -> None:
        for array in (self.arrows, self.shares, self.counts):
            array.setflags(write=False)

    @property
    def numbers(self) -> Integers:
        """Steps of training, ``(s,)``."""
        return np.array([step.step for step in self.steps], dtype=np.int64)

    @property
    def probabilities(self) -> Floats:
        """Of every arrow after every number of steps, ``(s, e)``."""
        return np.stack([step.probabilities for step in self.steps])

    @property
    def told(self) -> Floats:
        """What a context of j tokens tells more than one of j - 1, ``(K + 1,)`` bits per token of the data.

        For j = 0: what the frequencies of the tokens tell more than their number.
        """
        return self.steps[0].comparison.told

    @property
    def missing(self) -> Floats:
        """What is still to be learned at each order, ``(s, K + 1)`` bits per token.

        A row sums to the excess of that step (:attr:`DataComparison.missing`).
        """
        return np.stack([step.comparison.missing for step in self.steps])

    def learned_at(self, *, share: float = _LEARNED) -> tuple[int | None, ...]:
        """For each order 0..K the first step from which on at least this share of what it tells is learned.

        None where that is never so, or where there is nothing to learn.
        """
        return tuple(
            None if told < _NOTHING else self._from_then_on(missing <= (1 - share) * told)
            for told, missing in zip(self.told.tolist(), self.missing.T, strict=True)
        )

    def arrived_at(self, *, close: float = _CLOSE) -> tuple[int | None, ...]:
        """For each arrow the first step from which on its probability is within ``close`` of its share in the data."""
        near = abs(self.probabilities - self.shares) <= close  # (s, e)
        return tuple(self._from_then_on(column) for column in near.T)

    def arrived_share(self, *, close: float = _CLOSE) -> Floats:
        """Which share of the data's tokens is within ``close`` of its frequency after each step, ``(s,)``."""
        near = abs(self.probabilities - self.shares) <= close  # (s, e)
        share: Floats = near @ self.counts / self.counts.sum()
        return share

    def _from_then_on(self, holds: NDArray[np.bool_]) -> int | None:
        """The first step at which something holds, and goes on to hold in all that were recorded."""
        if not holds[-1]:
            return None
        fails = np.flatnonzero(~holds)
        return self.steps[0 if not len(fails) else int(fails[-1]) + 1].step
