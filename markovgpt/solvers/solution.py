"""What does a solver bring back? A law, and what is proven of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.solvers.extended import ExtendedElimination

__all__ = ["Attempt", "HittingTimes", "Keep", "Report", "Solution"]

Report = Callable[[str], None]
"""Called once a cycle, with what has been reached so far."""

Keep = Callable[[NDArray[np.float64], int], None]
"""Called with the law of each cycle and its number; an interrupt then loses at most a cycle."""


class Attempt(NamedTuple):
    """The last iterate ``(n,)``, the number of cycles, and whether it converged, or was given up as too slow.

    ``low`` is what must be added where doubles do not have enough digits.
    """

    value: NDArray[np.float64]
    cycles: int
    converged: bool
    low: NDArray[np.float64] | None = None


class HittingTimes(NamedTuple):
    """Steps to a target from every state, high + low, ``(n,)`` each, roughly."""

    high: NDArray[np.float64]
    low: NDArray[np.float64]
    target: int

    @classmethod
    def of(cls, attempt: Attempt, target: int) -> HittingTimes:
        """What was attempted; rounding may have led below 0."""
        low = np.zeros(len(attempt.value)) if attempt.low is None else attempt.low
        below = attempt.value < 0
        return cls(np.where(below, 0.0, attempt.value), np.where(below, 0.0, low), target)

    @property
    def are_finite(self) -> bool:
        """Whether nothing overflowed."""
        return bool(np.isfinite(self.high).all() and np.isfinite(self.low).all())


@final
@dataclass(eq=False, slots=True, kw_only=True)
class Solution:
    """The best law so far, and what is proven of it; improved in place, so that an interrupt loses nothing.

    Attributes
    ----------
    law : (n,) float64
    error_bound : float
        Proven bound of the L1 error of ``law``; infinity while nothing is proven.
    relative_error : float
        Proven bound of the relative error of every entry; infinity where none is proven.
    method : str
        The algorithm.
    iterations : int
        Cycles for the law; 0 for a direct one.
    interrupted : bool
        Stopped by the user.
    low : (n,) float64, or None
        What must be added to ``law`` for twice the digits.
    extended : ExtendedElimination, or None
        The law beyond the digits and the range of doubles, where that was asked for.
    """

    law: NDArray[np.float64]
    error_bound: float = math.inf
    relative_error: float = math.inf
    method: str = ""
    iterations: int = 0
    interrupted: bool = False
    low: NDArray[np.float64] | None = None
    extended: ExtendedElimination | None = None

    def keep(self, law: NDArray[np.float64], iterations: int) -> None:
        """Copy the law of a cycle, about which nothing is proven yet; not one that overflowed."""
        if np.isfinite(law.sum()):
            self.error_bound = math.inf
            np.copyto(self.law, law)
            self.iterations = iterations
