"""What is known of how far back a model looks?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from markovgpt.testing.order.histories import Channel

__all__ = ["Counterexample", "OrderVerdict"]

Table = NDArray[np.float64]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Counterexample:
    """Two histories with the same last tokens, and different laws.

    Attributes
    ----------
    first, second : tuple of tokens
        Oldest first; of one length, unless only the number of tokens matters.
    common : int
        How many of the last tokens are the same.
    laws : (2, V) float64
    distance : float
        Largest difference of a probability.
    channel : "next_logits" or "session"
        How the model was asked.
    """

    first: tuple[int, ...]
    second: tuple[int, ...]
    common: int
    laws: Table
    distance: float
    channel: Channel


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class OrderVerdict:
    """How far back a model looks.

    Attributes
    ----------
    name : str
        Of the model.
    declared : int
        Its ``context_length``, K.
    order : int, or None
        The least k such that histories with the same last k tokens have the same law. None where even the oldest token
        of the longest histories matters: the order is larger than was looked.
    max_length : int
        Tokens of the longest histories.
    exhaustive : bool
        All histories up to that length were asked: ``order`` is exact for these. Otherwise it is a lower bound: seeded
        histories, in which every single token was replaced in turn.
    n_histories : int
        Different histories that were asked about.
    effects : (max_length,) float64
        Largest change of a probability that was seen when the token 1, 2, ... back was replaced.
    length_effect : float
        Largest change when tokens beyond the order were left out and none replaced.
    channels : tuple
        How the model was asked.
    refused : tuple
        Of these, which take no more than K tokens.
    counterexamples : dict of int to Counterexample
        For every k below the order, the pair of histories whose laws differ most.
    atol : float
        What counts as a difference.
    """

    name: str
    declared: int
    order: int | None
    max_length: int
    exhaustive: bool
    n_histories: int
    effects: Table
    length_effect: float
    channels: tuple[Channel, ...]
    refused: tuple[Channel, ...]
    counterexamples: dict[int, Counterexample]
    atol: float

    def refutes(self, k: int) -> Counterexample | None:
        """Two histories with the same last k tokens whose laws differ; None if none was found."""
        return self.counterexamples.get(k)
