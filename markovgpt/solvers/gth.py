"""GTH elimination: what are the stationary law and the hitting times of a small chain, accurate in every entry?

Grassmann, Taksar & Heyman (1985), "Regenerative analysis and steady state distributions for Markov chains": eliminate
states one by one and keep the chain seen at the visits to the rest. The probability of leaving a state is summed from
its parts, never taken as ``1 - p``, so there is no subtraction and hence no cancellation: tiny probabilities keep all
their digits. The same elimination yields expected hitting times of the last state left, again without subtraction.

Here states are eliminated in blocks B, the rest being A: ``P_AA + P_AB (I - P_BB)^-1 P_BA`` is the chain seen at
visits to A. The inverse, expected visits within the block, is built subtraction-free too, and all the rest are matrix
products of non-negative numbers (level-3 BLAS): the accuracy of the one-by-one elimination at many times its speed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from markovgpt.errors import ArgumentError, NotComputedError

__all__ = ["Elimination", "gth"]

_BLOCK = 128


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
    """

    stationary: NDArray[np.float64]
    hitting_times: NDArray[np.float64]


def gth(transition: NDArray[np.float64]) -> Elimination:
    """Stationary distribution and hitting times of state 0 of an irreducible chain.

    Parameters
    ----------
    transition : (n, n) float64
        Off-diagonal transition probabilities, non-negative. The diagonal is not read: it is what rows lack to 1.

    Raises
    ------
    ArgumentError
        The chain is reducible: some set of states is never left, or left with a probability that underflows.
    NotComputedError
        The chain is so nearly reducible that double precision overflows.

    Examples
    --------
    >>> gth(np.array([[0.0, 1e-300], [3e-300, 0.0]])).stationary
    array([0.75, 0.25])
    """
    A = np.array(transition, dtype=np.float64, order="C")  # (n, n), overwritten
    n = len(A)
    steps = np.ones(n)  # (n,) expected steps until the next visit to a state that is still there
    blocks = [(max(stop - _BLOCK, 1), stop) for stop in range(n, 1, -_BLOCK)]
    visits = []  # (b, b) a block
    with np.errstate(over="ignore", invalid="ignore"):
        for start, stop in blocks:
            to_block, from_block = A[:start, start:stop], A[start:stop, :start]  # (a, b), (b, a)
            visits.append(_expected_visits(A[start:stop, start:stop], from_block.sum(axis=1)))
            to_block[:] = to_block @ visits[-1]  # visits to the block's states between two visits to the rest
            A[:start, :start] += to_block @ from_block
            steps[:start] += to_block @ steps[start:stop]

        stationary = np.ones(n)
        hitting_times = np.zeros(n)
        for (start, stop), within in zip(reversed(blocks), reversed(visits), strict=True):
            stationary[start:stop] = stationary[:start] @ A[:start, start:stop]
            hitting_times[start:stop] = within @ (steps[start:stop] + A[start:stop, :start] @ hitting_times[:start])
        stationary /= stationary.sum()
    if not np.isfinite(stationary).all():
        raise NotComputedError("GTH elimination overflows double precision: the chain is too nearly reducible.")
    return Elimination(stationary=stationary, hitting_times=hitting_times)


def _expected_visits(within: NDArray[np.float64], leaving: NDArray[np.float64]) -> NDArray[np.float64]:
    """``(I - D)^-1`` for the transitions D ``(b, b)`` inside a block that is left with probabilities ``leaving``.

    The diagonal of D is not read: a row of D and ``leaving`` sum to 1.
    """
    D, out = within.copy(), leaving.copy()
    b = len(D)
    visits = np.eye(b)  # (b, b)
    escape = np.empty(b)  # (b,) probability of leaving a state for one that is still there, or for outside
    for k in range(b - 1, -1, -1):
        escape[k] = D[k, :k].sum() + out[k]
        if not (escape[k] > 0):
            raise ArgumentError(
                "GTH elimination needs an irreducible chain: this one has a set of states without exit, or with one "
                "less likely than double precision can hold."
            )
        into = D[:k, k] / escape[k]  # (k,)
        D[:k, :k] += np.outer(into, D[k, :k])
        out[:k] += into * out[k]
        visits[:k] += np.outer(into, visits[k])
    for k in range(b):
        visits[k] = (visits[k] + D[k, :k] @ visits[:k]) / escape[k]
    return visits
