"""Are the lengths of sequences those of all sequences, added up one by one, and those of the textbook?"""

from __future__ import annotations

import numpy as np
import pytest
from brute import length_probabilities
from hypothesis import assume, given
from hypothesis import strategies as st
from walk_cases import cases

import markovgpt as mg
from markovgpt import ArgumentError

LONGEST = 6


@given(case=cases())
def test_lengths_are_those_of_all_sequences(case):
    """Up to six tokens, every sequence by itself."""
    end = case.V - 1
    chain = mg.reachable_chain(case.model, case.start, end=end)
    assume(chain.special == ("(end)",))
    found = mg.absorption_lengths(chain, 0, ends=[chain.state("(end)")], max_steps=500).probabilities
    expected = length_probabilities(case.law, case.start, K=case.K, end=end, longest=LONGEST)
    n = min(len(found), LONGEST + 1)
    np.testing.assert_allclose(found[:n], expected[:n], rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(expected[n:], 0, atol=1e-11)  # a walk stops when nothing is on its way


@given(case=cases(), tolerance=st.sampled_from([1e-12, 1e-3, 0.5]), max_steps=st.integers(0, 30))
def test_lengths_and_what_remains_sum_to_1(case, tolerance, max_steps):
    """Wherever it stops; probabilities are from 0 to 1."""
    chain = mg.reachable_chain(case.model, case.start, end=case.V - 1)
    assume(chain.special == ("(end)",))
    lengths = mg.absorption_lengths(chain, 0, tolerance=tolerance, max_steps=max_steps)
    assert lengths.probabilities.sum() + lengths.remaining == pytest.approx(1, abs=1e-12)
    assert (lengths.probabilities >= 0).all()
    assert len(lengths.probabilities) <= max_steps + 1


@given(q=st.floats(0.01, 1))
def test_length_with_a_constant_chance_to_end_is_geometric(q):
    """P(t) = (1 - q)^(t - 1) q; mean 1/q; the median is the least t with 1 - (1 - q)^t >= 1/2; visits 1/q."""
    model = mg.from_matrix([[1 - q, q]] * 2)
    lengths = mg.absorption_lengths(mg.reachable_chain(model, "0", end=1), 0)
    t = np.arange(1, len(lengths.probabilities))
    np.testing.assert_allclose(lengths.probabilities[1:], (1 - q) ** (t - 1) * q, rtol=1e-9, atol=1e-300)
    assert lengths.probabilities[0] == 0.0
    assert lengths.mean == pytest.approx(1 / q, rel=1e-6)
    assert lengths.visits == pytest.approx([1 / q, 1.0], rel=1e-6)
    median = lengths.quantile(0.5)
    assert 1 - (1 - q) ** median >= 0.5 - 1e-9
    assert 1 - (1 - q) ** (median - 1) < 0.5 + 1e-9


def test_length_of_a_chain_of_coins_is_negative_binomial():
    """Three heads in all, K = 1: letters a, b, c each stay with 1/2 or go on: mean 6, P(3) = 1/8, P(4) = 3/16."""
    table = [[0.5, 0.5, 0, 0], [0, 0.5, 0.5, 0], [0, 0, 0.5, 0.5], [0, 0, 0, 1]]
    chain = mg.reachable_chain(mg.from_matrix(table, tokens="abc."), "a", end=3)
    lengths = mg.absorption_lengths(chain, 0)
    assert lengths.probabilities[:6] == pytest.approx([0, 0, 0, 1 / 8, 3 / 16, 3 / 16])
    assert lengths.mean == pytest.approx(6)
    assert lengths.visits == pytest.approx([2, 2, 2, 1])


def test_length_of_two_heads_in_a_row_is_six():
    """The textbook's fair coin until HH: 6 flips on average, Fibonacci numbers over 2^t, as a table of K = 1."""
    table = [[0.5, 0.5, 0.0], [0.5, 0.0, 0.5], [0.0, 0.0, 1.0]]  # tails; one head; two heads
    lengths = mg.absorption_lengths(mg.reachable_chain(mg.from_matrix(table), "0", end=2), 0)
    fibonacci = [0, 0, 1, 1, 2, 3, 5, 8, 13]
    assert lengths.mean == pytest.approx(6)
    assert lengths.probabilities[:9] == pytest.approx([f / 2**t for t, f in enumerate(fibonacci)])


@given(case=cases(positive=True))
def test_mean_length_is_one_over_the_rate_of_ends(case):
    """Renewal: with a restart at each end, the long-run share of ending steps is 1 / (expected length)."""
    end = case.V - 1
    assume(case.V > 1)
    mean = mg.absorption_lengths(mg.reachable_chain(case.model, case.start, end=end), 0).mean
    restarting = mg.reachable_chain(case.model, case.start, end=end, at_end="restart")
    pi = mg.stationary_distribution(restarting).probabilities
    rate = sum(pi[s] * case.law(restarting.context(s))[end] for s in range(restarting.n_states))
    assert 1 / rate == pytest.approx(mean, rel=1e-9)


@given(case=cases(positive=True))
def test_visits_are_the_steps_of_a_sequence(case):
    """Expected visits of all contexts add up to the expected length; the end is reached with certainty."""
    assume(case.V > 1)
    chain = mg.reachable_chain(case.model, case.start, end=case.V - 1)
    lengths = mg.absorption_lengths(chain, 0)
    assert lengths.visits[:-1].sum() == pytest.approx(lengths.mean, rel=1e-9)
    assert lengths.visits[-1] == pytest.approx(1, abs=1e-9)


@given(case=cases(positive=True))
def test_visits_solve_their_equations(case):
    """v = e_start + v Q with Q the part of the matrix between contexts: by numpy's solver."""
    assume(case.V > 1)
    chain = mg.reachable_chain(case.model, case.start, end=case.V - 1)
    m = len(chain.contexts)
    Q = chain.to_numpy()[:m, :m]
    expected = np.linalg.solve(np.eye(m) - Q.T, np.eye(m)[0])
    np.testing.assert_allclose(mg.absorption_lengths(chain, 0).visits[:m], expected, rtol=1e-6)


def test_end_that_restarts_leads_to_the_start():
    """A fair coin that ends at 1: from 0 back to 0 in either case."""
    chain = mg.reachable_chain(mg.from_matrix([[0.5, 0.5], [0.5, 0.5]]), "0", end=1, at_end="restart")
    assert (chain.n_states, chain.special, chain.to_numpy().tolist()) == (1, (), [[1.0]])


def test_sequence_that_is_absorbed_elsewhere_does_not_end():
    """One half ends at once; the other is kept for ever by a context: with ``ends`` it remains, without it ends."""
    chain = mg.reachable_chain(mg.from_matrix([[0, 0.5, 0.5], [0, 1, 0], [0, 0, 1]]), "0", end=2)
    every = mg.absorption_lengths(chain, 0)
    only = mg.absorption_lengths(chain, 0, ends=[chain.state("(end)")])
    assert (every.probabilities.tolist(), every.remaining) == ([0.0, 1.0], 0.0)
    assert (only.probabilities.tolist(), only.remaining) == ([0.0, 0.5], 0.5)
    assert every.visits.tolist() == only.visits.tolist() == [1.0, 0.5, 0.5]


def test_start_at_the_end_has_length_0():
    """Nothing is generated."""
    chain = mg.chain_from_table([[0.5, 0.5], [0.0, 1.0]])
    assert mg.absorption_lengths(chain, 1).probabilities.tolist() == [1.0]


def test_lengths_are_read_only():
    """A result is a result."""
    lengths = mg.absorption_lengths(mg.chain_from_table([[0.5, 0.5], [0.0, 1.0]]), 0)
    with pytest.raises(ValueError, match="read-only"):
        lengths.probabilities[0] = 1.0


def test_quantiles_are_the_least_lengths():
    """A fair coin: half end in 1 step, three quarters in 2, 7/8 in 3."""
    lengths = mg.absorption_lengths(mg.chain_from_table([[0.5, 0.5], [0.0, 1.0]]), 0)
    shares = [0.25, 0.5, 0.50001, 0.75, 0.76, 0.875, 0.876]
    assert [lengths.quantile(share) for share in shares] == [1, 1, 2, 2, 3, 3, 4]


def test_quantile_beyond_what_was_computed_is_refused():
    """After three steps an eighth is on its way."""
    lengths = mg.absorption_lengths(mg.chain_from_table([[0.5, 0.5], [0.0, 1.0]]), 0, max_steps=3)
    assert lengths.remaining == 0.125
    with pytest.raises(ArgumentError, match=r"Only 0\.875 of the sequences end within 3 steps: there is no 0\.9 quan"):
        lengths.quantile(0.9)


def test_mean_of_none_is_refused():
    """No sequence ends within 0 steps."""
    lengths = mg.absorption_lengths(mg.chain_from_table([[0.5, 0.5], [0.0, 1.0]]), 0, max_steps=0)
    with pytest.raises(ArgumentError, match="No sequence ends within 0 steps: there is no mean"):
        lengths.mean  # noqa: B018  # a property that raises


def test_chain_without_an_absorbing_state_has_no_lengths():
    """Every state can be left."""
    with pytest.raises(ArgumentError, match="No state of this chain is absorbing: its sequences have no end"):
        mg.absorption_lengths(mg.chain_from_table([[0.5, 0.5], [0.5, 0.5]]), 0)


def test_end_that_can_be_left_is_refused():
    """State 0 is left with probability one half."""
    with pytest.raises(ArgumentError, match="The end '0' is not absorbing: it can be left") as caught:
        mg.absorption_lengths(mg.chain_from_table([[0.5, 0.5], [0.0, 1.0]]), 1, ends=[0])
    assert caught.value.facts == {"state": 0}
