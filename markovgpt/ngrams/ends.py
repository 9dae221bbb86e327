"""What stands in front of every sequence of a stream, and behind it?"""

from __future__ import annotations

from typing import final

import numpy as np

from markovgpt.data.stream import BOUNDARY, Integers

__all__ = ["SequenceEnds"]


@final
class SequenceEnds:
    """Puts starts, ends, or the first tokens once more, around the sequences of a stream that comes in pieces.

    Parameters
    ----------
    context_length : int
        K.
    start : int, optional
        The token that stands K times in front of every sequence.
    end : int, optional
        The token that follows every sequence.
    circular : bool
        The first K tokens follow every sequence, which is gone through again where it is shorter.

    Attributes
    ----------
    n_sequences, longest : int
        Sequences that have ended, and the most entries of one; empty ones do not count.
    """

    def __init__(self, context_length: int, *, start: int | None, end: int | None, circular: bool) -> None:
        self.n_sequences = self.longest = 0
        self._K, self._start, self._end, self._circular = context_length, start, end, circular
        self._length = 0  # of the sequence under way
        self._head = np.zeros(0, dtype=np.int64)  # its first K

    def around(self, piece: Integers) -> Integers:
        """The piece ``(n,)`` with what belongs to it, and one ``BOUNDARY`` behind each sequence that is not empty."""
        is_boundary = piece == BOUNDARY
        boundaries = np.flatnonzero(is_boundary)
        begins = np.append(0, boundaries + 1)  # (m + 1,) of the parts between boundaries; the last part goes on
        lengths = np.append(boundaries, len(piece)) - begins
        so_far = lengths.copy()
        so_far[0] += self._length
        in_front = np.zeros_like(lengths)
        if self._start is not None:
            in_front[(lengths > 0) & (lengths == so_far)] = self._K
        ended = so_far > 0
        ended[-1] = False
        behind = np.where(ended, 1 + (self._K if self._circular else self._end is not None), 0)
        stops = np.cumsum(in_front + lengths + behind)  # in the result, with what stands behind

        around = np.full(stops[-1], BOUNDARY if self._start is None else self._start, dtype=np.int64)
        shifts = np.repeat(stops - behind - lengths - begins, lengths)
        around[np.flatnonzero(~is_boundary) + shifts] = piece[~is_boundary]
        around[stops[ended] - 1] = BOUNDARY
        if self._end is not None:
            around[stops[ended] - 2] = self._end
        if self._circular:
            self._head = np.append(self._head, piece[: lengths[0]])[: self._K]
            if ended[0]:
                around[stops[0] - 1 - self._K : stops[0] - 1] = np.resize(self._head, self._K)
            later = np.flatnonzero(ended[1:]) + 1
            for k in range(self._K):
                around[stops[later] - 1 - self._K + k] = piece[begins[later] + k % lengths[later]]
            if len(boundaries):
                self._head = piece[begins[-1] :][: self._K]
        self.n_sequences += int(ended.sum())
        self.longest = max(self.longest, int(so_far.max()))
        self._length = int(so_far[-1])
        return around
