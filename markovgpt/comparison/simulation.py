"""How likely are counts at least as far from a law as these? Drawn at random, for as long as it matters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import rel_entr, xlogy

from markovgpt.comparison.outcomes import threshold

__all__ = ["DRAWS", "simulated_tail"]

Table = NDArray[np.float64]

DRAWS = 9999
"""Most draws for one p-value: the least that can come out is one in ten thousand."""

_HITS = 20  # as far or farther, after which the answer is clear
_FIRST = 100  # draws at a time, more and more
_CELLS = 2**21


def simulated_tail(law: Table, n: int, distance: float, *, rng: np.random.Generator) -> float:
    """A valid p-value of n draws that are so far from their law: ``P(p <= a) <= a`` for every a, if it is their law.

    Draws until 20 are at least as far, then the p-value is 20 over the draws that this took; or 9,999 times, then it is
    one more than those as far, over 10,000.

    Parameters
    ----------
    law : (k,) float64
        Probabilities above 0 that sum to 1.
    n : int
        Tokens of one draw.
    distance : float
        Half of the G statistic, ``sum c ln(c / (n p))``.
    rng : numpy.random.Generator
        Source of the draws.

    Source
    ------
    Besag & Clifford, Sequential Monte Carlo p-values, Biometrika 78 (1991).
    """
    least = threshold(np.array([distance]))[0]
    hits = drawn = 0
    size = _FIRST
    while drawn < DRAWS:
        size = min(size, DRAWS - drawn, max(1, _CELLS // min(n, len(law))))
        reached = hits + np.cumsum(_distances(law, n, size, rng) >= least)  # (size,)
        if reached[-1] >= _HITS:
            return _HITS / (drawn + int(np.argmax(reached >= _HITS)) + 1)
        hits, drawn, size = int(reached[-1]), drawn + size, 4 * size
    return (1 + hits) / (DRAWS + 1)


def _distances(law: Table, n: int, size: int, rng: np.random.Generator) -> Table:
    """Distances of some random draws from their law, ``(size,)``."""
    if n >= len(law):
        counts = rng.multinomial(n, law / law.sum(), size=size)  # (size, k)
        distances: Table = rel_entr(counts, n * law).sum(axis=1)
        return distances
    bounds = np.cumsum(law)  # (k,)
    places = np.searchsorted(bounds, rng.random((size, n)) * bounds[-1], side="right")
    tokens = np.sort(np.minimum(places, len(law) - 1), axis=1)  # (size, n)
    here = np.arange(n)
    new = np.ones(tokens.shape, dtype=np.bool_)
    new[:, 1:] = tokens[:, 1:] != tokens[:, :-1]
    repeats = here - np.maximum.accumulate(np.where(new, here, 0), axis=1) + 1  # (size, n) the how-manieth of its kind
    grows = np.diff(xlogy(np.arange(n + 1), np.arange(n + 1)))  # (n,) what one more adds to c ln c
    differences: Table = grows[repeats - 1] - np.log(law)[tokens]  # (size, n)
    return np.asarray(differences.sum(axis=1) - n * np.log(n))
