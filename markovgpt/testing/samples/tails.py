"""How likely is it at most that counts are so far from their law? Exact or proven, however small, for any count."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, rel_entr, xlog1py, xlogy

from markovgpt.comparison.outcomes import binomial_tails, exact_tails, n_outcomes, threshold

__all__ = ["RowTests", "least_distance", "row_tests"]

Integers = NDArray[np.int64]
Table = NDArray[np.float64]

_ENOUGH = 5.0  # expected draws; rarer tokens are pooled
_MOST_OUTCOMES = 30_000  # that are summed over
_MOST_DRAWS = 20_000  # of three tokens, for an exact sum
_DECISIVE = 1e-15  # below, a bound need not become exact
_WORST = 1.105  # sup of E[e^(a D)] sqrt(1 - a) over all binomial laws and all a in [0, 1)


class RowTests(NamedTuple):
    """One G-test a row.

    Attributes
    ----------
    statistics : (m,) float64
        ``G = 2 sum_t c_t ln(c_t / (n p_t))`` over the tokens, rare ones pooled; infinite where a token of probability 0
        was drawn.
    p_values : (m,) float64
        At least the probability of so large a G, and valid however small.
    sizes : (m,) int64
        Number of tokens that are told apart, the pooled ones counting as one.
    """

    statistics: Table
    p_values: Table
    sizes: Integers


def row_tests(counts: Integers, laws: Table) -> RowTests:
    """Test every row of counts against its law by G: ``(m, V), (m, V) -> (m,)`` three times.

    Tokens with an expectation below 5 are pooled. The chi-square law is not used: at 1e-6 over many states it is wrong
    by factors. Instead, of two tokens the p-value is exact (two binomial tails); of three up to 20,000 draws as well,
    by the chain rule below; of more where there are at most 30,000 outcomes; and otherwise it is a bound:

    With ``D = G / 2`` and k tokens, ``P(D >= x) <= 1.105^(k-1) (1 - a)^(-(k-1)/2) e^(-a x)`` for every a in [0, 1). D
    is a sum of k - 1 distances of binomial counts, each given those before it (chain rule of relative entropy), and of
    a binomial count ``E[e^(a D)] sqrt(1 - a)`` is at most 1.105, whatever its law: the chi-square limit has 1 there.

    Parameters
    ----------
    counts : (m, V) int64
        Every row has at least one.
    laws : (m, V) float64
        Probabilities; rows sum to 1.

    Source
    ------
    Agrawal, Finite-sample concentration of the multinomial in relative entropy, IEEE Trans. Inf. Theory 66 (2020), for
    the chain rule; the constant is the maximum over binomial and Poisson laws, rounded up.
    """
    n = counts.sum(axis=1)  # (m,)
    excluded = ((counts > 0) & (laws <= 0)).any(axis=1)
    rare = n[:, None] * laws < _ENOUGH  # (m, V)
    pooled_laws = np.column_stack([np.where(rare, 0.0, laws), np.where(rare, laws, 0.0).sum(axis=1)])  # (m, V + 1)
    pooled = np.column_stack([np.where(rare, 0, counts), np.where(rare, counts, 0).sum(axis=1)])
    sizes = (pooled_laws > 0).sum(axis=1)
    distances = np.maximum(rel_entr(pooled, n[:, None] * pooled_laws).sum(axis=1), 0.0)  # (m,) half of G
    distances[excluded] = 0.0  # for now
    p = np.minimum(_bounds(sizes - 1, distances), 1.0)
    p[sizes < 2] = 1.0

    open_ = ~excluded & (sizes > 1) & (p > _DECISIVE) & (p < 1)
    two = np.flatnonzero(open_ & (sizes == 2))
    if len(two):
        rarer = np.where(pooled_laws[two] > 0, pooled_laws[two], np.inf).min(axis=1)
        p[two] = np.minimum(p[two], binomial_tails(rarer, n[two], distances[two]))
    three = open_ & (sizes == 3) & (n <= _MOST_DRAWS)
    for row in np.flatnonzero(three).tolist():
        law = np.sort(pooled_laws[row][pooled_laws[row] > 0])  # (3,)
        p[row] = min(p[row], _tail_of_three(law / law.sum(), int(n[row]), distances[row]))
    few = open_ & (sizes > 3) & (n_outcomes(n, sizes) <= _MOST_OUTCOMES)
    for draws, k in np.unique(np.stack([n[few], sizes[few]], axis=1), axis=0).tolist():
        here = np.flatnonzero(few & (n == draws) & (sizes == k))
        laws_here = np.stack([row[row > 0] for row in pooled_laws[here]])  # (m', k)
        p[here] = np.minimum(p[here], exact_tails(laws_here, draws, distances[here]))
    distances[excluded], p[excluded] = np.inf, 0.0
    return RowTests(2 * distances, p, sizes)


def least_distance(sizes: Integers, level: float) -> Table:
    """The least distance ``D = G / 2`` of k tokens, ``(m,) -> (m,)``, that is rejected at a level, by the bound."""
    free = np.maximum(sizes - 1, 1).astype(np.float64)
    low, high = free / 2, free * 2 + 20 - 2 * math.log(level)
    while (_bounds(free, high) > level).any():
        high = 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        inside = _bounds(free, middle) <= level
        low, high = np.where(inside, low, middle), np.where(inside, middle, high)
    return np.asarray(high)


def _bounds(free: NDArray[np.generic], distances: Table) -> Table:
    """The bound above with the best a: ``1 - a = (k - 1) / (2 x)``."""
    freedom = np.maximum(free.astype(np.float64), 1)
    ratios = np.maximum(2 * distances / freedom, 1.0)
    logs = freedom * (math.log(_WORST) + np.log(ratios) / 2) - np.where(ratios > 1, distances - freedom / 2, 0.0)
    return np.asarray(np.exp(np.minimum(logs, 0.0)))


def _tail_of_three(law: Table, n: int, distance: float) -> float:
    """Exact for three tokens, ``(3,)`` ascending: the rarest by its binomial law, the others given it."""
    c = np.arange(n + 1)
    own = rel_entr(c, n * law[0]) + rel_entr(n - c, n * (1 - law[0]))  # (n + 1,) its share of the distance
    logs = gammaln(n + 1) - gammaln(c + 1) - gammaln(n - c + 1) + xlogy(c, law[0]) + xlog1py(n - c, -law[0])
    weights = np.exp(logs)
    left = threshold(np.array([distance]))[0] - own  # what the other two must reach
    tails = np.where(left <= 0, 1.0, 0.0)
    todo = np.flatnonzero((left > 0) & (weights > 0) & (c < n))
    rarer = np.full(len(todo), law[1] / (law[1] + law[2]))
    tails[todo] = binomial_tails(rarer, n - c[todo], left[todo])
    return min(float(np.dot(weights, tails)), 1.0)
