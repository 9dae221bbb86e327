"""Which contexts occur, and how often does each token follow them? One sorted table, as large as what occurs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from markovgpt.data.stream import Integers
from markovgpt.errors import ArgumentError

__all__ = ["CountTable", "Grams", "Integers", "check_gram_size", "merge_grams", "table_of_grams"]

Grams = tuple[Integers, Integers]
"""Numbers of grams (a context and the token after it), ascending, each once; and how often each occurs."""


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class CountTable:
    """Counts of the next token after m contexts: rows that are mostly zeros, of which only the others are stored.

    Attributes
    ----------
    vocab_size : int
        V.
    contexts : (m,) int64, ascending
        The contexts that occur with a token after them, by number: base V, the oldest token first; of a table over a
        :class:`~markovgpt.StateSpace`, its states.
    starts : (m + 1,) int64
        Row i is ``tokens[starts[i]:starts[i + 1]]`` and ``counts[starts[i]:starts[i + 1]]``.
    tokens : (e,) int64
        The tokens that occur after each context, ascending in every row.
    counts : (e,) int64
        How often, at least 1.
    """

    vocab_size: int
    contexts: Integers
    starts: Integers
    tokens: Integers
    counts: Integers

    def __post_init__(self) -> None:
        for array in (self.contexts, self.starts, self.tokens, self.counts):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.contexts)

    @property
    def totals(self) -> Integers:
        """How often each context is followed by anything, ``(m,)``."""
        if not len(self.contexts):
            return np.zeros(0, dtype=np.int64)
        totals: Integers = np.add.reduceat(self.counts, self.starts[:-1])
        return totals

    @property
    def n_counted(self) -> int:
        """Sum of all counts: the positions that were counted."""
        return int(self.counts.sum())

    @property
    def row_of(self) -> Integers:
        """The row of every stored entry, ``(e,)``."""
        return np.repeat(np.arange(len(self), dtype=np.int64), np.diff(self.starts))

    @property
    def frequencies(self) -> NDArray[np.float64]:
        """Share of every stored entry in its row, ``(e,)``."""
        frequencies: NDArray[np.float64] = self.counts / self.totals[self.row_of]
        return frequencies

    @property
    def grams(self) -> Grams:
        """The same as numbered grams: context times V, plus token."""
        return self.contexts[self.row_of] * self.vocab_size + self.tokens, self.counts

    def find(self, contexts: Integers) -> Integers:
        """Row of each context, ``(k,) -> (k,)``; -1 where it never occurs."""
        if not len(self):
            return np.full(len(contexts), -1, dtype=np.int64)
        places = np.minimum(np.searchsorted(self.contexts, contexts), len(self) - 1)
        return np.where(self.contexts[places] == contexts, places, -1).astype(np.int64)

    def find_grams(self, places: Integers, tokens: Integers) -> Integers:
        """Entry of one token in each of some rows, ``(k,), (k,) -> (k,)``; -1 where it never occurs, and for row -1."""
        if not len(self):
            return np.full(len(places), -1, dtype=np.int64)
        end = np.where(places >= 0, self.starts[places + 1], 0)
        low, high = np.where(places >= 0, self.starts[places], 0), end  # the first entry not below the token is between
        for _ in range(self.vocab_size.bit_length()):
            middle = (low + high) // 2
            below = (low < high) & (self.tokens.take(middle, mode="clip") < tokens)
            low, high = np.where(below, middle + 1, low), np.where(below, high, middle)
        found = (low < end) & (self.tokens.take(low, mode="clip") == tokens)
        return np.where(found, low, -1).astype(np.int64)

    def entries(self, places: Integers) -> tuple[Integers, Integers]:
        """Stored entries of some rows, ``(k,) -> (l,), (l,)``: which of the k each belongs to, and its place.

        Row -1 has none.
        """
        known = np.flatnonzero(places >= 0)
        begin = self.starts[places[known]]
        lengths = self.starts[places[known] + 1] - begin
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return np.repeat(known, lengths), np.repeat(begin, lengths) + within

    def rows(self, places: Integers) -> Integers:
        """Dense counts of some rows, ``(k,) -> (k, V)``; zeros for row -1."""
        dense = np.zeros((len(places), self.vocab_size), dtype=np.int64)
        which, entries = self.entries(places)
        dense[which, self.tokens[entries]] = self.counts[entries]
        return dense

    def only(self, places: Integers) -> CountTable:
        """The table of some of its rows, ``(k,)`` ascending."""
        _, entries = self.entries(places)
        lengths = np.diff(self.starts)[places]
        return CountTable(
            vocab_size=self.vocab_size,
            contexts=self.contexts[places],
            starts=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
            tokens=self.tokens[entries],
            counts=self.counts[entries],
        )

    def after(self, context: int) -> Integers:
        """Counts after one context, by its number ``(V,)``; zeros where it never occurs."""
        row: Integers = self.rows(self.find(np.array([context])))[0]
        return row

    def seen(self, n: int) -> NDArray[np.bool_]:
        """Which of the contexts 0..n-1 occur, ``(n,)``."""
        seen = np.zeros(n, dtype=np.bool_)
        seen[self.contexts] = True
        return seen

    def dense(self, n: int) -> Integers:
        """Counts after each of the contexts 0..n-1, ``(n, V)``."""
        dense = np.zeros((n, self.vocab_size), dtype=np.int64)
        dense[self.contexts[self.row_of], self.tokens] = self.counts
        return dense

    def without_oldest(self, length: int) -> CountTable:
        """The same counts by the contexts without their oldest token; contexts here are of ``length``."""
        grams, counts = self.grams
        return table_of_grams(merge_grams([(grams % self.vocab_size**length, counts)]), self.vocab_size)


def table_of_grams(grams: Grams, vocab_size: int) -> CountTable:
    """Rows out of grams that are ascending, each once."""
    numbers, counts = grams
    contexts = numbers // vocab_size
    first = np.flatnonzero(np.diff(contexts, prepend=-1))  # contexts are at least 0
    return CountTable(
        vocab_size=vocab_size,
        contexts=contexts[first],
        starts=np.append(first, len(numbers)).astype(np.int64),
        tokens=numbers % vocab_size,
        counts=counts,
    )


def merge_grams(parts: list[Grams]) -> Grams:
    """One list of grams out of several, in which they may repeat and need no order."""
    numbers = np.concatenate([part[0] for part in parts])
    if not len(numbers):
        return numbers, np.zeros(0, dtype=np.int64)
    counts = np.concatenate([part[1] for part in parts])
    order = np.argsort(numbers, kind="stable")  # merges runs that are sorted already
    numbers = numbers[order]
    first = np.flatnonzero(np.diff(numbers, prepend=-1))
    return numbers[first], np.add.reduceat(counts[order], first)


def check_gram_size(vocab_size: int, context_length: int) -> None:
    """Refuse grams whose numbers do not fit 63 bits.

    Raises
    ------
    ArgumentError
        V^(K + 1) is 2^63 or more; says which K fits.
    """
    if vocab_size ** (context_length + 1) < 2**63:
        return
    fits = max(length for length in range(64) if vocab_size ** (length + 1) < 2**63)
    raise ArgumentError(
        f"{vocab_size:,} tokens in a context of {context_length} have too many grams to be numbered in 63 bits. "
        f"Contexts of up to {fits} tokens can be counted.",
        vocab_size=vocab_size,
        context_length=context_length,
    )
