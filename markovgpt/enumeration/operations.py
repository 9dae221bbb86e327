"""How many positions does a strategy compute, and with how many operations? Counted without asking the model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from markovgpt.enumeration.fused import walks
from markovgpt.errors import ArgumentError
from markovgpt.gpt_weights import GPTWeights
from markovgpt.model import LanguageModel
from markovgpt.statespace import StateSpace

__all__ = ["Operations", "operations", "token_positions"]


class Operations(NamedTuple):
    """What a strategy does to enumerate a model."""

    token_positions: int
    """Tokens that the model is given, as in ``origin.token_positions``."""
    flops: int | None
    """Floating point operations; None for a model that does not say how many parameters it has."""


class _Place(NamedTuple):
    """How often a network is computed at one place of contexts: with logits, or only as far as later places need."""

    place: int  # 1 for the first token
    with_logits: int
    without: int


def operations(model: LanguageModel, states: StateSpace, strategy: str) -> Operations:
    """Token positions and floating point operations of an enumeration; exact, and nothing is enumerated.

    Operations are multiplications and additions, each counted as one. Of a GPT that shows its weights
    (``gpt_weights()``) those of matrix products and of attention count, at every position that the strategy computes:
    with M hidden features, ``8 C^2 + 4 C M`` a layer for its weights, ``4 C p`` for attention of the p-th token to p
    tokens (what is masked does not count), ``2 C V`` for logits. Where ``fused`` needs no logits, the last layer has
    keys and values only, ``4 C^2``. Of another model that states ``n_parameters``, there are 2 for every parameter at
    every position. What a prompt in front of contexts takes is not counted.

    Parameters
    ----------
    model : LanguageModel
        Is not asked anything.
    states : StateSpace
        n states of V tokens.
    strategy : "fused", "prefix", "batched" or "loop"
        The positions of ``fused`` depend a little on the number of processors, among which it divides the contexts.

    Raises
    ------
    ArgumentError
        There is no such strategy.

    Examples
    --------
    >>> import markovgpt as mg
    >>> model, states = mg.load_model("babygpt", steps=0), mg.StateSpace(vocab_size=2, context_length=3)
    >>> operations(model, states, "batched").token_positions, operations(model, states, "prefix").token_positions
    (24, 14)
    """
    positions = token_positions(model, states, strategy)
    if hasattr(model, "gpt_weights"):
        return Operations(positions, _gpt_flops(model.gpt_weights(), _places(model, states, strategy)))
    n_parameters = getattr(model, "n_parameters", None)
    return Operations(positions, None if n_parameters is None else 2 * int(n_parameters) * positions)


def token_positions(model: LanguageModel, states: StateSpace, strategy: str) -> int:
    """The same without operations, for which the weights of a GPT have to be looked at."""
    return sum(place.with_logits + place.without for place in _places(model, states, strategy))


def _places(model: LanguageModel, states: StateSpace, strategy: str) -> Iterator[_Place]:
    V, K, shortest = states.vocab_size, states.context_length, states.shortest
    if strategy in ("batched", "loop"):
        for place in range(1, K + 1):
            yield _Place(place, sum(V**length for length in range(max(place, shortest), K + 1)), 0)
    elif strategy == "prefix":
        for place in range(1, K + 1):
            yield _Place(place, V**place if hasattr(model, "session") else V**K, 0)
    elif strategy == "fused":
        for walk in walks(states):
            for place in range(1, walk.longest + 1):
                n = V ** max(place, walk.first)  # beginnings are computed for each context
                yield _Place(place, n, 0) if place >= walk.shortest else _Place(place, 0, n)
    else:
        raise ArgumentError(f"The operations of {strategy!r} are not known: 'auto' stands for another.")


def _gpt_flops(weights: GPTWeights, places: Iterable[_Place]) -> int:
    V, C, M, n_layer = weights.vocab_size, weights.n_embd, weights.n_hidden, len(weights.blocks)
    flops = 0
    for place, with_logits, without in places:
        layer = 8 * C * C + 4 * C * M + 4 * C * place
        flops += with_logits * (n_layer * layer + 2 * C * V) + without * ((n_layer - 1) * layer + 4 * C * C)
    return flops
