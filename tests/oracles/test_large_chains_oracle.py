"""Chains beyond elimination: right, and certified.

A chain whose law needs the last two tokens only, written out on contexts of 13, has 8,192 states and a stationary
distribution that is known: that of its four pairs, in exact fractions, times the probabilities along the context.
"""

from __future__ import annotations

import numpy as np
import pytest
from exact import exact_matrix, exact_stationary

import markovgpt as mg
from markovgpt import MarkovChain
from markovgpt.kernels.compiled import load_compiler
from markovgpt.solvers import suffix
from markovgpt.solvers.iterative import solve_iteratively
from markovgpt.solvers.matrix_system import MatrixSystem
from markovgpt.solvers.table_system import TableSystem

K = 13
_PAIRS = {
    "fair": [[0.5, 0.5]] * 4,
    "mild": [[0.3, 0.7], [0.8, 0.2], [0.6, 0.4], [0.1, 0.9]],
    "golden mean": [[0.5, 0.5], [1, 0], [0.5, 0.5], [1, 0]],
    "sticky": [[0.99, 0.01], [0.03, 0.97], [0.99, 0.01], [0.03, 0.97]],
    "hardly switches": [[1 - 1e-9, 1e-9], [3e-9, 1 - 3e-9], [1 - 1e-9, 1e-9], [3e-9, 1 - 3e-9]],
    "nearly periodic": [[1e-6, 1 - 1e-6], [1 - 1e-6, 1e-6], [1e-7, 1 - 1e-7], [1 - 1e-7, 1e-7]],
}


def _written_out(kind: str) -> tuple[MarkovChain, np.ndarray]:
    """The chain on contexts of K, and its stationary distribution."""
    pairs = mg.chain_from_table(_PAIRS[kind])
    law = np.array([float(p) for p in _stationary_of_pairs(pairs)]).reshape(2, 2)
    p = pairs.probabilities.reshape(2, 2, 2)
    for length in range(2, K):
        law = law[..., None] * p.reshape((1,) * (length - 2) + (2, 2, 2))
    return mg.chain_from_table(np.tile(pairs.probabilities, (2 ** (K - 2), 1))), law.ravel()


def _stationary_of_pairs(pairs: MarkovChain) -> list[float]:
    """Exact; pairs that are never entered have none."""
    states = mg.recurrent_classes(pairs)[0].states
    exact = dict(zip(states.tolist(), exact_stationary(exact_matrix(pairs.to_numpy()[states][:, states])), strict=True))
    return [float(exact.get(state, 0)) for state in range(4)]


@pytest.mark.parametrize("kind", _PAIRS)
def test_error_bound_of_a_large_chain_covers_the_true_error(kind: str) -> None:
    """No small bound says that a law is right which is not."""
    chain, exact = _written_out(kind)
    pi = mg.stationary_distribution(chain)
    assert abs(pi.probabilities - exact).sum() <= pi.error_bound + 1e-13


@pytest.mark.parametrize("kind", _PAIRS)
def test_stationary_distribution_of_a_large_chain_is_certified(kind: str) -> None:
    """Fair or sticky, nearly periodic or hardly ever switching; as a table, or as the matrix of one recurrent class."""
    pi = mg.stationary_distribution(_written_out(kind)[0])
    assert pi.certified
    assert pi.error_bound <= 1e-8


def test_stationary_distribution_is_right_where_the_residual_says_nothing() -> None:
    """Switching with 1e-9 and 3e-9: half and half has a residual of 2e-9, but the truth is 3 to 1, and is found."""
    chain, exact = _written_out("hardly switches")
    half = np.zeros(2**K)
    half[[0, -1]] = 0.5
    assert abs(chain.push(half) - half).sum() < 1e-8
    pi = mg.stationary_distribution(chain)
    assert pi.certified
    np.testing.assert_allclose(pi.probabilities[[0, -1]], exact[[0, -1]], rtol=1e-8)


@pytest.mark.parametrize("kind", ["mild", "sticky", "hardly switches", "nearly periodic"])
def test_matrix_of_a_large_chain_has_the_law_of_its_table(kind: str) -> None:
    """The same law, by sweeps alone."""
    chain, exact = _written_out(kind)
    found = solve_iteratively(MatrixSystem(chain.to_scipy()), tolerance=1e-8, report=lambda _: None)
    assert found.error_bound <= 1e-8
    assert abs(found.law - exact).sum() <= found.error_bound + 1e-13


@pytest.mark.parametrize("seed", [5, 8])
def test_cycles_over_suffixes_go_on_to_the_rounding(seed: int) -> None:
    """Each cycle takes away a third or a quarter of the error only: that is slow, but it is not yet rounding."""
    logits = 3 * np.random.default_rng(seed).standard_normal((2**K, 2))
    table = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    chain = TableSystem(table)
    load_compiler()
    law = suffix.stationary_law(chain, keep=lambda *_: None, report=lambda _: None).value
    step = mg.chain_from_table(table).push(law)
    assert abs(step - law).sum() < 1e-14


def test_stationary_distribution_says_how_it_was_computed() -> None:
    """Elimination up to 4,096 states, which is direct; cycles over suffixes above."""
    small = mg.stationary_distribution(mg.chain_from_table(np.full((2**5, 2), 0.5)))
    large = mg.stationary_distribution(mg.chain_from_table(np.full((2**13, 2), 0.5)))
    assert ((small.method, small.iterations), large.method) == (("gth", 0), "suffix cycles")
    assert large.iterations > 0
