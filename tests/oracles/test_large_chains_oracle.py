"""Chains beyond elimination: pushed, and certified only where the answer is right.

A chain whose law needs the last two tokens only, written out on contexts of 13, has 8,192 states and a stationary
distribution that is known: that of its four pairs, in exact fractions, times the probabilities along the context.
"""

from __future__ import annotations

import numpy as np
import pytest
from exact import exact_matrix, exact_stationary

import markovgpt as mg
from markovgpt import MarkovChain, NotComputedError

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
    """Where pushing does not get there, no small bound says that it did."""
    chain, exact = _written_out(kind)
    pi = mg.stationary_distribution(chain)
    assert abs(pi.probabilities - exact).sum() <= pi.error_bound + 1e-13


@pytest.mark.parametrize("kind", ["fair", "mild", "sticky"])
def test_stationary_distribution_of_a_large_chain_is_certified_where_it_forgets(kind: str) -> None:
    """A bound that is small enough to be of use, and pushing was the method."""
    pi = mg.stationary_distribution(_written_out(kind)[0])
    assert (pi.certified, pi.error_bound < 1e-6, pi.iterations > 0) == (True, True, True)


def test_stationary_distribution_is_not_certified_where_the_chain_does_not_forget() -> None:
    """Switching with 1e-9 and 3e-9, pushing stays near the half and half it began with; the truth is 3 to 1."""
    chain, exact = _written_out("hardly switches")
    pi = mg.stationary_distribution(chain)
    assert pi.residual < 1e-8  # which says nothing
    assert pi.error_bound >= abs(pi.probabilities - exact).sum()


def test_stationary_distribution_says_how_it_was_computed() -> None:
    """Elimination up to 4,096 states, which is direct; pushing above."""
    small = mg.stationary_distribution(mg.chain_from_table(np.full((2**5, 2), 0.5)))
    large = mg.stationary_distribution(mg.chain_from_table(np.full((2**13, 2), 0.5)))
    assert ((small.method, small.iterations), large.method) == (("gth", 0), "power iteration")


def test_stationary_distribution_refuses_classes_above_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many states, which limit, what to do; the limit is lowered here, for the sake of memory."""
    monkeypatch.setattr("markovgpt.analysis.stationary.PUSH_LIMIT", 7)
    chain = mg.chain_from_table(np.full((8, 2), 0.5))
    with pytest.raises(NotComputedError, match=r"above 7 states: .* recurrent class of 8\. Use a shorter") as caught:
        mg.stationary_distribution(chain)
    assert caught.value.facts == {"n_states": 8, "limit": 7}
