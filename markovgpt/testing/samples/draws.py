"""Which tokens were drawn after which contexts, in recorded sequences?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from markovgpt.errors import ArgumentError

__all__ = ["Draws", "Outside", "blocks_of", "different_rows", "read_draws"]

Integers = NDArray[np.int64]


class Outside(NamedTuple):
    """A drawn number that is no token: after which context, and which."""

    context: tuple[int, ...]
    token: int


class Draws(NamedTuple):
    """Draws of one context length, sorted by context.

    Attributes
    ----------
    contexts : (m, length) int64
        Different contexts.
    places : (d,) int64, ascending
        For every different pair of context and token: which context.
    tokens, counts : (d,) int64
        Which token, and how often.
    """

    contexts: Integers
    places: Integers
    tokens: Integers
    counts: Integers

    def table(self, begin: int, stop: int, vocab_size: int) -> Integers:
        """Counts of some contexts, ``(stop - begin, V)``."""
        here = slice(*np.searchsorted(self.places, [begin, stop]).tolist())
        counts = np.zeros((stop - begin, vocab_size), dtype=np.int64)
        counts[self.places[here] - begin, self.tokens[here]] = self.counts[here]
        return counts


def read_draws(
    blocks: Sequence[Integers], *, vocab_size: int, context_length: int, prompt_length: int
) -> tuple[list[Draws], list[Outside]]:
    """Count the draws of recorded sequences: every token after the prompt is one, from the at most K tokens before it.

    What follows a number that is no token is not counted.

    Parameters
    ----------
    blocks : sequence of (m, length) int64
        As from :func:`blocks_of`.
    vocab_size, context_length, prompt_length : int
        V, K, and how many tokens of each sequence are given.

    Returns
    -------
    list of Draws, list of Outside
        One a context length, shortest first; and all numbers that are no tokens.

    Raises
    ------
    ArgumentError
        A prompt is too short or has other numbers than tokens, or nothing is drawn.
    """
    contexts: dict[int, list[Integers]] = {}
    outside: list[Outside] = []
    for block in blocks:
        length = block.shape[1]
        if length < prompt_length:
            raise ArgumentError(
                f"The first {prompt_length} tokens of each sequence are the prompt: got a sequence of {length}.",
                prompt_length=prompt_length,
            )
        inside = (block >= 0) & (block < vocab_size)  # (m, length)
        if not inside[:, :prompt_length].all():
            row = int(np.argmax(~inside[:, :prompt_length].all(axis=1)))
            raise ArgumentError(
                f"A prompt consists of tokens 0..{vocab_size - 1}: got {block[row, :prompt_length].tolist()}."
            )
        good = np.logical_and.accumulate(inside, axis=1)
        for j in range(prompt_length, length):
            used = min(j, context_length)
            now = good[:, j - 1] if j else np.ones(len(block), dtype=np.bool_)
            contexts.setdefault(used, []).append(block[now & inside[:, j], j - used : j + 1])
            wrong = block[now & ~inside[:, j], j - used : j + 1]
            outside.extend(Outside(tuple(row[:-1]), row[-1]) for row in wrong.tolist())
    draws = [_counted(np.concatenate(contexts[length]), vocab_size) for length in sorted(contexts)]
    if not outside and not sum(len(part.counts) for part in draws):
        raise ArgumentError(
            f"Nothing was drawn: no sequence is longer than its prompt of {prompt_length} tokens.",
            prompt_length=prompt_length,
        )
    return [part for part in draws if len(part.counts)], outside


def blocks_of(sequences: Any) -> Iterator[Integers]:
    """The sequences of each length, ``(m, length)`` each: of an array, a tensor, or lists of different lengths.

    Raises
    ------
    ArgumentError
        They are no sequences of whole numbers.
    """
    given = sequences.detach().cpu().numpy() if hasattr(sequences, "detach") else sequences
    if isinstance(given, np.ndarray) and given.ndim == 2:
        yield _integers(given)
        return
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise ArgumentError(f"Sequences are rows of tokens, (m, length), or a list of them: got {sequences!r}.")
    by_length: dict[int, list[Sequence[int]]] = {}
    for row in given:
        plain = row.detach().cpu().numpy() if hasattr(row, "detach") else row
        if isinstance(plain, str | bytes) or not hasattr(plain, "__len__"):
            raise ArgumentError(f"A sequence is a row of tokens: got {row!r}.")
        by_length.setdefault(len(plain), []).append(plain)
    if not by_length:
        raise ArgumentError("There are no sequences to judge: got an empty list.")
    for length in sorted(by_length):
        yield _integers(np.array(by_length[length]).reshape(len(by_length[length]), length))


def _integers(block: NDArray[Any]) -> Integers:
    if block.size and not np.issubdtype(block.dtype, np.integer):
        raise ArgumentError(f"Tokens are whole numbers: got sequences of {block.dtype}.")
    return block.astype(np.int64)


def _counted(rows: Integers, vocab_size: int) -> Draws:
    """Different contexts and tokens among rows of both, ``(n, length + 1)``."""
    length = rows.shape[1] - 1
    if (length + 1) * np.log2(vocab_size) < 62:
        weights = vocab_size ** np.arange(length, -1, -1, dtype=np.int64)  # (length + 1,)
        numbers, counts = np.unique(rows @ weights, return_counts=True)
        kinds = numbers[:, None] // weights % vocab_size  # (d, length + 1)
    else:
        kinds, counts = np.unique(rows, axis=0, return_counts=True)
    new = np.ones(len(kinds), dtype=np.bool_)
    new[1:] = (kinds[1:, :-1] != kinds[:-1, :-1]).any(axis=1)
    return Draws(kinds[new, :-1], np.cumsum(new) - 1, kinds[:, -1], counts)


def different_rows(rows: Integers, vocab_size: int) -> tuple[Integers, Integers]:
    """The different rows of tokens, ``(m, length) -> (c, length)``, and which of them each row is, ``(m,)``."""
    length = rows.shape[1]
    if length * np.log2(vocab_size) < 62:
        weights = vocab_size ** np.arange(length - 1, -1, -1, dtype=np.int64)
        _, first, places = np.unique(rows @ weights, return_index=True, return_inverse=True)
        return rows[first], places
    different, places = np.unique(rows, axis=0, return_inverse=True)
    return different, places.ravel()
