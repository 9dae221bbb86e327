"""Entropies against their definitions, summed sequence by sequence."""

from __future__ import annotations

from itertools import product
from math import log2

import numpy as np
import pytest

import markovgpt as mg
from markovgpt import MarkovChain


def _random_chain(V: int, K: int, seed: int) -> MarkovChain:
    return mg.chain_from_table(np.random.default_rng(seed).dirichlet(np.full(V, 0.5), size=V**K))


def _block_entropy(chain: MarkovChain, pi: np.ndarray, n: int) -> float:
    """``H(X_1 ... X_n)`` in bits: the sum over all V^n sequences, n at least K."""
    K, total = chain.states.context_length, 0.0
    for sequence in product(range(chain.states.vocab_size), repeat=n):
        probability = pi[chain.states.index(sequence[:K])]
        for place in range(K, n):
            probability *= chain.probabilities[chain.states.index(sequence[place - K : place]), sequence[place]]
        total -= probability * log2(probability) if probability > 0 else 0.0
    return total


@pytest.mark.parametrize("n", [0, 1, 3])
@pytest.mark.parametrize(("V", "K"), [(2, 1), (2, 3), (3, 2)])
def test_entropy_rate_is_the_growth_of_block_entropy(V: int, K: int, n: int) -> None:
    """``H(X_1 ... X_{m+1}) - H(X_1 ... X_m)`` for m = K, K+1, ...: the definition of the rate, exact from m = K on."""
    chain = _random_chain(V, K, seed=10 * V + K)
    pi = mg.stationary_distribution(chain)
    grown = [_block_entropy(chain, pi.probabilities, K + n + more) for more in (0, 1)]
    assert mg.entropy_rate(chain, pi) == pytest.approx(grown[1] - grown[0], abs=1e-12)


def test_row_entropies_are_sums_of_p_log_p() -> None:
    """Row by row, token by token, with ``0 log 0 = 0``."""
    table = [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0.25, 0.25, 0.5]]
    expected = [-sum(p * log2(p) for p in row if p > 0) for row in table]
    np.testing.assert_allclose(mg.row_entropies(mg.chain_from_table(table)), expected, rtol=1e-15)
