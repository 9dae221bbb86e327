"""Could these counts come from this law? p-values of the G test that hold for small counts too."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, rel_entr

from markovgpt.comparison.outcomes import binomial_tails, exact_tails, n_outcomes
from markovgpt.comparison.simulation import DRAWS, simulated_tail
from markovgpt.comparison.tail_bounds import tail_bounds

__all__ = ["FitTests", "fit_tests"]

Integers = NDArray[np.int64]
Table = NDArray[np.float64]

_ENOUGH = 5.0  # expected counts from which the chi-square law is trusted
_MOST_OUTCOMES = 30_000  # that are summed over


class FitTests(NamedTuple):
    """One test a row.

    Attributes
    ----------
    statistics : (m,) float64
        ``G = 2 sum_t c_t ln(c_t / (n p_t))``; infinite where the law excludes a token that occurred.
    p_values : (m,) float64
        Probability of a G at least as large, under the law.
    methods : (m,) str
        How it was found: "excluded", "chi-square", "exact", "Monte Carlo" or "bound".
    """

    statistics: Table
    p_values: Table
    methods: NDArray[np.str_]


def fit_tests(counts: Integers, laws: Table, *, keys: Integers, seed: int) -> FitTests:
    """Test every row of counts against its law: ``(m, k), (m, k) -> (m,)`` three times.

    - "excluded": a token occurred that the law excludes; p is 0.
    - "chi-square": with one degree of freedom less than tokens that the law does not exclude, where it expects at least
      5 of each of them.
    - "exact": summed over all outcomes, of two tokens or one draw always, of more where there are at most 30,000.
    - "bound": a proven upper bound of p, where that is below what drawing can tell (:func:`tail_bounds`).
    - "Monte Carlo": drawn at random (:func:`simulated_tail`).

    Parameters
    ----------
    counts : (m, k) int64
        Every row has at least one.
    laws : (m, k) float64
        Probabilities; rows sum to 1.
    keys : (m,) int64, at least 0
        What each row is known by: with the seed, they fix its random draws, whatever the other rows are.
    seed : int
        Of the random draws, at least 0.
    """
    n = counts.sum(axis=1)  # (m,)
    possible = laws > 0  # (m, k)
    sizes = possible.sum(axis=1)  # (m,)
    distances = np.maximum(rel_entr(counts, n[:, None] * laws).sum(axis=1), 0.0)  # (m,) half of G
    excluded = ((counts > 0) & ~possible).any(axis=1)
    distances[excluded] = np.inf
    p = np.where(excluded, 0.0, 1.0)  # also of laws that leave no choice
    methods = np.where(excluded, "excluded", "exact").astype("<U11")

    todo = ~excluded & (sizes > 1)
    enough = todo & (np.where(possible, n[:, None] * laws, np.inf).min(axis=1) >= _ENOUGH)
    p[enough], methods[enough] = chdtrc(sizes[enough] - 1, 2 * distances[enough]), "chi-square"
    todo &= ~enough

    two = np.flatnonzero(todo & (sizes == 2))
    rarer = np.where(possible[two], laws[two], np.inf).min(axis=1)
    p[two] = binomial_tails(rarer, n[two], distances[two])
    few = todo & (sizes > 2) & ((n == 1) | (n_outcomes(n, sizes) <= _MOST_OUTCOMES))
    for draws, k in np.unique(np.stack([n[few], sizes[few]], axis=1), axis=0).tolist():
        here = np.flatnonzero(few & (n == draws) & (sizes == k))
        p[here] = exact_tails(_possible(laws[here], k), draws, distances[here])
    todo &= ~few & (sizes > 2)

    many = np.flatnonzero(todo)
    bounds = tail_bounds(laws[many], n[many], distances[many])
    far = bounds <= 1 / (DRAWS + 1)
    p[many[far]], methods[many[far]] = bounds[far], "bound"
    for row in many[~far].tolist():
        rng = np.random.default_rng([seed, int(keys[row])])
        law = laws[row][possible[row]]
        p[row], methods[row] = simulated_tail(law, int(n[row]), distances[row], rng=rng), "Monte Carlo"
    return FitTests(2 * distances, p, methods)


def _possible(laws: Table, k: int) -> Table:
    """The k entries above 0 of every row, in their order: ``(m, V) -> (m, k)``."""
    if laws.shape[1] == k:
        return laws
    order = np.argsort(laws <= 0, axis=1, kind="stable")[:, :k]
    chosen: Table = np.take_along_axis(laws, order, axis=1)
    return chosen
