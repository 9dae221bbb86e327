"""How are grams counted in a stream of tokens, in memory that grows with what is distinct in it?

Every gram, a context and the token after it, is numbered in base V, oldest token first, and the numbers are tallied.
Grams of K + 1 tokens are counted everywhere; shorter ones only after a beginning or a gap, where no K tokens stand in
front: all others are the ends of longer ones.
"""

from __future__ import annotations

from typing import final

import numpy as np

from markovgpt.data.stream import BOUNDARY, GAP, Integers
from markovgpt.ngrams.ends import SequenceEnds
from markovgpt.ngrams.table import CountTable, check_gram_size, merge_grams, table_of_grams
from markovgpt.ngrams.tally import new_tally

__all__ = ["GramCounter"]

_PIECE = 2**18  # entries of the stream that are counted at a time


@final
class GramCounter:
    """Counts what follows every context of 0 to K tokens in a stream.

    Parameters
    ----------
    vocab_size, context_length : int
        V and K.
    start : int, optional
        The token that stands K times in front of every sequence, and is not counted there.
    end : int, optional
        The token that follows every sequence.
    circular : bool
        The first token of a sequence follows its last.

    Attributes
    ----------
    n_tokens, n_gaps : int
        Tokens and gaps so far, without starts and ends.
    """

    def __init__(
        self, vocab_size: int, context_length: int, *, start: int | None, end: int | None, circular: bool
    ) -> None:
        check_gram_size(vocab_size, context_length)
        self.n_tokens = self.n_gaps = 0
        self._V, self._K = vocab_size, context_length
        self._ends = SequenceEnds(context_length, start=start, end=end, circular=circular)
        self._padded = circular or start is not None  # the first K entries of a sequence are not counted
        self._tail = np.array([BOUNDARY], dtype=np.int64)  # the last K entries, which precede the next piece
        self._tallies = [new_tally(vocab_size ** (length + 1)) for length in range(context_length + 1)]

    @property
    def n_sequences(self) -> int:
        """Sequences that have ended."""
        return self._ends.n_sequences

    @property
    def longest(self) -> int:
        """Entries of the longest sequence."""
        return self._ends.longest

    def add(self, stream: Integers) -> None:
        """Count a piece of the stream ``(n,)``: tokens, ``BOUNDARY`` and ``GAP``."""
        for begin in range(0, len(stream), _PIECE):
            piece = stream[begin : begin + _PIECE]
            self.n_gaps += int(np.count_nonzero(piece == GAP))
            self.n_tokens += int(np.count_nonzero(piece >= 0))
            self._count(self._ends.around(piece))

    def tables(self) -> tuple[CountTable, ...]:
        """One table for each length of context, 0 to K; ends the last sequence, and the counter is used up."""
        self.add(np.array([BOUNDARY], dtype=np.int64))
        grams = self._tallies.pop().grams()
        tables = [table_of_grams(grams, self._V)]
        for length in reversed(range(self._K)):  # what follows L tokens: after L + 1 of them, or at a beginning
            longer, counts = grams
            grams = merge_grams([(longer % self._V ** (length + 1), counts), self._tallies.pop().grams()])
            tables.append(table_of_grams(grams, self._V))
        return tuple(reversed(tables))

    def _count(self, piece: Integers) -> None:
        stream = np.concatenate([self._tail, piece])  # (n,)
        counted = stream >= 0
        counted[: len(self._tail)] = False  # it was counted with the last piece
        if self._padded:
            first = np.flatnonzero(stream == BOUNDARY)[:, None] + np.arange(1, self._K + 1)  # (sequences, K)
            counted[first[first < len(stream)]] = False
        breaks = np.flatnonzero(stream < 0)
        runs = np.diff(np.append(breaks, len(stream))) - 1  # tokens after each break
        number = stream.copy()  # of the gram of one token that ends here, then of two, and so on
        for length in range(self._K):
            places = breaks[runs > length] + 1 + length
            places = places[counted[places]]
            self._tallies[length].add(number[places])
            counted[places] = False
            number[length + 1 :] += stream[: -length - 1] * self._V ** (length + 1)
        self._tallies[self._K].add(number[counted])
        self._tail = stream[-self._K :]
