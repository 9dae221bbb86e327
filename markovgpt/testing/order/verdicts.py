"""What is known of how far back a model looks?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from markovgpt.testing.messages import counted, failure, number
from markovgpt.testing.order.histories import Channel

__all__ = ["Counterexample", "OrderVerdict", "asked_said", "order_said"]

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
        of the longest histories matters, be they longer or shorter than K: the order is larger than was looked.
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

    def __str__(self) -> str:
        fields = [("order", order_said(self)), ("asked", asked_said(self))]
        if self.counterexamples:
            example = self.counterexamples[max(self.counterexamples)]
            tokens = counted(example.common, "token")
            fields += [
                ("not less", f"same last {tokens}, different law: {number(example.distance)} by {example.channel}"),
                ("history a", str(list(example.first))),
                ("history b", str(list(example.second))),
            ]
        return failure(f"The Markov order of {self.name}, which declares K={self.declared}", *fields)


def order_said(found: OrderVerdict) -> str:
    """The order, and how sure it is."""
    matters = found.effects[-1] > found.atol  # the oldest token
    if found.order is None and not matters and found.max_length > found.declared:
        return f"none: with up to {found.max_length} tokens, their number matters"
    if found.order is None:
        reason = "even the oldest token that was tried matters" if matters else "the number of tokens matters"
        return f"larger than {found.max_length - 1}: {reason}"
    return f"{found.order}" + ("" if found.exhaustive else " at least: it was a search")


def asked_said(found: OrderVerdict) -> str:
    """How the model was asked, about which histories."""
    n = f"{found.n_histories:,} histor{'y' if found.n_histories == 1 else 'ies'}"
    longest = counted(found.max_length, "token")
    searched = f"{n.replace(' ', ' seeded ')}, every token replaced in turn (a search, no proof)"
    how = f"all {n} (exhaustive)" if found.exhaustive else searched
    refused = "".join(f"; {channel} takes no more than K" for channel in found.refused)
    return (
        f"{' and '.join(found.channels)}, {how} of up to {longest}, K = {found.declared}, atol={found.atol:g}{refused}"
    )
