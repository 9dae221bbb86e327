"""How often does each number occur, of numbers that come piece by piece?"""

from __future__ import annotations

from typing import Protocol, final

import numpy as np

from markovgpt.ngrams.table import Grams, Integers, merge_grams

__all__ = ["Tally", "new_tally"]

_DIRECT = 2**22  # possible numbers, of which an array has an entry for each

_SORTED = 2**22  # numbers that are sorted at a time


class Tally(Protocol):
    """Counts numbers."""

    def add(self, numbers: Integers) -> None:
        """Count each of them ``(n,)``."""

    def grams(self) -> Grams:
        """The distinct numbers, ascending, and how often each was counted."""


def new_tally(n_possible: int) -> Tally:
    """A tally for the numbers below ``n_possible``: as large as these if they are few, else as what occurs."""
    return DirectTally(n_possible) if n_possible <= _DIRECT else SortedTally()


@final
class DirectTally:
    """One counter for each possible number."""

    def __init__(self, n_possible: int) -> None:
        self._counts = np.zeros(n_possible, dtype=np.int64)

    def add(self, numbers: Integers) -> None:
        np.add.at(self._counts, numbers, 1)

    def grams(self) -> Grams:
        distinct = np.flatnonzero(self._counts)
        return distinct, self._counts[distinct]


@final
class SortedTally:
    """Sorted lists of distinct numbers; two are merged when they are of like size.

    So every number is merged a logarithmic number of times.
    """

    def __init__(self) -> None:
        self._waiting: list[Integers] = []
        self._n_waiting = 0
        self._lists: list[Grams] = []

    def add(self, numbers: Integers) -> None:
        self._waiting.append(numbers)
        self._n_waiting += len(numbers)
        if self._n_waiting >= _SORTED:
            self._sort()

    def grams(self) -> Grams:
        self._sort()
        return merge_grams(self._lists)

    def _sort(self) -> None:
        numbers = np.concatenate([*self._waiting, np.zeros(0, dtype=np.int64)])
        self._waiting, self._n_waiting = [], 0
        distinct, counts = np.unique(numbers, return_counts=True)
        lists = self._lists
        lists.append((distinct, counts.astype(np.int64)))
        while len(lists) > 1 and 2 * len(lists[-1][0]) >= len(lists[-2][0]):
            lists[-2:] = [merge_grams(lists[-2:])]
