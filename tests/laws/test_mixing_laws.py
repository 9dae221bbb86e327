"""What holds of mixing times, meetings and orders, whatever the chain; and of many steps at once."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import chains

import markovgpt as mg
from markovgpt import MarkovChain, ReducibleChainError
from markovgpt.analysis.coupling import meeting_bound
from markovgpt.operators import pull_many, push_many


@given(chain=chains(), seed=st.integers(0, 9))
def test_many_steps_at_once_are_those_one_by_one(chain: MarkovChain, seed: int) -> None:
    """Push and pull of columns, shorter contexts included."""
    columns = np.random.default_rng(seed).normal(size=(chain.n_states, 3))
    pushed = push_many(chain.probabilities, columns, sizes=chain.states.sizes)
    pulled = pull_many(chain.probabilities, columns, sizes=chain.states.sizes)
    for column, after, before in zip(columns.T, pushed.T, pulled.T, strict=True):
        np.testing.assert_allclose(after, chain.push(column), rtol=0, atol=1e-12)
        np.testing.assert_allclose(before, chain.pull(column), rtol=0, atol=1e-12)


@given(chain=chains(), eps=st.sampled_from([0.25, 0.1, 0.4]))
def test_mixing_time_lies_between_its_bounds(chain: MarkovChain, eps: float) -> None:
    """Checked by plain powers of the matrix, but for the last digits; a chain that never mixes says so."""
    try:
        pi = mg.stationary_distribution(chain)
    except ReducibleChainError:
        pi = mg.stationary_distributions(chain)[0]
        found = mg.mixing_time(chain, pi, eps=eps)
        assert not found.mixes
        return
    found = mg.mixing_time(chain, pi, eps=eps)
    assert found.lower <= found.upper
    assert found.mixes == (pi.period == 1)
    assert bool(found.reason) == (not found.exact or not found.mixes)
    if found.mixes and found.lower < 10_000:
        P = chain.to_numpy()
        distance = lambda t: abs(np.linalg.matrix_power(P, t) - pi.probabilities).sum(axis=1).max() / 2  # noqa: E731
        assert found.lower == 0 or distance(int(found.lower) - 1) > eps - 1e-9
        assert found.upper > 10_000 or distance(int(found.upper)) <= eps + 1e-9


@given(chain=chains(), eps=st.sampled_from([0.25, 0.01]))
def test_copies_have_met_when_they_are_said_to(chain: MarkovChain, eps: float) -> None:
    """No two starts are farther apart than eps, whatever classes and periods the chain has."""
    for at_least in (0, 2, 6):
        t = meeting_bound(chain, eps, at_least=at_least)
        if t < 5_000:
            power = np.linalg.matrix_power(chain.to_numpy(), int(t))
            assert max(abs(power - row).sum(axis=1).max() for row in power) / 2 <= eps + 1e-9
        if t < math.inf:
            assert len(mg.recurrent_classes(chain)) == 1


@given(chain=chains())
def test_entropies_never_rise_with_more_tokens_known(chain: MarkovChain) -> None:
    """Conditioning does not increase entropy; 0 to log2 V, and an effective order that fits them."""
    for pi in mg.stationary_distributions(chain):
        found = mg.conditional_entropies(chain, pi)
        assert found.shape == (chain.context_length + 1,)
        assert (np.diff(found) <= 1e-12).all()
        assert found.min() >= 0
        assert found[0] <= np.log2(chain.vocab_size) + 1e-12
        order = mg.effective_order(chain, pi)
        assert found[order] - found[-1] <= 0.01
        assert order == 0 or found[order - 1] - found[-1] > 0.01


@given(chain=chains(), data=st.data())
def test_gram_laws_are_marginals_of_each_other(chain: MarkovChain, data: st.DataObject) -> None:
    """Forget the newest or the oldest token: the law of one token less."""
    k = data.draw(st.integers(2, chain.context_length + 1))
    for pi in mg.stationary_distributions(chain):
        longer, shorter = mg.gram_law(chain, pi, k), mg.gram_law(chain, pi, k - 1)
        assert longer.sum() == pytest.approx(1, abs=1e-12)
        np.testing.assert_allclose(longer.reshape(-1, chain.vocab_size).sum(axis=1), shorter, rtol=0, atol=1e-12)
        np.testing.assert_allclose(longer.reshape(chain.vocab_size, -1).sum(axis=0), shorter, rtol=0, atol=1e-12)
