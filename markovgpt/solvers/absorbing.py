"""Where does a chain end that leaves some states for good: in which class, how probably, and how sure is that?"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.errors import ArgumentError, NotComputedError
from markovgpt.solvers.gth import gth
from markovgpt.solvers.iterative import solve_iteratively
from markovgpt.solvers.matrix_system import MatrixSystem
from markovgpt.solvers.solution import Report

__all__ = ["Ending", "absorb_by_elimination", "absorb_by_pushing", "absorb_by_returning"]

Vector = NDArray[np.float64]
_UNIT = 2.0**-53
_LOOK = 256  # pushes between two looks at whether the remainder still shrinks
_SHRINKS = 0.999  # by at least this factor in so many pushes


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Ending:
    """Probabilities of ending in each of c classes.

    Attributes
    ----------
    probabilities : (c,) float64
        The best guess, between the bounds.
    lower, upper : (c,) float64
        Proven bounds, rounding included.
    steps : int
        Pushes that were made; 0 for elimination.
    """

    probabilities: Vector
    lower: Vector
    upper: Vector
    steps: int


def absorb_by_elimination(transition: Vector, into: Vector, start: Vector, *, roundings: int = 0) -> Ending:
    """By GTH elimination: from the class that was entered the chain is sent back to the start, and the classes share
    the stationary law of that chain in the ratio in which they are entered. No subtraction anywhere.

    Parameters
    ----------
    transition : (m, m) float64
        Between the states that are left for good, each of them reached from the start.
    into : (m, c) float64
        Into each class, each of them reached from the start.
    start : (m + c,) float64
        Where the chain begins: weights, in any unit.
    roundings : int
        Of the operations in which an entry of ``into`` and ``start`` was computed.

    Raises
    ------
    NotComputedError
        A product underflows: nothing can be proven.
    """
    m, c = into.shape
    chain = np.zeros((1 + m + c, 1 + m + c))
    chain[0, 1:] = start / (2 * max(1.0, float(start.sum())))
    chain[1 : 1 + m, 1 : 1 + m] = transition
    chain[1 : 1 + m, 1 + m :] = into
    chain[1 + m :, 0] = 1.0
    try:
        found = gth(chain)
    except ArgumentError as error:  # every state reaches the start: only a product below 1e-308 can have cut that
        raise NotComputedError("Elimination underflows double precision: the chain is too nearly reducible.") from error
    if not (found.relative_error < 0.5):
        raise NotComputedError("Elimination underflows double precision: no error bound was proven.")
    shares = found.stationary[1 + m :] / math.fsum(found.stationary[1 + m :].tolist())
    # A change of every entry by u moves the logarithm of a ratio of two weights by at most the number of states times
    # 2 u (matrix-tree theorem); the ratio of two weights that are wrong by r each is wrong by 2 r or so.
    wrong = 2 * found.relative_error / (1 - found.relative_error) + 2 * len(chain) * (roundings + 3) * _UNIT * 1.01
    return Ending(
        probabilities=shares,
        lower=shares * max(0.0, 1 - wrong),
        upper=np.minimum(shares * (1 + wrong), 1.0),
        steps=0,
    )


def absorb_by_returning(returning: Any, n_classes: int, *, roundings: int, report: Report) -> Ending:
    """By the stationary law of a large chain that is sent back to the start from the class that was entered.

    The law is proven to an L1 error of b; so each share of the time is right to b / 2, and so is their sum.

    Parameters
    ----------
    returning : csr_array (1 + m + c, 1 + m + c)
        State 0 leads to the start, the last c states, the classes, lead to state 0; irreducible.
    n_classes : int
        c.
    roundings : int
        Of the operations in which an entry was computed.
    report : callable
        Told what has been reached.
    """
    found = solve_iteratively(MatrixSystem(returning), tolerance=1e-15, report=report)
    if found.interrupted:
        raise KeyboardInterrupt
    shares = found.law[-n_classes:]
    excess = (
        abs(math.fsum(found.law.tolist()) - 1) + _UNIT
    )  # were the sum exactly 1, no share could miss more than half
    total, half = math.fsum(shares.tolist()), (found.error_bound + excess) / 2
    wrong = 2 * returning.shape[0] * (roundings + 3) * _UNIT * 1.01  # matrix-tree theorem, as above
    if not (half < total and wrong < 0.5):
        return Ending(
            probabilities=shares / total, lower=np.zeros(n_classes), upper=np.ones(n_classes), steps=found.iterations
        )
    return Ending(
        probabilities=shares / total,
        lower=np.maximum(shares - half, 0.0) / (total + half) * (1 - wrong),
        upper=np.minimum((shares + half) / (total - half) * (1 + 2 * wrong), 1.0),
        steps=found.iterations,
    )


def absorb_by_pushing(
    push: Callable[[Vector], Vector],
    start: Vector,
    class_of: NDArray[np.integer],
    n_classes: int,
    *,
    terms: int,
    defect: float,
    tolerance: float,
    max_steps: int,
    progress: Callable[[str, int, int], None] | None = None,
) -> Ending:
    """By pushing what is not yet in a class: what is in one is a lower bound, and with all the rest an upper one.

    Stops when at most ``tolerance`` is left, when the rest shrinks by less than a thousandth in 256 pushes, or after
    ``max_steps``.

    Parameters
    ----------
    push : callable (n,) -> (n,)
        ``mu P``.
    start : (n,) float64
        Distribution.
    class_of : (n,) integers
        Class of each state, -1 for one that is left for good.
    n_classes : int
        c.
    terms : int
        Most products of a sum.
    defect : float
        Largest ``|sum of a row - 1|``: the chain meant is the one whose rows are divided by their sums.
    tolerance, max_steps
        When to stop.
    progress : callable, optional
        Told the pushes made and their limit.
    """
    ended = np.flatnonzero(class_of >= 0)
    classes = class_of[ended]
    entered = np.zeros(n_classes)
    mu, rest, before, step = start.copy(), 1.0, 1.0, 0
    while True:
        entered += np.bincount(classes, weights=mu[ended], minlength=n_classes)
        mu[ended] = 0.0
        rest = float(mu.sum())
        stuck = step % _LOOK == 0 and step > 0 and not (rest <= _SHRINKS * before)
        if not (rest > tolerance) or step == max_steps or stuck:
            break
        if step % _LOOK == 0:
            before = rest
        if progress is not None:
            progress("absorption", step, max_steps)
        mu, step = push(mu), step + 1
    wrong = (step + 1) * ((terms + 4) * 2 * _UNIT + 2 * defect) + (len(start) + 4) * 2 * _UNIT
    if not (wrong < 0.5):
        return Ending(probabilities=entered, lower=np.zeros(n_classes), upper=np.ones(n_classes), steps=step)
    lower = entered * (1 - wrong)
    upper = np.minimum((entered + rest) * (1 + 2 * wrong) + 1e-300, 1.0)  # 1e-300: all that underflow can have lost
    return Ending(probabilities=np.clip(entered + rest / 2, lower, upper), lower=lower, upper=upper, steps=step)
