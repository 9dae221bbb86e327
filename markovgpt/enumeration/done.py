"""Which states need not be computed, because they are done already?"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import final

from markovgpt.statespace import StateSpace

__all__ = ["NOTHING_DONE", "Done"]


@final
class Done:
    """Ranges of states, ``start`` up to ``stop - 1``, in any order.

    Examples
    --------
    >>> done = Done([(4, 6), (0, 2), (2, 3)])
    >>> done.covers(0, 3), done.covers(2, 5), done.covers(4, 4)
    (True, False, True)
    """

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._starts: list[int] = []
        self._stops: list[int] = []
        for start, stop in sorted(ranges):
            if self._stops and start <= self._stops[-1]:
                self._stops[-1] = max(stop, self._stops[-1])
            else:
                self._starts.append(start)
                self._stops.append(stop)

    def covers(self, start: int, stop: int) -> bool:
        """Whether the states ``start`` up to ``stop - 1`` are all done."""
        place = bisect_right(self._starts, start) - 1
        return start >= stop or (place >= 0 and self._stops[place] >= stop)

    def covers_below(self, states: StateSpace, length: int, start: int, stop: int, *, longest: int = 0) -> bool:
        """Whether all states are done that begin with the contexts number ``start`` up to ``stop - 1`` of a length.

        ``longest`` is the length up to which states count: K if it is 0.
        """
        if not self._starts:
            return False
        V = states.vocab_size
        return all(
            self.covers(states.offset(L) + start * V ** (L - length), states.offset(L) + stop * V ** (L - length))
            for L in range(max(length, states.shortest), (longest or states.context_length) + 1)
        )


NOTHING_DONE = Done()
"""Every state is to be computed."""
