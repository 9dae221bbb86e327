"""How likely are counts at least as far from a law as these? Summed over every outcome there is."""

from __future__ import annotations

from itertools import chain, combinations, combinations_with_replacement
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import bdtr, bdtrc, comb, gammaln, rel_entr, xlogy

__all__ = ["binomial_tails", "exact_tails", "n_outcomes", "outcomes", "threshold"]

Integers = NDArray[np.int64]
Table = NDArray[np.float64]

_CELLS = 2**22  # outcomes times rows at a time


def n_outcomes(n: NDArray[Any], k: NDArray[Any]) -> Table:
    """In how many ways n draws can fall on k tokens, ``C(n + k - 1, k - 1)``: ``(m,), (m,) -> (m,)``."""
    ways: Table = comb(n + k - 1, np.minimum(n, k - 1))
    return ways


def threshold(distances: Table) -> Table:
    """From where on a distance counts as at least as large, ``(m,)``: what differs in the tenth digit is a tie."""
    return distances - 1e-9 * (1 + distances)


def exact_tails(laws: Table, n: int, distances: Table) -> Table:
    """Probability that n draws are at least as far from their law, ``(m, k), (m,) -> (m,)``.

    The distance of counts c from a law p is ``sum c ln(c / (n p))``, half of the G statistic. All outcomes are gone
    through: :func:`n_outcomes` says how many they are.

    Parameters
    ----------
    laws : (m, k) float64
        Probabilities above 0; rows sum to 1.
    n : int
        Draws, at least 1.
    distances : (m,) float64
        What was observed.
    """
    ways = outcomes(n, laws.shape[1])  # (C, k)
    inner = csr_array((gammaln(ways.data + 1), ways.indices, ways.indptr), shape=ways.shape)
    arrangements = gammaln(n + 1) - inner.sum(axis=1)  # (C,) logarithms
    inner.data = xlogy(ways.data, ways.data / n)
    own = inner.sum(axis=1)  # (C,)
    tails = np.empty(len(laws))
    step = max(1, _CELLS // ways.shape[0])
    for begin in range(0, len(laws), step):
        here = slice(begin, begin + step)
        logs = ways @ np.log(laws[here]).T  # (C, b)
        far = own[:, None] - logs >= threshold(distances[here])
        tails[here] = (np.exp(arrangements[:, None] + logs) * far).sum(axis=0)
    return np.minimum(tails, 1.0)


def outcomes(n: int, k: int) -> csr_array[Any]:
    """Every way in which n draws can fall on k tokens, as counts ``(C, k)``.

    >>> outcomes(2, 2).toarray().astype(int).tolist()
    [[2, 0], [1, 1], [0, 2]]
    """
    total = int(comb(n + k - 1, k - 1, exact=True))
    if n < k:  # list the draws
        drawn = chain.from_iterable(combinations_with_replacement(range(k), n))
        tokens = np.fromiter(drawn, dtype=np.int64, count=total * n)
        ways = csr_array((np.ones(total * n), tokens, np.arange(0, total * n + 1, n)), shape=(total, k))
        ways.sum_duplicates()
        return ways
    walls = np.fromiter(  # k - 1 walls among n draws, the counts stand between them
        chain.from_iterable(combinations(range(n + k - 1), k - 1)), dtype=np.int64, count=total * (k - 1)
    ).reshape(total, k - 1)
    counts = np.diff(walls, axis=1, prepend=-1, append=n + k - 1) - 1  # (C, k)
    return csr_array(counts[::-1].astype(np.float64))


def binomial_tails(rarer: Table, n: Integers, distances: Table) -> Table:
    """The same for two tokens and any number of draws, ``(m,), (m,), (m,) -> (m,)``.

    The distance is convex in the count of one token and least at its expected value, so the far outcomes are two tails.

    Parameters
    ----------
    rarer : (m,) float64
        Probability of the less likely token, above 0 and at most 1/2.
    n : (m,) int64
        Draws.
    distances : (m,) float64
        What was observed.
    """
    least, expected = threshold(distances), n * rarer

    def is_far(counts: Integers) -> NDArray[np.bool_]:
        far: NDArray[np.bool_] = rel_entr(counts, expected) + rel_entr(n - counts, n - expected) >= least
        return far

    low = _last(is_far, np.zeros_like(n) - 1, np.floor(expected).astype(np.int64) + 1)  # (m,) -1 where none is
    high = n - _last(
        lambda counts: is_far(n - counts), np.zeros_like(n) - 1, n - np.ceil(expected).astype(np.int64) + 1
    )
    below = np.where(low < 0, 0.0, bdtr(np.maximum(low, 0), n, rarer))
    above = np.where(high > n, 0.0, bdtrc(np.minimum(high, n) - 1, n, rarer))
    tails: Table = np.minimum(below + above, 1.0)
    return tails


def _last(holds: Any, low: Integers, high: Integers) -> Integers:
    """The last number that holds between ``low``, which is taken to, and ``high``, which is not: by bisection."""
    while (open_ := high - low > 1).any():
        middle = (low + high) // 2
        inside = holds(np.maximum(middle, 0)) | (middle < 0)
        low, high = np.where(open_ & inside, middle, low), np.where(open_ & ~inside, middle, high)
    return low
