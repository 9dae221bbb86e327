"""GTH elimination with some 25 proven digits of every entry, for chains that double precision cannot hold.

The algorithm, its order and its error bound are those of :mod:`markovgpt.solvers.gth`. The numbers are pairs of
float64 with an exponent of their own (:mod:`markovgpt.kernels.double_double`), so neither digits nor range are lost:
products of many tiny probabilities stay positive, and every irreducible chain of float64 numbers has an answer. Without
a compiler small chains are eliminated state by state in decimal arithmetic of 50 digits.
"""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import final

import numpy as np
from numpy.typing import NDArray

from markovgpt.errors import ArgumentError, NotComputedError
from markovgpt.kernels.compiled import can_compile

__all__ = ["EXTENDED_LIMIT", "ExtendedElimination", "check_extended_size", "extended_gth"]

Array = NDArray[np.float64]
Progress = Callable[[str, int, int], None]

EXTENDED_LIMIT = 4096
"""Most states that are eliminated in extended precision."""

_WITHOUT_COMPILER = 200
_TEXT = "eliminating in extended precision"
_PAIR_UNIT = 2.0**-102 * (1 + 2.0**-50)  # how far a rounding moves a logarithm; see markovgpt.kernels.double_double
_DECIMALS = 50
_DECIMAL_UNIT = 10.0 ** (1 - _DECIMALS)  # twice that of a correct rounding
_AT_ONCE = 2**24  # products between two chances to interrupt: a tenth of a second


def _context(digits: int, rounding: str = decimal.ROUND_HALF_EVEN) -> decimal.Context:
    return decimal.Context(prec=digits, rounding=rounding, Emin=decimal.MIN_EMIN, Emax=decimal.MAX_EMAX)


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ExtendedElimination:
    """A stationary distribution beyond the digits and the range of float64.

    Attributes
    ----------
    probabilities : tuple of n Decimal
        Stationary distribution, 50 digits each, of which :meth:`digits` shows those that are proven.
    stationary : (n,) float64
        The same, rounded; 0 or short of digits below 2.2e-308.
    stationary_low : (n,) float64
        What the rounding left: ``stationary + stationary_low`` has 31 digits.
    log_stationary : (n,) float64
        Natural logarithms, finite for every state that can be reached from all others.
    relative_error : float
        Proven: ``|probabilities[i] - pi_i| <= relative_error * pi_i`` for every i.
    """

    probabilities: tuple[Decimal, ...]
    stationary: Array
    stationary_low: Array
    log_stationary: Array
    relative_error: float

    def digits(self, state: int) -> str:
        """The probability of a state, to as many digits as are proven: the exact value, rounded to them, is the same.

        Raises
        ------
        NotComputedError
            Not one digit is proven.
        """
        p, error = self.probabilities[state], Decimal(self.relative_error)
        down, up = (_context(2 * _DECIMALS, rounding) for rounding in (decimal.ROUND_FLOOR, decimal.ROUND_CEILING))
        least = down.divide(p, up.add(Decimal(1), error))
        most = up.divide(p, down.subtract(Decimal(1), error))
        for count in range(_DECIMALS, 0, -1):
            rounded = _context(count).plus(least)
            if rounded == _context(count).plus(most):
                return str(rounded)
        raise NotComputedError(f"No digit of the probability of state {state} is proven.")


def extended_gth(transition: Array, *, progress: Progress | None = None) -> ExtendedElimination:
    """Stationary distribution of an irreducible chain in extended precision.

    Parameters
    ----------
    transition : (n, n) float64
        Transition probabilities, non-negative and taken as exact; the chain meant is the one whose rows are divided by
        their exact sums.
    progress : callable, optional
        Called as ``progress("eliminating in extended precision", states done, n)``. Ctrl-C is heard at once.

    Raises
    ------
    ArgumentError
        The matrix is not square, has a negative or infinite entry or NaN, or the chain is reducible.
    NotComputedError
        More than 4,096 states; more than 200 where numba cannot be imported.

    Examples
    --------
    Two states that change places, one hardly ever, the other three times as often:

    >>> found = extended_gth(np.array([[1.0, 5e-324], [1.5e-323, 1.0]]))
    >>> found.digits(0)[:27], found.relative_error < 1e-29
    ('0.7500000000000000000000000', True)
    """
    A = np.asarray(transition, dtype=np.float64)
    n = len(A)
    if A.shape != (n, n) or not ((A >= 0) & np.isfinite(A)).all():
        raise ArgumentError(f"Elimination needs a square matrix of finite, non-negative numbers: got shape {A.shape}.")
    check_extended_size(n)
    weights, error = (_by_pairs if can_compile() else _by_decimals)(A, progress)
    return _normalised(A, weights, error)


def check_extended_size(n: int) -> None:
    """Refuse more states than are eliminated in extended precision.

    Raises
    ------
    NotComputedError
        Says how many there are, and what the limit is.
    """
    limit = EXTENDED_LIMIT if can_compile() else _WITHOUT_COMPILER
    if n > limit:
        raise NotComputedError(
            f"Not computed above {limit:,} states: the stationary distribution of {n:,} states in extended precision. "
            "In double precision (without --extended, extended=True) larger chains are solved, and proven."
            + ("" if can_compile() else " With numba installed, the limit is 4,096."),
            n_states=n,
            limit=limit,
        )


def _normalised(A: Array, weights: list[Decimal], error: float) -> ExtendedElimination:
    """From the chain with the off-diagonal entries of A to that with divided rows: weights times the row sums."""
    context = _context(_DECIMALS)
    products = []
    for weight, row in zip(weights, A, strict=True):
        total = _sum(context, [Decimal(p) for p in row[row > 0].tolist()])
        products.append(context.multiply(weight, total))
    total = _sum(context, products)
    probabilities = tuple(context.divide(p, total) for p in products)
    error += (2 * len(A) + 8) * _DECIMAL_UNIT  # the logarithms of two sums, a product and a quotient
    stationary = np.array([float(p) for p in probabilities])
    low = [
        float(context.subtract(p, Decimal(high))) for p, high in zip(probabilities, stationary.tolist(), strict=True)
    ]
    return ExtendedElimination(
        probabilities=probabilities,
        stationary=stationary,
        stationary_low=np.array(low),
        log_stationary=np.array([_log(p) for p in probabilities]),
        relative_error=math.expm1(error) * (1 + 1e-15),
    )


def _sum(context: decimal.Context, terms: list[Decimal]) -> Decimal:
    total = Decimal(0)
    for term in terms:
        total = context.add(total, term)
    return total


def _log(p: Decimal) -> float:
    if p == 0:
        return -math.inf
    exponent = p.adjusted()
    return math.log(float(p.scaleb(-exponent, _context(_DECIMALS)))) + exponent * math.log(10)


def _by_pairs(A: Array, progress: Progress | None) -> tuple[list[Decimal], float]:
    """Weights of the states and a bound of the changes in the logarithms of their ratios, by compiled loops."""
    from markovgpt.kernels import double_double

    n = len(A)
    mantissas, exponents = np.frexp(A)  # A = mantissas * 2^exponents, mantissas from 1/2
    levels = (exponents + 255) // 512  # (n, n)
    H = np.zeros((n + 1, n))  # the last row is for the weights
    H[:n] = np.ldexp(mantissas, exponents - 512 * levels)
    L = np.zeros((n + 1, n))
    E = np.full((n + 1, n), double_double.ZERO_LEVEL, dtype=np.int64)
    E[:n][A > 0] = levels[A > 0]
    H[n, 0], E[n, 0] = 1.0, 0

    def update(rows: tuple[int, int], gone: tuple[int, int], columns: tuple[int, int]) -> None:
        size = max(_AT_ONCE // ((gone[1] - gone[0]) * max(columns[1] - columns[0], 1)), 1)
        for start in range(rows[0], rows[1], size):
            double_double.add_products(H, L, E, (start, min(start + size, rows[1])), gone, columns)

    def eliminate(lo: int, hi: int) -> int:
        """As in gth; the bound in roundings."""
        if hi - lo > 1:
            mid = (lo + hi) // 2
            roundings = eliminate(mid, hi)
            update((lo, mid), (mid, hi), (0, mid))
            update((0, lo), (mid, hi), (lo, mid))
            return roundings + 2 * (mid - 1) * (hi - mid) + eliminate(lo, mid)
        escape = double_double.sum_of_row(H, L, E, lo, (0, lo))
        _check_exit(escape[0])
        double_double.divide(H, L, E, (0, lo), lo, escape)
        if progress is not None:
            progress(_TEXT, n - lo, n)
        depth = (lo - 1).bit_length()
        return (lo - 1) * (depth + 2) + depth + 1 + lo

    roundings = eliminate(1, n) if n > 1 else 0
    for k in range(n - 1):
        update((n, n + 1), (k, k + 1), (k + 1, n))
    context = _context(_DECIMALS)
    scales = {e: context.power(Decimal(2), 512 * e) for e in set(E[n].tolist())}
    weights = [
        context.multiply(context.add(Decimal(high), Decimal(low)), scales[e])
        for high, low, e in zip(H[n].tolist(), L[n].tolist(), E[n].tolist(), strict=True)
    ]
    return weights, (roundings + 1) * _PAIR_UNIT  # 1 for the decimals


def _by_decimals(A: Array, progress: Progress | None) -> tuple[list[Decimal], float]:
    """As :func:`_by_pairs`, one state at a time, slowly."""
    n, context = len(A), _context(_DECIMALS)
    rows = [[Decimal(p) for p in row] for row in A.tolist()]  # exact
    roundings = 0
    for k in range(n - 1, 0, -1):
        gone = rows[k][:k]
        escape = _sum(context, gone)
        _check_exit(escape)
        for i in range(k):
            if rows[i][k]:
                visits = rows[i][k] = context.divide(rows[i][k], escape)
                rows[i][:k] = [context.fma(visits, q, p) for p, q in zip(rows[i][:k], gone, strict=True)]
        roundings += (k - 1) * (k + 4) + 2 * k + 1
        if progress is not None:
            progress(_TEXT, n - k, n)
    weights = [Decimal(1)]
    for k in range(1, n):
        weights.append(_sum(context, [context.multiply(weights[i], rows[i][k]) for i in range(k)]))
    return weights, roundings * _DECIMAL_UNIT


def _check_exit(escape: float | Decimal) -> None:
    if escape == 0:
        raise ArgumentError("Elimination needs an irreducible chain: this one has a set of states without exit.")
