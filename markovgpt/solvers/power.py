"""Power iteration: where does a distribution go when it is pushed on and on?

Fast where the chain forgets quickly, as chains of trained models do; useless where it does not, and then its small
residual is no sign of accuracy: the result counts only together with :mod:`markovgpt.solvers.certificate`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["PowerResult", "power_iteration"]

Vector = NDArray[np.float64]
_PATIENCE = 50  # steps without progress, when rounding is all that is left


class PowerResult(NamedTuple):
    """The last distribution ``(n,)`` and the number of pushes."""

    stationary: Vector
    iterations: int


def power_iteration(
    push: Callable[[Vector], Vector],
    n: int,
    *,
    lazy: bool,
    tolerance: float = 1e-15,
    max_iterations: int = 3000,
    keep: Callable[[Vector, int], None],
) -> PowerResult:
    """Push the uniform law until a step changes it by at most ``tolerance`` (L1), or no longer makes progress.

    Parameters
    ----------
    push : callable (n,) -> (n,)
        ``mu P``.
    n : int
        Number of states.
    lazy : bool
        Average each step with staying: converges for periodic chains as well, at half the speed.
    tolerance, max_iterations
        When to stop.
    keep : callable
        Called with each iterate and its number.
    """
    mu = np.full(n, 1 / n)  # (n,)
    best, since = np.inf, 0
    for step in range(1, max_iterations + 1):
        after = push(mu)
        if lazy:
            after = (after + mu) / 2
        after /= after.sum()
        change = float(abs(after - mu).sum())
        mu = after
        since = 0 if change < best else since + 1
        best = min(best, change)
        keep(mu, step)
        if change <= tolerance or since >= _PATIENCE:
            break
    return PowerResult(mu, step)
