"""What is the same chain over longer contexts, whose oldest tokens do not matter?"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from markovgpt.analysis import StationaryDistribution
from markovgpt.analysis.stationary import check_stationary
from markovgpt.chain import MarkovChain, check_is_chain
from markovgpt.errors import ArgumentError
from markovgpt.statespace import StateSpace

__all__ = ["lift", "lift_stationary", "same_contexts"]


def lift(chain: MarkovChain, context_length: int) -> MarkovChain:
    """The chain over contexts of ``context_length`` tokens: the row of a longer context is that of its last K tokens.

    It generates the same text, and its table is larger: V times for every token more.

    Raises
    ------
    ArgumentError
        ``context_length`` is below that of the chain.

    Examples
    --------
    >>> from markovgpt import chain_from_table
    >>> lift(chain_from_table([[0.9, 0.1], [0.4, 0.6]]), 2).probabilities.tolist()
    [[0.9, 0.1], [0.4, 0.6], [0.9, 0.1], [0.4, 0.6]]
    """
    check_is_chain(chain)
    K, more = chain.context_length, context_length - chain.context_length
    if more < 0:
        raise ArgumentError(f"A chain is lifted to contexts of at least its own {K} tokens: got {context_length}.")
    space = StateSpace(vocab_size=chain.vocab_size, context_length=context_length, lengths=chain.states.lengths)
    shorter = chain.n_states - chain.states.sizes[-1]
    longer = range(more + 1) if space.lengths == "all" else (more,)  # tokens beyond K of every length of contexts

    def lifted(rows: NDArray[Any]) -> NDArray[Any]:
        once = (1,) * (rows.ndim - 1)
        tiles = [np.tile(rows[shorter:], (chain.vocab_size**beyond, *once)) for beyond in longer]
        return np.concatenate([rows[:shorter], *tiles])

    cut = None if chain.cut is None else lifted(chain.cut)
    return replace(chain, states=space, probabilities=lifted(chain.probabilities), cut=cut)


def lift_stationary(
    chain: MarkovChain, stationary: StationaryDistribution, context_length: int
) -> StationaryDistribution:
    """The stationary distribution of the lifted chain: the law of more tokens in a row.

    Its error in total is that of the given one and the rounding of a product a token; of single entries none is proven.

    Raises
    ------
    ArgumentError
        ``context_length`` is below that of the chain, or the distribution belongs to a chain of another size.

    Examples
    --------
    >>> from markovgpt import chain_from_table, stationary_distribution
    >>> chain = chain_from_table([[0.9, 0.1], [0.3, 0.7]])
    >>> lift_stationary(chain, stationary_distribution(chain), 2).probabilities.round(12)
    array([0.675, 0.075, 0.075, 0.175])
    """
    check_stationary(chain, stationary)
    target, more = lift(chain, context_length), context_length - chain.context_length
    table = chain.probabilities[-chain.states.sizes[-1] :]  # (V**K, V)
    inside = np.zeros(chain.n_states, dtype=np.bool_)
    inside[stationary.states] = True
    law, inside = stationary.probabilities[-len(table) :], inside[-len(table) :]  # contexts of K tokens
    for _ in range(more):
        law = (law.reshape(-1, len(table), 1) * table).ravel()  # (m,) -> (m * V,); its state is the last K tokens
        inside = (inside.reshape(-1, len(table), 1) & (table > 0)).ravel()
    before = target.n_states - len(law)  # shorter contexts, never met in the long run
    probabilities = np.concatenate([np.zeros(before), law])
    rounding = more * (chain.vocab_size + 2) * float(np.finfo(np.float64).eps)
    return replace(
        stationary,
        probabilities=probabilities,
        states=before + np.flatnonzero(inside),
        residual=float(abs(target.push(probabilities) - probabilities).sum()),
        error_bound=stationary.error_bound + rounding,
        relative_error=math.inf if more else stationary.relative_error,
        extended=None if more else stationary.extended,
    )


def same_contexts(a: MarkovChain, b: MarkovChain) -> tuple[MarkovChain, MarkovChain]:
    """Both chains over the same states, the one with the shorter contexts lifted.

    Raises
    ------
    ArgumentError
        One is not over all contexts, or their token texts or lengths differ.
    """
    for chain in (a, b):
        if not isinstance(chain, MarkovChain):
            raise ArgumentError(
                f"Chains over all contexts are compared: got a {type(chain).__name__}. "
                "Build both with build_chain() or chain_from_table()."
            )
    if a.vocab_size != b.vocab_size:
        raise ArgumentError(
            f"Chains over the same tokens are compared: got {a.vocab_size} and {b.vocab_size} tokens "
            f"({a.vocabulary.overview(at_most=10)} against {b.vocabulary.overview(at_most=10)}).",
            vocab_sizes=(a.vocab_size, b.vocab_size),
        )
    differ = [t for t in range(a.vocab_size) if a.vocabulary.tokens[t] != b.vocabulary.tokens[t]]
    if differ:
        t = differ[0]
        raise ArgumentError(
            f"Chains over the same tokens are compared: token {t} is {a.vocabulary.tokens[t]!r} in the first and "
            f"{b.vocabulary.tokens[t]!r} in the second ({len(differ)} of {a.vocab_size} differ).",
            token=t,
        )
    if a.states.lengths != b.states.lengths:
        raise ArgumentError(
            "Chains over contexts of the same lengths are compared: "
            f"got {a.states.lengths!r} and {b.states.lengths!r}. Build both with the same `lengths`."
        )
    K = max(a.context_length, b.context_length)
    return (a if a.context_length == K else lift(a, K)), (b if b.context_length == K else lift(b, K))
