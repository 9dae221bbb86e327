"""How far can a computed stationary distribution be from the true one? A bound that holds whatever computed it.

Let z be a state and w >= 0, w(z) = 0, with ``w(x) >= 1 + sum_{y != z} P(x, y) w(y)`` for x != z. Then w is at least the
expected hitting time of z. For a function f with |f| <= 1 the sum g(x) of ``f - pi f`` along a path from x to z solves
``(I - P) g = f - pi f`` and has ``|g| <= 2 w``; so for any distribution q, ``(q - pi) f = -(qP - q) g`` and

    ||q - pi||_1 <= 2 * sum_x |(qP - q)(x)| * w(x).

A residual alone proves nothing: a chain that hardly ever switches between two halves has tiny residuals for every
mixture of them. Here w is large, and the bound says so. The rounding of every step below is bounded and added.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["stationary_error_bound"]

Vector = NDArray[np.float64]
_TRIVIAL = 2.0  # no two distributions are farther apart
_UNIT = float(np.finfo(np.float64).eps)  # twice the unit roundoff: room for the products of (1 + u)


def stationary_error_bound(
    q: Vector,
    *,
    push: Callable[[Vector], Vector],
    pull: Callable[[Vector], Vector],
    hitting_times: Vector,
    target: int,
    terms: int,
) -> float:
    """An upper bound of ``||q - pi||_1``, or infinity where none is proven.

    The chain meant is the one whose rows are divided by their exact sums.

    Parameters
    ----------
    q : (n,) float64
        Approximate stationary distribution, non-negative.
    push, pull : callables (n,) -> (n,)
        ``mu P`` and ``P f``, computed in float64 with at most ``terms`` products a sum.
    hitting_times : (n,) float64
        Candidate for w: any approximation of the expected steps to ``target``.
    target : int
        The state z.
    terms : int
        Most products that push or pull add up for one entry.
    """
    n = len(q)
    w = hitting_times.copy()  # (n,)
    w[target] = 0.0
    if not (np.isfinite(w).all() and w.min() >= 0):
        return float("inf")
    defect = float(abs(pull(np.ones(n)) - 1).max())  # of the row sums
    relative = (terms + 4) * _UNIT + 2 * defect

    stepped = pull(w)  # (n,); entry z counts nothing, since w(z) = 0
    slack = w - stepped - relative * (w + stepped)  # (n,) at least the true slack
    slack[target] = np.inf
    d = float(slack.min()) if n > 1 else 1.0
    if not (d > 0):
        return float("inf")

    flowed = push(q)  # (n,)
    residual = abs(flowed - q) + relative * (flowed + q)  # (n,) at least the true one
    total_defect = abs(float(q.sum()) - 1) + n * _UNIT
    bound = 2 * float(residual @ (w / d)) * (1 + (n + 4) * _UNIT) + total_defect
    return bound if bound < _TRIVIAL else float("inf")
