"""How long does it take to reach a state, roughly? Good enough for a certificate, which corrects what is missing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator, gmres

__all__ = ["hitting_times"]

Vector = NDArray[np.float64]
_RESTART = 40


def hitting_times(
    pull: Callable[[Vector], Vector], n: int, target: int, *, tolerance: float = 1e-3, max_pulls: int = 400
) -> Vector:
    """Expected steps to ``target`` from every state, ``(n,)``, by GMRES: ``w = 1 + P w`` off the target, 0 on it.

    Parameters
    ----------
    pull : callable (n,) -> (n,)
        ``P f``.
    n, target : int
        Number of states; the state to reach.
    tolerance : float
        ``||residual|| <= tolerance * ||1||``; not reached within ``max_pulls``, the last iterate is returned, and a
        certificate made of it fails.
    max_pulls : int
        Most applications of ``pull``.
    """
    ones = np.ones(n)
    ones[target] = 0.0

    def equation(w: Vector) -> Vector:
        inside = w.copy()
        inside[target] = 0.0
        left = inside - pull(inside)
        left[target] = w[target]
        return left

    operator = LinearOperator((n, n), matvec=equation, dtype=np.float64)
    w, _ = gmres(operator, ones, rtol=tolerance, restart=_RESTART, maxiter=max(max_pulls // _RESTART, 1))
    return np.maximum(np.asarray(w, dtype=np.float64), 0.0)
