"""Which simpler laws could a model follow after a context that its data never showed?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.comparison.nearest import NearestContexts
from markovgpt.comparison.suffixes import tables_of_suffixes
from markovgpt.ngrams import CountTable

__all__ = ["BACK_OFF", "CandidateLaws", "Candidates"]

Integers = NDArray[np.int64]

BACK_OFF = "back-off"


class CandidateLaws(NamedTuple):
    """What one candidate says after some contexts.

    Attributes
    ----------
    name : str
        Of the candidate.
    laws : (b, V) float64
        Rows sum to 1; of a context for which the candidate has no law they are zeros.
    evidence : (b,) int64
        How many tokens of the data each law is made of; 0 where there is no law, and of the uniform one.
    defined : (b,) bool
        Where there is a law.
    """

    name: str
    laws: NDArray[np.float64]
    evidence: Integers
    defined: NDArray[np.bool_]


@final
class Candidates:
    """The candidates, for contexts of K tokens that are not in the table.

    - "uniform": every token alike.
    - "unigram": how often each token follows anything.
    - "last 1", ..., "last K - 1": how often it follows the last tokens of the context, where they were seen.
    - "back-off": how often it follows the most last tokens that were seen.
    - "nearest": how often it follows the seen contexts that are nearest (:class:`NearestContexts`).

    Parameters
    ----------
    table : CountTable
        Contexts of K tokens that were seen.
    context_length : int
        K.
    """

    def __init__(self, table: CountTable, *, context_length: int) -> None:
        self._suffixes = tables_of_suffixes(table, context_length)[:-1]  # (K,)
        self.nearest = NearestContexts(table, context_length=context_length)
        lasts = (f"last {length}" for length in range(1, context_length))
        self.names = ("uniform", "unigram", *lasts, BACK_OFF, "nearest")

    def laws(self, contexts: Integers) -> Iterator[CandidateLaws]:
        """Each candidate in turn, in the order of ``names``, for some contexts ``(b,)``."""
        b, V = len(contexts), self._suffixes[0].vocab_size
        uniform = np.full((b, V), 1 / V)
        yield CandidateLaws("uniform", uniform, np.zeros(b, dtype=np.int64), np.ones(b, dtype=np.bool_))
        longest = np.zeros((b, V), dtype=np.int64)
        for length, table in enumerate(self._suffixes):
            counts = table.rows(table.find(contexts % V**length))  # (b, V)
            seen = counts.any(axis=1)
            longest[seen] = counts[seen]
            yield _frequencies(self.names[1 + length], counts)
        yield _frequencies(BACK_OFF, longest)
        yield _frequencies("nearest", self.nearest.counts(contexts))


def _frequencies(name: str, counts: Integers) -> CandidateLaws:
    totals = counts.sum(axis=1)  # (b,)
    return CandidateLaws(name, counts / np.maximum(totals, 1)[:, None], totals, totals > 0)
