"""Are likely and unlikely tokens drawn as often as they should be, over all states together?

A fault that moves a little in every state shows here long before it shows in any one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, bdtrc

__all__ = ["RankTally", "RankTest"]

Integers = NDArray[np.int64]
Table = NDArray[np.float64]

_EVERY = 32  # first ranks, behind each of which is a cut; then every power of two, from either end


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class RankTest:
    """How often tokens behind the ``rank`` likeliest of their state were drawn.

    Attributes
    ----------
    rank : int
        At least 1.
    drawn : int
        Draws of less likely tokens, of ``n`` in all states together.
    expected : float
        As the laws have it.
    n : int
    p_value : float
        At least the probability of so large a difference.
    """

    rank: int
    drawn: int
    expected: float
    n: int
    p_value: float


@final
class RankTally:
    """Counts by the rank of the token in its own law: 1 is the likeliest, ties by token."""

    def __init__(self, vocab_size: int) -> None:
        self._drawn = np.zeros(vocab_size, dtype=np.int64)
        self._expected = np.zeros(vocab_size)

    def add(self, counts: Integers, laws: Table) -> None:
        """Count states: ``(m, V), (m, V)``."""
        order = np.argsort(-laws, axis=1, kind="stable")  # (m, V)
        self._drawn += np.take_along_axis(counts, order, axis=1).sum(axis=0)
        self._expected += counts.sum(axis=1) @ np.take_along_axis(laws, order, axis=1)

    def tests(self) -> list[RankTest]:
        """One test a cut: the count behind it, two-sided.

        It is a sum of draws with different probabilities. A binomial count of the same mean is at least as likely to be
        as far out, from one beyond the mean on.

        Source
        ------
        Hoeffding, On the distribution of the number of successes in independent trials, Ann. Math. Stat. 27 (1956).
        """
        V, n = len(self._drawn), int(self._drawn.sum())
        powers = [2**i for i in range(V.bit_length()) if 2**i < V]
        cuts = sorted({*range(1, min(V, _EVERY + 1)), *powers, *(V - power for power in powers)})
        found = []
        for cut in cuts if n else ():
            drawn, expected = int(self._drawn[cut:].sum()), min(float(self._expected[cut:].sum()), float(n))
            p = 1.0
            if drawn <= expected - 1:
                p = 2 * float(bdtr(drawn, n, expected / n))
            elif drawn >= expected + 1:
                p = 2 * float(bdtrc(drawn - 1, n, expected / n))
            found.append(RankTest(rank=cut, drawn=drawn, expected=expected, n=n, p_value=min(p, 1.0)))
        return found
