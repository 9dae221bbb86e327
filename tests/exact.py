"""Independent oracles in exact fractions: slow, short, and sharing nothing with the package but the input.

A float64 is a fraction, so a table of float64 numbers is an exact Markov chain once its rows are divided by their sums.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

__all__ = ["exact_hitting_times", "exact_matrix", "exact_stationary", "l1_distance"]


def exact_matrix(table: np.ndarray) -> list[list[Fraction]]:
    """The float64 matrix as fractions, each row divided by its exact sum."""
    rows = [[Fraction(float(entry)) for entry in row] for row in table]
    return [[entry / sum(row) for entry in row] for row in rows]


def exact_stationary(P: list[list[Fraction]]) -> list[Fraction]:
    """The one solution of ``pi P = pi``, ``sum pi = 1``, by Gauss-Jordan elimination.

    >>> exact_stationary(exact_matrix(np.array([[0.5, 0.5], [0.25, 0.75]])))
    [Fraction(1, 3), Fraction(2, 3)]
    """
    n = len(P)
    equations = [[P[i][j] - (i == j) for i in range(n)] for j in range(n - 1)]  # one of n equations follows from others
    return _solve([*equations, [Fraction(1)] * n], [Fraction(0)] * (n - 1) + [Fraction(1)])


def exact_hitting_times(P: list[list[Fraction]], target: int) -> list[Fraction]:
    """Expected steps to ``target``: ``h(x) = 1 + sum_y P(x, y) h(y)`` for x other than it, ``h(target) = 0``.

    >>> exact_hitting_times(exact_matrix(np.array([[0.5, 0.5], [0.25, 0.75]])), 0)
    [Fraction(0, 1), Fraction(4, 1)]
    """
    others = [x for x in range(len(P)) if x != target]
    times = _solve([[(x == y) - P[x][y] for y in others] for x in others], [Fraction(1)] * len(others))
    times.insert(target, Fraction(0))
    return times


def l1_distance(q: np.ndarray, exact: list[Fraction]) -> Fraction:
    """``sum |q - exact|`` without rounding."""
    return sum((abs(Fraction(float(a)) - b) for a, b in zip(q, exact, strict=True)), Fraction(0))


def _solve(A: list[list[Fraction]], b: list[Fraction]) -> list[Fraction]:
    """``A x = b`` by Gauss-Jordan elimination with any non-zero pivot."""
    rows = [[*row, right] for row, right in zip(A, b, strict=True)]
    n = len(rows)
    for k in range(n):
        pivot = next(i for i in range(k, n) if rows[i][k] != 0)
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [entry / rows[k][k] for entry in rows[k]]
        for i in range(n):
            if i != k and rows[i][k] != 0:
                factor = rows[i][k]
                rows[i] = [entry - factor * top for entry, top in zip(rows[i], rows[k], strict=True)]
    return [row[n] for row in rows]
