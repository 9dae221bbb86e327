"""What is an enumeration strategy? A function that yields the logits of all states, block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from markovgpt.model import LanguageModel
from markovgpt.statespace import StateSpace

__all__ = ["Block", "Strategy"]


class Block(NamedTuple):
    """Logits of the states ``start`` up to ``start + len(logits)``, and what they cost."""

    start: int
    logits: NDArray[np.float64]  # (m, V)
    outside: NDArray[np.float64]  # (m,) probability of tokens that a restricted vocabulary leaves out
    token_positions: int
    """Tokens that the model was given to compute this block."""


Strategy = Callable[[LanguageModel, StateSpace, int], Iterator[Block]]
"""``(model, states, batch_size)`` to blocks that cover every state once, in any order."""
