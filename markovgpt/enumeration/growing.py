"""Where do the laws go that a strategy finds? Into the one array that the chain will have."""

from __future__ import annotations

from typing import Protocol, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.decoding import Decoding
from markovgpt.enumeration.agreement import StateSample
from markovgpt.enumeration.done import NOTHING_DONE, Done
from markovgpt.enumeration.strategy import Block
from markovgpt.statespace import StateSpace

__all__ = ["GrowingTable", "TableInMemory"]


class GrowingTable(Protocol):
    """A table that is filled block by block."""

    strategy: str
    """By which it is filled; empty before it begins."""
    note: str
    """Why by that one."""
    done: Done
    """What need not be computed."""
    n_done: int
    """How many states are there."""
    sample: StateSample

    def take(self, block: Block) -> None:
        """Write the rows of a block."""
        ...

    def begin(self, strategy: str, note: str) -> None:
        """Get ready for a strategy, and forget what another one wrote."""
        ...

    def complete(self, *, rounding: float | None) -> None:
        """All states are there, and were compared: with float64 as well, or with nothing."""
        ...


@final
class TableInMemory:
    """Logits ``(n, V)``; of one rule its probabilities, in half the memory."""

    def __init__(self, states: StateSpace, *, rule: Decoding | None, with_cut: bool) -> None:
        self._rule, self._states = rule, states
        self.table: NDArray[np.float64] = np.empty((states.n_states, states.vocab_size))  # (n, V)
        self.cut: NDArray[np.float64] | None = np.zeros(states.n_states) if with_cut else None  # (n,)
        self.done = NOTHING_DONE
        self.begin("", "")

    def begin(self, strategy: str, note: str) -> None:
        """Begin anew, in the same array."""
        self.strategy, self.note = strategy, note
        self.n_done = self.n_underflows = 0
        self.sample = StateSample(self._states)

    def take(self, block: Block) -> None:
        """Write the rows of a block."""
        here = slice(block.start, block.start + len(block.logits))
        if self._rule is None:
            self.table[here] = block.logits
        else:
            self.table[here] = self._rule.apply(block.logits)
            self.n_underflows += self._rule.underflows(block.logits, self.table[here])
        if self.cut is not None:
            self.cut[here] = block.outside
        self.sample.note(block)
        self.n_done += len(block.logits)

    def complete(self, *, rounding: float | None) -> None:
        """Nothing is left to be done."""
