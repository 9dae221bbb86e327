"""What is an enumeration strategy? A function that yields the logits of all states, block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.enumeration.done import NOTHING_DONE, Done
from markovgpt.model import LanguageModel
from markovgpt.statespace import StateSpace

__all__ = ["Block", "Shortcut", "Strategy"]


class Block(NamedTuple):
    """Logits of the states ``start`` up to ``start + len(logits)``, and what they cost."""

    start: int
    logits: NDArray[np.float64]  # (m, V)
    outside: NDArray[np.float64]  # (m,) probability of tokens that a restricted vocabulary leaves out
    token_positions: int
    """Tokens that the model was given to compute this block."""
    calls: int = 1
    """How often the model was asked for it."""


class Strategy(Protocol):
    """A function that yields blocks, in any order, that cover every state once but for those that are done.

    A part of the work is left out where all that it gives is done; states that are done may come all the same. What is
    computed together does not depend on what is done, so that a table made in two runs is that of one, bit for bit.
    """

    def __call__(
        self, model: LanguageModel, states: StateSpace, batch_size: int, done: Done = NOTHING_DONE, /
    ) -> Iterator[Block]: ...


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut:
    """What there is to know about a strategy that not every model allows, or that may compute another law.

    Some states of the table that it makes are always compared with ``next_logits`` in the end.

    Attributes
    ----------
    obstacle : (model) -> str
        Why the model cannot be asked in this way; empty if it can.
    is_worthwhile : (model, states) -> bool
        Whether ``auto`` should choose it if there is no obstacle, which is asked afterwards.
    try_out : (model, states) -> int, optional
        Compares with ``next_logits`` on a few contexts beforehand; the tokens that the model was given for it. Raises
        ``ModelError`` where the laws differ.
    """

    obstacle: Callable[[LanguageModel], str]
    is_worthwhile: Callable[[LanguageModel, StateSpace], bool]
    try_out: Callable[[LanguageModel, StateSpace], int] | None = None
