"""GTH elimination: what are the stationary law and the hitting times of a small chain, and how accurate is every entry?

Grassmann, Taksar & Heyman (1985), "Regenerative analysis and steady state distributions for Markov chains": eliminate
states one by one and keep the chain seen at the visits to the rest. The probability of leaving a state is summed from
its parts, never taken as ``1 - p``, so there is no subtraction and hence no cancellation: tiny probabilities keep all
their digits. The same elimination yields expected hitting times of the last state left, again without subtraction.

The operations are those of the one-by-one elimination, most of them put off until many of them are one product of
non-negative matrices (level-3 BLAS), by halves, as in recursive LU. How far they can lead from the true law is counted
as they are done: a rounding moves the logarithm of what it rounds by at most u = 2^-53; if the logarithms of the
off-diagonal entries of a chain of m states move between a and b, then by the matrix-tree theorem the logarithm of any
``pi_i / pi_j`` moves by at most (m - 1)(b - a). The derivation is in docs/theory.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from markovgpt.errors import ArgumentError, NotComputedError

__all__ = ["Elimination", "gth"]

Array = NDArray[np.float64]
Progress = Callable[[str, int, int], None]

_UNIT = 2.0**-53  # unit roundoff
_NORMAL = 2.0**-1021  # a product that is computed to be at least this has a relative error of at most u
_SAFE = 2.0**-968  # in a sum of this size a product below _NORMAL counts less than u, even if it is flushed to 0


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Elimination:
    """What elimination down to state 0 yields.

    Attributes
    ----------
    stationary : (n,) float64
        Stationary distribution.
    hitting_times : (n,) float64
        Expected steps from each state to state 0; 0 for state 0 itself.
    relative_error : float
        Proven: ``|stationary[i] - pi_i| <= relative_error * pi_i`` for every i, and so an L1 error of at most that.
        About ``15 n^2 u``, however ill conditioned the chain is. Infinity if a product may have underflowed.
    """

    stationary: Array
    hitting_times: Array
    relative_error: float


def gth(transition: Array, *, progress: Progress | None = None) -> Elimination:
    """Stationary distribution and hitting times of state 0 of an irreducible chain.

    Parameters
    ----------
    transition : (n, n) float64
        Off-diagonal transition probabilities, non-negative. The diagonal is not read: it is what rows lack to 1.
    progress : callable, optional
        Called as ``progress("eliminating states", states done, n)``.

    Raises
    ------
    ArgumentError
        The chain is reducible: some set of states is never left, or left with a probability that underflows.
    NotComputedError
        The chain is so nearly reducible that double precision overflows.

    Examples
    --------
    >>> found = gth(np.array([[0.0, 1e-300], [3e-300, 0.0]]))
    >>> found.stationary, found.relative_error < 1e-15
    (array([0.75, 0.25]), True)
    """
    A = np.array(transition, dtype=np.float64, order="C")  # (n, n), overwritten
    np.fill_diagonal(A, 0.0)
    n = len(A)
    # A row times c leaves every path as it is, but its visits last c times as long: small rows need not underflow.
    shift = np.maximum(-np.frexp(A.max(axis=1))[1], 0)  # (n,) c = 2^shift
    np.ldexp(A, shift[:, None], out=A)
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        work = _Work(A, holding=np.ldexp(1.0, shift), progress=progress)
        work.eliminate(1, n)
        weights = np.zeros(n)
        weights[0] = 1.0
        hitting_times = np.zeros(n)
        for k in range(n):
            weights[k + 1 :] += weights[k] * A[k, k + 1 :]
            if k > 0:
                hitting_times[k] = (work.holding[k] + A[k, :k] @ hitting_times[:k]) / work.escape[k]
        stationary = np.ldexp(weights, shift - shift.max())
        stationary /= _sum(stationary)
    if not np.isfinite(stationary).all():
        raise NotComputedError("GTH elimination overflows double precision: the chain is too nearly reducible.")
    proven = work.proven and weights.min() >= _SAFE and stationary.min() >= _NORMAL
    roundings = work.roundings + _depth(n) + 1  # normalising
    return Elimination(
        stationary=stationary,
        hitting_times=hitting_times,
        relative_error=math.expm1(roundings * _UNIT) * (1 + 8 * _UNIT) if proven else math.inf,
    )


class _Work:
    """A chain in the course of elimination, and how far it may be from the exact one.

    Attributes
    ----------
    A : (n, n)
        For k eliminated: ``A[k, :k]`` are the transitions of k when it went, ``A[:k, k]`` the expected visits to k
        between two visits to the states that were left. Of those left, transitions, not yet up to date.
    holding : (n,)
        Expected time until the next visit to a state that was left when the state went.
    escape : (n,)
        Probability of leaving a state for one that was left.
    roundings : int
        Bound, in units u, of the changes in the logarithm of any ratio of two weights.
    proven : bool
        Whether underflow cannot have done more than that.
    """

    def __init__(self, A: Array, *, holding: Array, progress: Progress | None) -> None:
        self.A, self.holding, self.progress = A, holding, progress
        self.escape = np.ones(len(A))
        self.smallest = np.ones(len(A))  # (n,) least positive product of a visit to k and a transition from k
        self.roundings = 0
        self.proven = bool(_least_positive(A) >= _NORMAL)

    def eliminate(self, lo: int, hi: int) -> None:
        """Eliminate states hi - 1 down to lo, whose rows and columns are up to date; others are not updated."""
        if hi - lo > 1:
            mid = (lo + hi) // 2
            self.eliminate(mid, hi)
            self._update(slice(lo, mid), slice(mid, hi), slice(0, mid))
            self._update(slice(0, lo), slice(mid, hi), slice(lo, mid))
            self.holding[lo:mid] += self.A[lo:mid, mid:hi] @ self.holding[mid:hi]
            self.roundings += 2 * (mid - 1) * (hi - mid + 1)
            self.eliminate(lo, mid)
        elif hi > lo:
            self._eliminate_one(lo)

    def _eliminate_one(self, k: int) -> None:
        if self.progress is not None:
            self.progress("eliminating states", len(self.A) - k, len(self.A))
        row, column = self.A[k, :k], self.A[:k, k].copy()  # (k,), (k,)
        self.escape[k] = total = _sum(row)
        if total == 0:
            raise ArgumentError(
                "GTH elimination needs an irreducible chain: this one has a set of states without exit, or with one "
                "less likely than double precision can hold."
            )
        column /= total
        self.A[:k, k] = column
        fewest_visits = _least_positive(column)
        self.smallest[k] = fewest_visits * _least_positive(row)
        self.proven &= bool(fewest_visits >= _NORMAL)
        self.roundings += (k - 1) * (_depth(k) + 2)  # the chain that is left: one factor for all, and one rounding each
        self.roundings += _depth(k) + 1 + 2 * k  # the weight of k: its visits, and a sum of k products

    def _update(self, rows: slice, gone: slice, columns: slice) -> None:
        """Add the ways through the states ``gone``."""
        into, out_of, region = self.A[rows, gone], self.A[gone, columns], self.A[rows, columns]
        region += into @ out_of
        risky = np.flatnonzero(~(self.smallest[gone] >= _NORMAL))
        if self.proven and len(risky) and region.size:
            ways = np.sign(into[:, risky]) @ np.sign(out_of[risky])
            i, j = np.nonzero((ways > 0) & ~(region >= _SAFE))
            self.proven = bool((i + rows.start == j + columns.start).all())  # the diagonal is never read
            self.roundings += 2 * (columns.stop - 1) * len(risky)


def _sum(terms: Array) -> float:
    """Sum by halves: every term goes through at most ``_depth`` roundings, whatever the machine does."""
    while len(terms) > 1:
        half = (len(terms) + 1) // 2
        sums = terms[:half].copy()
        sums[: len(terms) - half] += terms[half:]
        terms = sums
    return float(terms.sum())


def _depth(n: int) -> int:
    """Roundings of one term in :func:`_sum` of n terms: the logarithm of n, rounded up."""
    return max(n - 1, 0).bit_length()


def _least_positive(values: Array) -> float:
    least = float(values.min(initial=np.inf))
    return least if least > 0 else float(np.min(values, initial=np.inf, where=values > 0))
