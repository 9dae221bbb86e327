"""How far can a computed stationary distribution be from the true one? A bound that holds whatever computed it.

Let z be a state and w >= 0, w(z) = 0, with ``sum_y P(x, y) (w(x) - w(y)) >= 1`` for x != z. Then w is at least the
expected hitting time of z. For a function f with |f| <= 1 the sum g(x) of ``f - pi f`` along a path from x to z solves
``(I - P) g = f - pi f`` and has ``|g| <= 2 w``; so for any distribution q, ``(q - pi) f = -(qP - q) g`` and

    ||q - pi||_1 <= 2 * sum_x |(qP - q)(x)| * w(x).

A residual alone proves nothing: a chain that hardly ever switches between two halves has tiny residuals for every
mixture of them. Here w is large, and the bound says so. Where w is 1e14, only flows that balance to 1e-20 prove
anything: q may be given in two parts, hi + lo, whose sum has twice the digits. The rounding of every step below is
bounded and added.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from markovgpt.solvers.system import System

__all__ = ["stationary_error_bound"]

Vector = NDArray[np.float64]
_UNIT = float(np.finfo(np.float64).eps)  # twice the unit roundoff: room for the products of (1 + u)
_ONE_BY_ONE = 2**16  # values that are added up exactly; more are added up in blocks first
_BLOCK = 64


def stationary_error_bound(
    system: System,
    q: Vector,
    *,
    low: Vector | None = None,
    hitting_times: Vector,
    times_low: Vector | None = None,
    target: int,
    trivial: float = 2.0,
) -> float:
    """An upper bound of ``||q - pi||_1``, or infinity where none is proven.

    The chain meant is the one whose rows are divided by their exact sums.

    Parameters
    ----------
    system : System
        The chain of n states.
    q : (n,) float64
        Approximate stationary distribution, non-negative.
    low : (n,) float64, optional
        What must be added to q for a better approximation than doubles can hold. The bound is for q alone.
    hitting_times : (n,) float64
        Candidate for w: any approximation of the expected steps to ``target``.
    times_low : (n,) float64, optional
        What must be added to them where steps are so many that doubles cannot count them.
    target : int
        The state z.
    trivial : float
        Bounds from here on are called infinite: no two distributions are farther apart than 2.
    """
    w = hitting_times.copy()  # (n,)
    w_low = np.zeros(system.n) if times_low is None else times_low.copy()
    w[target] = w_low[target] = 0.0
    largest = float(w.max())
    if not (np.isfinite(largest) and np.isfinite(w_low).all() and (w >= 0).all() and (abs(w_low) <= w).all()):
        return math.inf
    if largest > 0:  # w counts up to a factor; in this unit nothing overflows, and what underflows does not count
        for part in (w, w_low):
            np.ldexp(part, -math.frexp(largest)[1], out=part)
    lo = np.zeros(system.n) if low is None else low
    defect = system.row_defect()

    drift = system.drift(w, w_low)  # (n,)
    drift[target] = np.inf
    d = float(drift.min()) / (1 + defect) if system.n > 1 else 1.0
    if not (d > 0):
        return math.inf

    del drift
    net, error = system.balance(q, lo)
    error += np.abs(net, out=net)
    excess = float(error @ np.add(w, abs(w_low), out=w)) / d * (1 + (system.n + 6) * _UNIT)
    correction, _ = _total(abs(lo))
    mass, rounding = _total(q)  # of q; the measure proven, (q + lo) times the row sums, is at most off from it
    off = (mass * defect + correction) * (1 + defect)
    least = mass - rounding - off
    if not (least > 0):
        return math.inf
    bound = (2 * excess / least + 2 * off + abs(mass - 1) + rounding) * (1 + 8 * _UNIT)
    return bound if bound < trivial else math.inf


def _total(values: Vector) -> tuple[float, float]:
    """The sum of non-negative values, and by how much it can be wrong."""
    block = 1 if len(values) <= _ONE_BY_ONE else _BLOCK
    whole = len(values) - len(values) % block
    total = math.fsum([*values[:whole].reshape(-1, block).sum(axis=1).tolist(), *values[whole:].tolist()])
    return total, block * _UNIT * total
