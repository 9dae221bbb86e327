"""Sums and products with 30 digits and without under- or overflow, for elimination.

A number is ``(high + low) * 2^(512 level)``: high and low are float64 with ``|low| <= 2^-53 high``, and the level, an
int64, keeps ``2^-256 <= high < 2^256``, so that no product of two of them leaves the range of float64. Zero is (0, 0,
a level below all others). Nothing is negative, so nothing is subtracted. The error of a sum or product of two float64
is computed exactly, as Knuth and Dekker do. So, in units ``u^2 = 2^-106`` and to first order, the relative error is

- of a sum at most 3: of ``low + low`` 1, of adding the error of ``high + high`` 2;
- of a product at most 8: of ``high * low`` and ``low * high`` 1 each, of their sum 2, of adding the error of
  ``high * high`` 3, of leaving out ``low * low`` 1;
- of a quotient at most 13: of the remainder ``high - q * divisor`` 7, of dividing it by the divisor's high part 6.

What underflows in between is below ``2^-200`` of the result. So a sum, a quotient, and each step of a sum of products
is one rounding of at most 16 units, ``2^-102``; terms of higher order are far below the 3 units left. Joldes, Muller &
Popescu (2017), "Tight and rigorous error bounds for basic building blocks of double-word arithmetic", have smaller
constants. Compiled without FMA, which would join a product and a sum that must stay apart.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from markovgpt.kernels.compiled import compiled_exactly
from markovgpt.kernels.exact import joined, product, two_sum

__all__ = ["ZERO_LEVEL", "add_products", "divide", "sum_of_row"]

Floats = NDArray[np.float64]
Levels = NDArray[np.int64]
Number: TypeAlias = tuple[float, float, int]
Range: TypeAlias = tuple[int, int]

ZERO_LEVEL = -(2**40)

_STEP, _BACK = 2.0**512, 2.0**-512
_TOP, _BOTTOM = 2.0**256, 2.0**-256
_TILE = 512  # columns that fit in the first cache


@compiled_exactly
def add_products(H: Floats, L: Floats, E: Levels, rows: Range, gone: Range, columns: Range) -> None:
    """``X[i, j] += sum_k X[i, k] X[k, j]`` for i, k, j in three ranges, one k after another; X is ``(H, L, E)``."""
    for left in range(columns[0], columns[1], _TILE):
        tile = slice(left, min(left + _TILE, columns[1]))
        for i in range(rows[0], rows[1]):
            sums = H[i, tile], L[i, tile], E[i, tile]
            for k in range(gone[0], gone[1]):
                if H[i, k] > 0:
                    _add_multiple(sums, (H[i, k], L[i, k], E[i, k]), (H[k, tile], L[k, tile], E[k, tile]))


@compiled_exactly
def _add_multiple(sums: tuple[Floats, Floats, Levels], factor: Number, terms: tuple[Floats, Floats, Levels]) -> None:
    """``sums += factor * terms``; compiled code for wide registers, so no branches and no calls that stay calls."""
    H, L, E = sums
    a, b, c = factor
    Y, Z, F = terms
    for j in range(len(H)):
        p, e = product(a, Y[j])
        q, r = joined(p, e + (a * Z[j] + b * Y[j]))
        H[j], L[j], E[j] = _sum((H[j], L[j], E[j]), (q, r, c + F[j]))


@compiled_exactly
def _sum(x: Number, y: Number) -> Number:
    """The sum of two numbers, of which y may be a product not yet brought back into its range."""
    ahead = y[2] - x[2]
    # Both at the higher of the two levels. What is two levels below counts less than 2^-256 of the other.
    shrink = 1.0 if ahead <= 0 else (_BACK if ahead == 1 else 0.0)
    shrink_y = 1.0 if ahead >= 0 else (_BACK if ahead == -1 else 0.0)
    level = x[2] + ahead if ahead > 0 else x[2]
    s, error = two_sum(x[0] * shrink, y[0] * shrink_y)
    high, low = joined(s, error + (x[1] * shrink + y[1] * shrink_y))
    change = _BACK if high >= _TOP else (_STEP if high < _BOTTOM else 1.0)
    carry = 1 if high >= _TOP else (-1 if high < _BOTTOM else 0)
    return high * change, low * change, level + carry


@compiled_exactly
def sum_of_row(H: Floats, L: Floats, E: Levels, i: int, columns: Range) -> Number:
    """Sum of ``X[i, j]`` over a range of j, by halves: a term goes through as many sums as n has binary digits."""
    tile = slice(columns[0], columns[1])
    h, low, e = H[i, tile].copy(), L[i, tile].copy(), E[i, tile].copy()
    m = len(h)
    while m > 1:
        half = (m + 1) // 2
        for j in range(m - half):
            h[j], low[j], e[j] = _sum((h[j], low[j], e[j]), (h[half + j], low[half + j], e[half + j]))
        m = half
    return h[0], low[0], e[0]


@compiled_exactly
def divide(H: Floats, L: Floats, E: Levels, rows: Range, j: int, divisor: Number) -> None:
    """``X[i, j] /= divisor`` for a range of i."""
    d, d_low, level = divisor
    for i in range(rows[0], rows[1]):
        a, b = H[i, j], L[i, j]
        if a > 0:
            q = a / d
            p, e = product(q, d)
            high, low = joined(q, ((((a - p) - e) + b) - q * d_low) / d)
            H[i, j], L[i, j], E[i, j] = _sum((0.0, 0.0, ZERO_LEVEL), (high, low, E[i, j] - level))
