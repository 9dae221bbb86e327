"""Conditional entropies against the definition: joint laws of tokens, summed context by context."""

from __future__ import annotations

from itertools import product
from math import log2

import numpy as np
import pytest

import markovgpt as mg
from markovgpt import MarkovChain

_SHAPES = [(2, 1, "full"), (2, 4, "full"), (3, 3, "full"), (4, 2, "full"), (2, 3, "all"), (1, 1, "full")]


def _chain(V: int, K: int, lengths: str) -> MarkovChain:
    rng = np.random.default_rng(V * K)
    n = mg.StateSpace(vocab_size=V, context_length=K, lengths=lengths).n_states
    return mg.chain_from_table(rng.dirichlet(np.ones(V), n), lengths=lengths)


def _law(chain: MarkovChain, k: int) -> dict[tuple[int, ...], float]:
    """Law of k tokens: begin with a stationary context, draw k tokens, forget the context."""
    pi, space = mg.stationary_distribution(chain).probabilities, chain.states
    law: dict[tuple[int, ...], float] = {}
    for state in range(space.n_states):
        for tokens in product(range(space.vocab_size), repeat=k):
            probability, context = float(pi[state]), space.context(state)
            for token in tokens:
                probability *= float(chain.row(context)[token])
                context = (*context, token)[-space.context_length :]
            law[tokens] = law.get(tokens, 0.0) + probability
    return law


@pytest.mark.parametrize(("V", "K", "lengths"), _SHAPES)
def test_gram_laws_are_those_of_drawn_tokens(V: int, K: int, lengths: str) -> None:
    """1 to K + 1 tokens."""
    chain = _chain(V, K, lengths)
    pi = mg.stationary_distribution(chain)
    for k in range(1, K + 2):
        np.testing.assert_allclose(mg.gram_law(chain, pi, k), list(_law(chain, k).values()), rtol=0, atol=1e-14)


@pytest.mark.parametrize("base", [2.0, np.e])
@pytest.mark.parametrize(("V", "K", "lengths"), _SHAPES)
def test_conditional_entropies_are_differences_of_joint_entropies(V: int, K: int, lengths: str, base: float) -> None:
    """``H(next | last j) = H(j + 1 tokens) - H(j tokens)``, the chain rule."""
    chain = _chain(V, K, lengths)
    joint = [0.0] + [-sum(p * log2(p) for p in _law(chain, k).values()) for k in range(1, K + 2)]
    found = mg.conditional_entropies(chain, mg.stationary_distribution(chain), base=base)
    np.testing.assert_allclose(found * np.log2(base), np.diff(joint), rtol=0, atol=1e-12)
    assert found[-1] == mg.entropy_rate(chain, mg.stationary_distribution(chain), base=base)


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_effective_order_is_that_of_the_shortest_chain_that_is_the_same(order: int) -> None:
    """Rows that look at the last ``order`` tokens, in a context of 4."""
    rows = np.random.default_rng(order).dirichlet(np.ones(3), 3**order)
    chain = mg.chain_from_table(np.tile(rows, (3 ** (4 - order), 1)))
    pi = mg.stationary_distribution(chain)
    assert mg.effective_order(chain, pi, tolerance=1e-9) == order
    assert mg.effective_order(chain, pi, tolerance=2.0) == 0
