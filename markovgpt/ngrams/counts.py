"""How often does each token follow each context in the data?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike

from markovgpt.data.arrays import check_integers, check_tokens
from markovgpt.data.stream import BOUNDARY, Integers, Progress
from markovgpt.errors import ArgumentError, DataError
from markovgpt.ngrams.counter import GramCounter
from markovgpt.ngrams.table import CountTable
from markovgpt.statespace import StateSpace

__all__ = ["NgramCounts", "count_ngrams", "count_stream"]

_PIECE = 2**16  # entries of a stream that are counted at a time, at least


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class NgramCounts:
    """Counts of the next token after every context of 0 to K tokens.

    Attributes
    ----------
    vocab_size, context_length : int
        V and K.
    tables : tuple of K + 1 CountTable
        ``tables[j]`` counts every token that has at least j tokens before it in its sequence, by those j tokens.
    n_tokens, n_sequences : int
        Tokens and sequences that were read; starts and ends that were put there do not count as tokens.
    n_gaps : int
        Tokens that were left out, because they are unknown. No gram spans such a gap.
    circular : bool
        Whether the first token of each sequence was taken to follow its last.
    """

    vocab_size: int
    context_length: int
    tables: tuple[CountTable, ...]
    n_tokens: int
    n_sequences: int
    n_gaps: int = 0
    circular: bool = False

    def __repr__(self) -> str:
        return (
            f"<NgramCounts of {self.n_tokens:,} tokens: V={self.vocab_size}, K={self.context_length}, "
            f"{len(self.full):,} contexts of length {self.context_length}>"
        )

    @property
    def full(self) -> CountTable:
        """The counts after contexts of length K."""
        return self.tables[-1]

    def suffixes(self, length: int) -> CountTable:
        """The counts of ``full``, by the last ``length`` tokens: the same positions in the data for every length.

        Raises
        ------
        ArgumentError
            ``length`` is not one of 0 to K.
        """
        self._check_length(length)
        table = self.full
        for longer in range(self.context_length, length, -1):
            table = table.without_oldest(longer)
        return table

    def after(self, context: Iterable[int]) -> Integers:
        """Counts of the next token after one context of 0 to K tokens, oldest first: ``(V,)``.

        Raises
        ------
        ArgumentError
            It is longer than K, or has a token outside the vocabulary.
        """
        tokens = tuple(context)
        self._check_length(len(tokens))
        number = 0
        if tokens:
            number = StateSpace(vocab_size=self.vocab_size, context_length=len(tokens)).index(tokens)
        return self.tables[len(tokens)].after(number)

    def on(self, states: StateSpace) -> CountTable:
        """The counts by the states of a space: its ``contexts`` are the states that were seen.

        Raises
        ------
        ArgumentError
            The space has other tokens, or longer contexts than were counted.
        """
        if states.vocab_size != self.vocab_size or states.context_length > self.context_length:
            raise ArgumentError(
                f"Counts of {self.vocab_size} tokens after up to {self.context_length} others are not over the states "
                f"of {states}. Count with its vocab_size and context_length."
            )
        lengths = range(states.shortest, states.context_length + 1)
        parts = [self.tables[length] for length in lengths]
        offsets = [0, *np.cumsum([len(part.tokens) for part in parts]).tolist()]
        return CountTable(
            vocab_size=self.vocab_size,
            contexts=np.concatenate(
                [part.contexts + states.offset(length) for length, part in zip(lengths, parts, strict=True)]
            ),
            starts=np.concatenate(
                [*(part.starts[:-1] + offset for part, offset in zip(parts, offsets, strict=False)), offsets[-1:]]
            ).astype(np.int64),
            tokens=np.concatenate([part.tokens for part in parts]),
            counts=np.concatenate([part.counts for part in parts]),
        )

    def _check_length(self, length: int) -> None:
        if not 0 <= length <= self.context_length:
            raise ArgumentError(
                f"Contexts of 0 to {self.context_length} tokens were counted: got one of {length}.", length=length
            )


def count_ngrams(
    sequences: ArrayLike | Iterable[ArrayLike],
    *,
    vocab_size: int,
    context_length: int,
    start: int | None = None,
    end: int | None = None,
    circular: bool = False,
    progress: Progress | None = None,
) -> NgramCounts:
    """Count what follows every context of 0 to K tokens, never across the ends of a sequence.

    Parameters
    ----------
    sequences : (n_tokens,) integers in 0..V-1, or an iterable of such
        One sequence, or several, which may be generated one by one.
    vocab_size, context_length : int
        V and K.
    start : int, optional
        A token that stands K times in front of every sequence, so that its first tokens have full contexts too.
    end : int, optional
        A token that follows every sequence.
    circular : bool
        The first token of each sequence follows its last: there are as many contexts of every length as tokens.
    progress : callable, optional
        Called as ``progress("counting", sequences, 0)``.

    Raises
    ------
    ArgumentError
        Grams cannot be numbered; start or end is no token; circular with start or end.
    DataError
        Not sequences of whole numbers; a token outside the vocabulary; no context of full length in any of them.

    Examples
    --------
    >>> counts = count_ngrams([0, 1, 0, 1, 1], vocab_size=2, context_length=1)
    >>> counts.after([1])
    array([1, 1])
    >>> counts.after([])
    array([2, 3])
    >>> count_ngrams([[0, 1], [1, 1]], vocab_size=2, context_length=1, end=0).after([1])
    array([2, 1])
    """
    streams = _streams(sequences, vocab_size, progress)
    return count_stream(
        streams, vocab_size=vocab_size, context_length=context_length, start=start, end=end, circular=circular
    )


def count_stream(
    pieces: Iterable[Integers],
    *,
    vocab_size: int,
    context_length: int,
    start: int | None = None,
    end: int | None = None,
    circular: bool = False,
) -> NgramCounts:
    """As :func:`count_ngrams`, of a stream in pieces: tokens, with ``BOUNDARY`` and ``GAP`` among them."""
    StateSpace(vocab_size=vocab_size, context_length=context_length)  # refuses what are no sizes
    for name, token in (("start", start), ("end", end)):
        if token is not None and not isinstance(token, int | np.integer):
            raise ArgumentError(
                f"The {name} of a sequence is the number of a token: got {token!r}. Its text becomes one by "
                "vocabulary.encode(text)[0].",
                token=token,
            )
        if token is not None and not 0 <= token < vocab_size:
            raise ArgumentError(f"The {name} of a sequence is a token, 0..{vocab_size - 1}: got {token}.", token=token)
    if circular and (start is not None or end is not None):
        raise ArgumentError("Circular sequences have no start and no end: give circular=True, or start and end.")
    counter = GramCounter(vocab_size, context_length, start=start, end=end, circular=circular)
    for piece in _joined(pieces):
        counter.add(piece)
    tables = counter.tables()
    left_out = f", since {counter.n_gaps:,} unknown tokens are left out" if counter.n_gaps else ""
    if not counter.n_tokens:
        raise DataError(f"The data hold no token{left_out}: there is nothing to count.")
    if not len(tables[-1]):
        raise DataError(
            f"Counting what follows {context_length} tokens needs {context_length + 1} in a row{left_out}: the longest "
            f"sequence has {counter.longest}. Give more data or a shorter context, or put a start token in front.",
            n=counter.longest,
            context_length=context_length,
        )
    return NgramCounts(
        vocab_size=vocab_size,
        context_length=context_length,
        tables=tables,
        n_tokens=counter.n_tokens,
        n_sequences=counter.n_sequences,
        n_gaps=counter.n_gaps,
        circular=circular,
    )


def _joined(pieces: Iterable[Integers]) -> Iterator[Integers]:
    """The same stream in larger pieces: each costs the same, however small it is."""
    waiting: list[Integers] = []
    n_waiting = 0
    for piece in pieces:
        waiting.append(piece)
        n_waiting += len(piece)
        if n_waiting >= _PIECE:
            yield np.concatenate(waiting)
            waiting, n_waiting = [], 0
    if waiting:
        yield np.concatenate(waiting)


def _streams(
    sequences: ArrayLike | Iterable[ArrayLike], vocab_size: int, progress: Progress | None
) -> Iterator[Integers]:
    if _is_one(sequences):
        yield check_tokens(check_integers(sequences, where="the data"), vocab_size, where="the data")
        return
    if not isinstance(sequences, Iterable):
        raise DataError(f"Tokens are a sequence of whole numbers, or several: got {type(sequences).__name__}.")
    for number, sequence in enumerate(sequences, start=1):
        where = f"sequence {number}"
        yield check_tokens(check_integers(sequence, where=where), vocab_size, where=where)
        yield np.array([BOUNDARY], dtype=np.int64)
        if progress is not None and number % 1000 == 0:
            progress("counting", number, 0)


def _is_one(sequences: Any) -> bool:
    """Whether it is a single sequence: an array of one dimension, or a list that begins with a number."""
    if isinstance(sequences, str | bytes):
        return True
    if hasattr(sequences, "ndim"):
        return bool(sequences.ndim < 2)
    if not isinstance(sequences, Sequence):
        return False
    first = sequences[0] if sequences else 0
    return isinstance(first, str) or not (isinstance(first, Sequence) or bool(getattr(first, "ndim", False)))
