"""What is the law of the next token, mixed from the counts after contexts of several lengths?

Every smoothing of this folder has one shape. For a context h of L tokens, levels are passed from short to long; each
looks at the last j tokens of h, and changes the law that the levels before it made, the uniform one at first::

    law(t) := 1 / V
    law(t) := share(h_j, t) + rest(h_j) law(t)      at each level, if the level has the context h_j
    law(t) := law(t)                                if it has not: back off to what is known already

with ``sum_t share(h_j, t) + rest(h_j) = 1``, so that every law sums to 1. The smoothings differ in shares, in rests,
and in which levels there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from markovgpt.errors import ArgumentError
from markovgpt.ngrams.table import CountTable, Integers

__all__ = ["Level", "SmoothedLaw"]

Floats = NDArray[np.float64]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Level:
    """What the counts after contexts of one length say.

    Attributes
    ----------
    length : int
        j: the contexts are the last j tokens.
    table : CountTable
        m contexts, e grams.
    shares : (e,) float64, not negative
        Of every gram of the table.
    rests : (m,) float64, not negative
        Of every context of the table: the weight of the levels before.
    """

    length: int
    table: CountTable
    shares: Floats
    rests: Floats

    def __post_init__(self) -> None:
        for array in (self.shares, self.rests):
            array.setflags(write=False)

    def find(self, contexts: Integers) -> Integers:
        """Row of the last j tokens of each context, ``(m, L) -> (m,)``; -1 where there is none."""
        last = contexts[:, contexts.shape[1] - self.length :]  # (m, j)
        weights = self.table.vocab_size ** np.arange(self.length - 1, -1, -1, dtype=np.int64)  # (j,)
        return self.table.find(last @ weights)

    def rest_of(self, places: Integers) -> Floats:
        """The rest of rows, ``(m,) -> (m,)``; 1 of row -1."""
        return np.where(places >= 0, self.rests[places], 1.0)


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class SmoothedLaw:
    """The law of the next token after any context of 0 to k tokens.

    Attributes
    ----------
    vocab_size : int
        V.
    levels : tuple of k + 1 tuples of Level
        ``levels[L]`` are those of contexts of L tokens, from short to long.
    """

    vocab_size: int
    levels: tuple[tuple[Level, ...], ...]

    def rows(self, contexts: Integers) -> Floats:
        """The whole law after each context, ``(m, L) int64 -> (m, V)``: rows that sum to 1.

        Raises
        ------
        ArgumentError
            A context is longer than k, or has a token outside 0..V-1.
        """
        laws = np.full((len(contexts), self.vocab_size), 1 / self.vocab_size)  # (m, V)
        for level, places in self._found(contexts):
            laws *= level.rest_of(places)[:, None]
            which, entries = level.table.entries(places)
            laws[which, level.table.tokens[entries]] += level.shares[entries]
        return laws

    def of_tokens(self, contexts: Integers, tokens: Integers) -> Floats:
        """The probability of one token after each context, ``(m, L), (m,) -> (m,)``; errors as of :meth:`rows`."""
        probabilities = np.full(len(contexts), 1 / self.vocab_size)  # (m,)
        for level, places in self._found(contexts):
            probabilities *= level.rest_of(places)
            entries = level.table.find_grams(places, tokens)
            probabilities += np.where(entries >= 0, level.shares[entries], 0.0)
        return probabilities

    def _found(self, contexts: Integers) -> Iterator[tuple[Level, Integers]]:
        """The levels of these contexts, and their rows there."""
        length = contexts.shape[1]
        if length >= len(self.levels):
            raise ArgumentError(
                f"This law is of contexts of up to {len(self.levels) - 1} tokens: got {length}. Give the last of them.",
                length=length,
            )
        outside = contexts[(contexts < 0) | (contexts >= self.vocab_size)]
        if outside.size:
            raise ArgumentError(
                f"Tokens of a context are 0..{self.vocab_size - 1}: got {outside[0]}.", token=int(outside[0])
            )
        for level in self.levels[length]:
            yield level, level.find(contexts)
