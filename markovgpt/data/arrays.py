"""Which sequences of tokens are in an array of numbers?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from markovgpt.data.stream import BOUNDARY, GAP, Integers
from markovgpt.errors import DataError

__all__ = ["LEAVE_OUT", "check_integers", "check_tokens", "stream_of_array", "tokens_and_gaps"]

LEAVE_OUT = 'or leave such tokens out with unknown="skip" (--unknown skip)'

_PIECE = 2**20  # numbers read at a time


def check_integers(given: Any, *, where: str, most_dimensions: int = 1) -> NDArray[Any]:
    """An array of whole numbers, of one dimension or of at most two.

    Raises
    ------
    DataError
        It is none: what it is instead.
    """
    try:
        array: NDArray[Any] = np.asanyarray(given)  # a mapped file stays one
    except ValueError:  # lists of several lengths in one
        array = np.asarray(given, dtype=object)
    if not 1 <= array.ndim <= most_dimensions or not (array.size == 0 or np.issubdtype(array.dtype, np.integer)):
        hint = " For text, use vocabulary.encode(text)." if array.dtype.kind == "U" else ""
        raise DataError(
            f"Tokens are a sequence of whole numbers, or several: got an array of {array.dtype} of shape {array.shape} "
            f"in {where}.{hint}"
        )
    return array


def check_tokens(numbers: NDArray[Any], vocab_size: int, *, where: str, begin: int = 0, advice: str = "") -> Integers:
    """Whole numbers ``(n,)`` that are tokens, as int64.

    Raises
    ------
    DataError
        One is outside 0..V-1: which, and at which position, counted from ``begin``; and the advice.
    """
    if len(numbers) and not (numbers.min() >= 0 and numbers.max() < vocab_size):
        at = int(np.argmax((numbers < 0) | (numbers >= vocab_size)))
        raise DataError(
            f"Tokens are 0..{vocab_size - 1}: got {numbers[at]} at position {begin + at} of {where}.{advice}",
            token=int(numbers[at]),
            position=begin + at,
        )
    return numbers.astype(np.int64)


def tokens_and_gaps(numbers: NDArray[Any], vocab_size: int, *, where: str, begin: int = 0, skip: bool) -> Integers:
    """As :func:`check_tokens`, or with ``GAP`` in the place of what is no token, where these are skipped."""
    if skip:
        return np.where((numbers < 0) | (numbers >= vocab_size), GAP, numbers).astype(np.int64)
    return check_tokens(numbers, vocab_size, where=where, begin=begin, advice=f" Remove it, {LEAVE_OUT}.")


def stream_of_array(
    array: NDArray[Any], vocab_size: int, *, where: str, skip: bool, done: Callable[[int], None]
) -> Iterator[Integers]:
    """The sequence in an array ``(n,)``, or the sequences in the rows of an array ``(m, n)``.

    Raises
    ------
    DataError
        A token is outside the vocabulary, unless these are skipped.
    """
    if array.ndim == 2 and array.shape[1] < _PIECE:
        length = array.shape[1]
        n_rows = _PIECE // max(1, length)
        for begin in range(0, len(array), n_rows):
            rows = array[begin : begin + n_rows]  # (n_rows, length)
            tokens = tokens_and_gaps(
                rows.ravel(), vocab_size, where=f"{where}, row after row", begin=begin * length, skip=skip
            )
            yield np.pad(tokens.reshape(rows.shape), ((0, 0), (0, 1)), constant_values=BOUNDARY).ravel()
            done(rows.nbytes)
        return
    for number, row in enumerate(array if array.ndim == 2 else array[None]):
        for begin in range(0, len(row), _PIECE):
            piece = row[begin : begin + _PIECE]
            place = f"row {number} of {where}" if array.ndim == 2 else where
            yield tokens_and_gaps(piece, vocab_size, where=place, begin=begin, skip=skip)
            done(piece.nbytes)
        yield np.array([BOUNDARY], dtype=np.int64)
