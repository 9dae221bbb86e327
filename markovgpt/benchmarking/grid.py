"""Which sizes are measured? What ``8..16`` and ``8,10,12`` mean, and what is measured if nothing is said."""

from __future__ import annotations

import math

from markovgpt.errors import ArgumentError

__all__ = ["default_context_lengths", "parse_sizes", "targets_beyond"]

_MOST = 64  # sizes in one grid
_LARGEST = 20_000  # states, unless said otherwise: some seconds for a small model
_SIZES, _FACTOR = 5, 4.0  # of the default grid: so many, each with about so many times the states of the one before
_TARGETS = (2**16, 2**20, 2**24, 2**32)  # states that extrapolations are made for


def parse_sizes(text: str, *, what: str) -> tuple[int, ...]:
    """Whole numbers and ranges of them, ascending, each once.

    Parameters
    ----------
    text : str
        Such as ``"8..16"``, ``"8,10,12"`` or ``"2,4..6"``; both ends of a range belong to it.
    what : str
        What they are called in an error.

    Raises
    ------
    ArgumentError
        It is no such text, a number is below 1, a range goes down, or there are more than 64 numbers.

    Examples
    --------
    >>> parse_sizes("8..11", what="context lengths"), parse_sizes("12, 2,4..6", what="context lengths")
    ((8, 9, 10, 11), (2, 4, 5, 6, 12))
    """
    found: set[int] = set()
    for part in text.split(","):
        first, dots, last = (piece.strip() for piece in part.partition(".."))
        ends = (first, last) if dots else (first, first)
        if not all(end.isascii() and end.isdigit() for end in ends):
            raise ArgumentError(
                f"{what} are whole numbers, such as 8..16 or 8,10,12: got {part.strip()!r} in {text!r}.", text=text
            )
        low, high = (int(end) for end in ends)
        if low < 1 or high < low:
            why = "is below 1" if low < 1 else "goes down"
            raise ArgumentError(f"{what} are at least 1, and ranges go up: {part.strip()!r} {why}.", text=text)
        if len(found) + high - low + 1 > _MOST:
            raise ArgumentError(f"At most {_MOST} {what.lower()} are measured at once: got {text!r}.", text=text)
        found.update(range(low, high + 1))
    return tuple(sorted(found))


def default_context_lengths(vocab_size: int, *, longest: int | None = None) -> tuple[int, ...]:
    """At most five context lengths of V tokens, the longest with at most 20,000 states, or 1.

    Each has about four times the states of the one before. ``longest`` is the most that the model takes.

    >>> default_context_lengths(2), default_context_lengths(27), default_context_lengths(50257)
    ((6, 8, 10, 12, 14), (1, 2, 3), (1,))
    """
    most = math.inf if longest is None else longest
    last = 1
    while last + 1 <= most and vocab_size ** (last + 1) <= _LARGEST and (vocab_size > 1 or last < _SIZES):
        last += 1
    step = max(1, round(math.log(_FACTOR) / math.log(vocab_size))) if vocab_size > 1 else 1
    return tuple(range(last, 0, -step))[:_SIZES][::-1]


def targets_beyond(vocab_size: int, measured: int) -> tuple[int, ...]:
    """Context lengths beyond those that were measured, for 2^16, 2^20, 2^24 and 2^32 states of V tokens, or more.

    >>> targets_beyond(2, 14), targets_beyond(27, 3), targets_beyond(1, 5)
    ((16, 20, 24, 32), (4, 5, 6, 7), ())
    """
    if vocab_size == 1:
        return ()
    lengths = set()
    for n_states in _TARGETS:
        length = 1
        while vocab_size**length < n_states:
            length += 1
        lengths.add(length)
    return tuple(sorted(length for length in lengths if length > measured))
