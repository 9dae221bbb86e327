"""What does a model say given fewer of the last tokens? Its laws, averaged over the contexts as they occur in data."""

from __future__ import annotations

from typing import final

import numpy as np
from numpy.typing import NDArray

from markovgpt.ngrams import CountTable

__all__ = ["SuffixLaws", "by_last_tokens", "tables_of_suffixes"]

Integers = NDArray[np.int64]
Table = NDArray[np.float64]


def tables_of_suffixes(table: CountTable, length: int) -> tuple[CountTable, ...]:
    """The counts after contexts of ``length`` tokens by their last 0, 1, ..., ``length`` tokens."""
    tables = [table]
    for longer in range(length, 0, -1):
        tables.insert(0, tables[0].without_oldest(longer))
    return tuple(tables)


def by_last_tokens(contexts: Integers, vocab_size: int, length: int) -> Integers:
    """An order in which contexts with the same last tokens stand together, whatever their number: ``(m,) -> (m,)``."""
    backwards, rest = np.zeros_like(contexts), contexts
    for _ in range(length):
        rest, token = np.divmod(rest, vocab_size)
        backwards = backwards * vocab_size + token
    order: Integers = np.argsort(backwards, kind="stable").astype(np.int64)
    return order


@final
class SuffixLaws:
    """Collects the laws of m contexts, block by block, at the tokens that occur after each of their suffixes.

    ``m_j(t | u) = sum_s n(s) p(t | s) / n(u)`` over the contexts s that end in the j tokens u.

    Parameters
    ----------
    tables : tuple of K + 1 CountTable
        Of :func:`tables_of_suffixes`.
    """

    def __init__(self, tables: tuple[CountTable, ...]) -> None:
        self._tables = tables
        self._sums = [np.zeros(len(table.tokens)) for table in tables]  # of n(s) p(t | s), by entry

    def add(self, places: Integers, rows: Table) -> None:
        """Take in the laws ``(b, V)`` of some rows ``(b,)`` of the longest table, in the order of their last tokens."""
        longest = self._tables[-1]
        V, numbers = longest.vocab_size, longest.contexts[places]
        which, entries = longest.entries(places)
        self._sums[-1][entries] = rows[which, longest.tokens[entries]]
        weighted = rows * longest.totals[places][:, None]  # (b, V)
        for length in reversed(range(len(self._tables) - 1)):
            numbers = numbers % V**length
            first = np.flatnonzero(np.diff(numbers, prepend=-1))
            numbers, weighted = numbers[first], np.add.reduceat(weighted, first, axis=0)
            table = self._tables[length]
            which, entries = table.entries(table.find(numbers))
            self._sums[length][entries] += weighted[which, table.tokens[entries]]

    def surprises(self) -> Table:
        """Average surprise of the collected laws at the data, given the last 0, 1, ..., K tokens: ``(K + 1,)`` bits."""
        shorter = zip(self._tables[:-1], self._sums, strict=False)
        means = [sums / table.totals[table.row_of] for table, sums in shorter]
        return self._surprises([*means, self._sums[-1]])

    @property
    def entropies(self) -> Table:
        """The same of the frequencies themselves, less than any other law: ``(K + 1,)`` bits."""
        return self._surprises([table.frequencies for table in self._tables])

    def _surprises(self, laws: list[Table]) -> Table:
        with np.errstate(divide="ignore"):
            bits = [
                -(table.counts / table.n_counted * np.log2(law)).sum()
                for table, law in zip(self._tables, laws, strict=True)
            ]
        return np.asarray(bits) + 0.0  # no minus zero
