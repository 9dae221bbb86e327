"""Stationary laws and hitting times to 60 digits, without under- or overflow."""

from __future__ import annotations

import decimal
from decimal import Decimal

import mpmath
import numpy as np

__all__ = [
    "DIGITS",
    "decimal_distance",
    "decimal_hitting_times",
    "decimal_stationary",
    "precise_stationary",
    "relative_error",
]

DIGITS = 60


def precise_stationary(P: np.ndarray, *, divide_rows: bool) -> list[mpmath.mpf]:
    """Stationary law by elimination of one state after another.

    With ``divide_rows`` that of the chain whose rows are divided by their sums; else the diagonal is what they lack.
    """
    with mpmath.workdps(DIGITS + 10):
        A = [[mpmath.mpf(float(p)) for p in row] for row in P]
        n = len(A)
        sums = [mpmath.fsum(row) if divide_rows else mpmath.mpf(1) for row in A]
        for k in range(n - 1, 0, -1):
            s = mpmath.fsum(A[k][:k])
            for i in range(k):
                if A[i][k]:
                    A[i][k] /= s
                    for j in range(k):
                        A[i][j] += A[i][k] * A[k][j]
        weights = [mpmath.mpf(1)]
        for k in range(1, n):
            weights.append(mpmath.fsum(weights[i] * A[i][k] for i in range(k)))
        weights = [w * r for w, r in zip(weights, sums, strict=True)]
        total = mpmath.fsum(weights)
        return [w / total for w in weights]


def relative_error(found: list[mpmath.mpf], exact: list[mpmath.mpf]) -> float:
    """Largest ``|found - exact| / exact``."""
    with mpmath.workdps(DIGITS + 10):
        return max(float(abs(f - e) / e) for f, e in zip(found, exact, strict=True))


def _precisely() -> decimal.Context:
    return decimal.Context(prec=DIGITS + 10, Emin=decimal.MIN_EMIN, Emax=decimal.MAX_EMAX)


def _decimals(values: np.ndarray) -> np.ndarray:
    """Exact, as objects."""
    return np.array([Decimal(float(v)) for v in values.ravel()], dtype=object).reshape(values.shape)


def _eliminated(P: np.ndarray, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Elimination without subtraction, last state first; and the row sums. For decimals, in their context."""
    A = _decimals(P[np.ix_(order, order)])
    sums = A.sum(axis=1)
    for k in range(len(A) - 1, 0, -1):
        column = A[:k, k] / A[k, :k].sum()
        A[:k, k] = column
        into, out_of = np.flatnonzero(column), np.flatnonzero(A[k, :k])
        A[np.ix_(into, out_of)] += np.outer(column[into], A[k, out_of])
    return A, sums


def decimal_stationary(P: np.ndarray) -> np.ndarray:
    """Law ``(n,)`` of :class:`~decimal.Decimal`, of the irreducible chain whose rows are divided by their sums.

    >>> [str(round(p, 5)) for p in decimal_stationary(np.array([[0.5, 0.5], [0.25, 0.75]]))]
    ['0.33333', '0.66667']
    """
    with decimal.localcontext(_precisely()):
        A, sums = _eliminated(P, np.arange(len(P)))
        weights = np.full(len(A), Decimal(1), dtype=object)
        for k in range(1, len(A)):
            weights[k] = weights[:k] @ A[:k, k]
        weights *= sums
        return weights / weights.sum()


def decimal_hitting_times(P: np.ndarray, target: int) -> np.ndarray:
    """Expected steps to ``target``, ``(n,)`` of :class:`~decimal.Decimal`, of the same chain.

    >>> [float(h) for h in decimal_hitting_times(np.array([[0.5, 0.5], [0.25, 0.75]]), 0)]
    [0.0, 4.0]
    """
    with decimal.localcontext(_precisely()):
        order = np.concatenate(([target], np.delete(np.arange(len(P)), target)))
        A = _decimals(P[np.ix_(order, order)])
        waits = A.sum(axis=1)  # a row divided by c is as good, if each of its visits lasts c times as long
        steps = np.full(len(P), Decimal(0), dtype=object)
        escapes = steps.copy()
        for k in range(len(A) - 1, 0, -1):
            escapes[k] = A[k, :k].sum()
            visits = A[:k, k] / escapes[k]
            A[:k, :k] += np.outer(visits, A[k, :k])
            waits[:k] += visits * waits[k]
        found = steps.copy()
        for k in range(1, len(A)):
            steps[k] = (waits[k] + A[k, :k] @ steps[:k]) / escapes[k]
        found[order] = steps
        return found


def decimal_distance(q: np.ndarray, exact: np.ndarray) -> Decimal:
    """``sum |q - exact|`` to 60 digits."""
    with decimal.localcontext(_precisely()):
        return abs(_decimals(np.asarray(q)) - exact).sum() + Decimal(0)
