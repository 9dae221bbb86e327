"""Which of the contexts in the data are most like one that never occurs?"""

from __future__ import annotations

from typing import final

import numpy as np
from numpy.typing import NDArray

from markovgpt.ngrams import CountTable
from markovgpt.ngrams.table import merge_grams, table_of_grams

__all__ = ["NearestContexts"]

Integers = NDArray[np.int64]


@final
class NearestContexts:
    """The seen contexts nearest to every context of K tokens: with the fewest tokens that differ.

    Of several sets of differing tokens the one that agrees in the newest token counts, then in the one before, and so
    on. What followed the contexts that differ in this set is added up.

    The distances of all V^K contexts come from K passes over them: a token in place i (0 the oldest) that differs costs
    ``2^K + 2^i``, so that the number of differing tokens decides, then the newest; the sums of costs are all distinct,
    and tell which tokens differ. A pass lets the token in one place change.

    Parameters
    ----------
    table : CountTable
        Contexts of K tokens, m of them.
    context_length : int
        K.
    """

    def __init__(self, table: CountTable, *, context_length: int) -> None:
        V, K = table.vocab_size, context_length
        self._table, self._K = table, K
        far = np.int64(K * 2**K + 2**K)  # more than any sum of costs
        costs = np.full(V**K, far)
        costs[table.contexts] = 0
        for place in range(K):
            by_token = costs.reshape(V**place, V, V ** (K - place - 1))
            cheapest = by_token.min(axis=1, keepdims=True) + 2**K + 2**place
            np.minimum(by_token, cheapest, out=by_token)
        self._differing = costs % 2**K  # (V^K,) bit i: the token in place i differs

    def differing(self, contexts: Integers) -> Integers:
        """Which tokens differ from those of the nearest seen contexts, ``(b,) -> (b,)``: bit i for place i."""
        differing: Integers = self._differing[contexts]
        return differing

    def counts(self, contexts: Integers) -> Integers:
        """What follows the seen contexts that are nearest to each, added up: ``(b,) -> (b, V)``."""
        table = self._table
        found = np.zeros((len(contexts), table.vocab_size), dtype=np.int64)
        masks = self._differing[contexts]
        for mask in np.unique(masks).tolist():
            here = np.flatnonzero(masks == mask)
            grams = self._without(table.contexts, mask)[table.row_of] * table.vocab_size + table.tokens
            pooled = table_of_grams(merge_grams([(grams, table.counts)]), table.vocab_size)
            found[here] = pooled.rows(pooled.find(self._without(contexts[here], mask)))
        return found

    def _without(self, contexts: Integers, mask: int) -> Integers:
        """Numbers of the contexts without the tokens in some places, ``(b,) -> (b,)``."""
        V, K = self._table.vocab_size, self._K
        numbers = np.zeros_like(contexts)
        for place in range(K):
            if not mask >> place & 1:
                numbers = numbers * V + contexts // V ** (K - place - 1) % V
        return numbers
