"""How likely is it at most that counts are so far from their law? Proven, however small."""

from __future__ import annotations

from decimal import Decimal, localcontext
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

__all__ = ["tail_bounds"]

Integers = NDArray[np.int64]
Table = NDArray[np.float64]

_TILTS = ("0.7", "0.8", "0.85", "0.9", "0.95", "1")
_MOST_DRAWS = 100  # for which moments are computed
_ROUNDING = 1e-11  # more than the relative error of a hundred sums of a hundred terms
_DIGITS = 60
_CELLS = 2**21


def tail_bounds(laws: Table, n: Integers, distances: Table) -> Table:
    """Upper bounds of the probability that n draws are at least so far from their law, ``(m, k), (m,), (m,) -> (m,)``.

    The distance of counts c from a law p is ``D = sum c ln(c / (n p))``. The least of three bounds of ``P(D >= x)``:

    - ``C(n + k - 1, k - 1) e^-x``: counts at distance x have a probability of at most ``e^-x``, and there are so many
      of them (Cover & Thomas, Elements of Information Theory, 2nd ed., section 11.1);
    - ``e^-x (e x / (k - 1))^(k - 1)`` for ``x > k - 1`` (Agrawal, Finite-sample concentration of the multinomial in
      relative entropy, IEEE Trans. Inf. Theory 66, 2020);
    - up to 100 draws, ``E[e^(a D)] e^(-a x)`` for six values of a (Markov's inequality), the expectation being computed
      exactly. It is within two digits of the probability itself mostly.

    Parameters
    ----------
    laws : (m, k) float64
        Probabilities; rows sum to 1, at least two entries are above 0.
    n : (m,) int64
        Draws, at least 1.
    distances : (m,) float64
        x, what was observed.
    """
    sizes = (laws > 0).sum(axis=1)  # (m,)
    free = sizes - 1
    types = gammaln(n + sizes) - gammaln(sizes) - gammaln(n + 1) - distances
    with np.errstate(divide="ignore"):
        agrawal = np.where(distances > free, free * (1 + np.log(distances / free)) - distances, 0.0)
    bounds = np.minimum(np.minimum(types, agrawal), 0.0)  # (m,) logarithms
    few = np.flatnonzero(n <= _MOST_DRAWS)
    few = few[np.argsort(n[few], kind="stable")]  # those of like n together
    step = max(1, min(_CELLS // laws.shape[1], 1024))
    for begin in range(0, len(few), step):
        here = few[begin : begin + step]
        for tilt in _TILTS:
            moments = _log_moments(laws[here], n[here], tilt)
            bounds[here] = np.minimum(bounds[here], moments - float(tilt) * distances[here])
    return np.asarray(np.exp(bounds))


def _log_moments(laws: Table, n: Integers, tilt: str) -> Table:
    """``ln E[e^(a D)]`` of n draws, ``(b,)``, not less than it is.

    The expectation is ``n! / n^(a n)`` times the coefficient of ``z^n`` in the product of ``f(p_t^(1 - a) z)`` over all
    tokens, ``f(z) = sum_c c^(a c) z^c / c!``. The logarithm of that product has the coefficients of ``ln f``, times
    power sums of the ``p_t^(1 - a)``.
    """
    a, most = float(tilt), int(n.max())
    logs = np.array(_logarithm_of_series(tilt, _MOST_DRAWS)[: most + 1])  # (most + 1,)
    base = np.where(laws > 0, laws ** (1 - a), 0.0)  # (b, k)
    terms, powers = np.zeros((most + 1, len(laws))), np.ones_like(base)
    for j in range(1, most + 1):
        powers *= base
        terms[j] = j * logs[j] * powers.sum(axis=1)
    found, absolute = np.zeros_like(terms), np.zeros_like(terms)  # coefficients of the product; without cancellation
    found[0] = absolute[0] = 1.0
    with np.errstate(over="ignore", invalid="ignore"):
        for i in range(1, most + 1):
            found[i] = (terms[1 : i + 1] * found[i - 1 :: -1][:i]).sum(axis=0) / i
            absolute[i] = (abs(terms[1 : i + 1]) * absolute[i - 1 :: -1][:i]).sum(axis=0) / i
        upper = (found + _ROUNDING * absolute)[n, np.arange(len(n))]  # (b,)
    upper[~(upper > 0)] = np.inf  # beyond float64: no bound
    return np.asarray(gammaln(n + 1) - a * n * np.log(n) + np.log(upper))


@cache
def _logarithm_of_series(tilt: str, n: int) -> tuple[float, ...]:
    """Coefficients 0 to n of ``ln sum_c c^(a c) z^c / c!``: differences of large numbers, so in decimals."""
    with localcontext() as context:
        context.prec = _DIGITS
        a, factorial = Decimal(tilt), Decimal(1)
        series, logs = [Decimal(1)], [Decimal(0)]
        for c in range(1, n + 1):
            factorial *= c
            series.append(Decimal(c) ** (a * c) / factorial)
            inner = sum((j * logs[j] * series[c - j] for j in range(1, c)), Decimal(0))
            logs.append(series[c] - inner / c)
    return tuple(map(float, logs))
