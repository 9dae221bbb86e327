"""Distances between data and model stay on their scales, and what they say of the whole is the sum of its parts."""

from __future__ import annotations

import math
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import spaces, tables

import markovgpt as mg
from markovgpt import DataComparison, MarkovChain, NgramCounts, StateSpace, Vocabulary
from markovgpt.comparison.data_chain import long_run_of_counts

FULL = st.just("full")


@st.composite
def counted(draw: st.DrawFn, *, longer: int = 0) -> tuple[StateSpace, NgramCounts]:
    """A state space of two tokens or more, and counts over it, or of contexts a little longer."""
    space = draw(spaces().filter(lambda space: space.vocab_size > 1))
    K = space.context_length + draw(st.integers(0, longer))
    token = st.integers(0, space.vocab_size - 1)
    tokens = draw(st.lists(token, min_size=K + 1, max_size=30))
    circular = draw(st.booleans())
    return space, mg.count_ngrams(tokens, vocab_size=space.vocab_size, context_length=K, circular=circular)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[MarkovChain, NgramCounts]:
    """A chain and counts."""
    space, counts = draw(counted(longer=2))
    return mg.chain_from_table(draw(tables(space)), lengths=space.lengths), counts


def _arrays(found: DataComparison) -> dict[str, np.ndarray]:
    named = {field.name: getattr(found, field.name) for field in fields(found)}
    return {name: np.asarray(value) for name, value in named.items() if isinstance(value, np.ndarray | float)}


@given(pair=pairs())
def test_comparison_is_never_nan(pair: tuple[MarkovChain, NgramCounts]) -> None:
    """Infinite where it is infinite, never undefined."""
    found = mg.compare_to_data(*pair)
    assert not any(np.isnan(values).any() for values in _arrays(found).values() if values.dtype.kind == "f")
    assert found.significance is not None
    assert not np.isnan(found.significance.adjusted).any()


@given(pair=pairs())
def test_distances_are_from_0_to_1(pair: tuple[MarkovChain, NgramCounts]) -> None:
    """Total variation and the Jensen-Shannon divergence in bits."""
    found = mg.compare_to_data(*pair, correction=None)
    for values in (found.total_variation, found.jensen_shannon, np.array([found.greedy_agreement])):
        assert ((values >= 0) & (values <= 1)).all()


@given(pair=pairs())
def test_kl_divergences_are_not_negative(pair: tuple[MarkovChain, NgramCounts]) -> None:
    """Gibbs' inequality."""
    found = mg.compare_to_data(*pair, correction=None)
    assert (found.kl_divergence >= 0).all()
    assert (found.reverse_kl >= 0).all()


@given(pair=pairs())
def test_pinsker_inequality_holds(pair: tuple[MarkovChain, NgramCounts]) -> None:
    """``TV <= sqrt(KL ln 2 / 2)`` with KL in bits."""
    found = mg.compare_to_data(*pair, correction=None)
    assert (found.total_variation <= np.sqrt(found.kl_divergence * math.log(2) / 2) + 1e-7).all()


@given(pair=pairs())
def test_jensen_shannon_divergence_is_at_most_the_total_variation(pair: tuple[MarkovChain, NgramCounts]) -> None:
    """Lin (1991), in bits."""
    found = mg.compare_to_data(*pair, correction=None)
    assert (found.jensen_shannon <= found.total_variation + 1e-12).all()


@given(pair=pairs())
def test_excess_is_the_sum_over_contexts(pair: tuple[MarkovChain, NgramCounts]) -> None:
    """Of full length; and the cross-entropy less the entropy of the data."""
    found = mg.compare_to_data(*pair, correction=None)
    full = found.lengths == found.context_length
    total = found.excess_bits[full].sum()
    assert total == pytest.approx(found.excess, abs=1e-9)
    assert found.excess_by_order[-1] == found.excess
    assert found.cross_entropy == pytest.approx(found.conditional_entropy + found.excess, abs=1e-12)


@given(pair=pairs())
def test_excess_grows_with_the_order(pair: tuple[MarkovChain, NgramCounts]) -> None:
    """KL is convex: a mean of laws is not farther from a mean of frequencies than they are on average."""
    orders = mg.compare_to_data(*pair, correction=None).excess_by_order
    assert (orders >= 0).all()
    assert (orders[1:] >= orders[:-1] - 1e-9).all()


@given(pair=pairs())
def test_entropy_of_the_data_falls_with_the_order(pair: tuple[MarkovChain, NgramCounts]) -> None:
    """Conditioning does not add uncertainty."""
    found = mg.compare_to_data(*pair, correction=None)
    assert (np.diff(found.data_entropies) <= 1e-12).all()
    assert found.data_entropies[-1] == found.conditional_entropy


@given(pair=pairs())
def test_worst_contexts_are_in_the_order_of_their_cost(pair: tuple[MarkovChain, NgramCounts]) -> None:
    """Those of full length, all of them."""
    found = mg.compare_to_data(*pair, correction=None)
    costs = found.excess_bits[found.worst]
    assert (costs[1:] <= costs[:-1]).all()
    assert len(costs) == (found.lengths == found.context_length).sum()


@given(pair=pairs())
def test_p_values_are_probabilities_and_adjusted_ones_are_larger(pair: tuple[MarkovChain, NgramCounts]) -> None:
    """0 only where the model excludes what occurred."""
    found = mg.compare_to_data(*pair)
    tests = found.significance
    assert tests is not None
    assert ((tests.p_values >= 0) & (tests.p_values <= tests.adjusted) & (tests.adjusted <= 1)).all()
    np.testing.assert_array_equal(tests.p_values == 0, np.isinf(found.kl_divergence))


@given(pair=counted())
def test_comparison_with_the_frequencies_themselves_is_0(pair: tuple[StateSpace, NgramCounts]) -> None:
    """The lower end of all scales: TV 0, KL 0, p 1, cross-entropy equal to the conditional entropy."""
    space, counts = pair
    table = np.full((space.n_states, space.vocab_size), 1 / space.vocab_size)
    seen = counts.on(space)
    rows = seen.rows(np.arange(len(seen)))
    table[seen.contexts] = rows / seen.totals[:, None]
    chain = MarkovChain(states=space, probabilities=table, vocabulary=Vocabulary.numbered(space.vocab_size))
    found = mg.compare_to_data(chain, counts)
    assert found.significance is not None
    np.testing.assert_array_equal(found.total_variation, 0)
    np.testing.assert_array_equal(found.kl_divergence, 0)
    np.testing.assert_allclose(found.significance.p_values, 1, rtol=1e-9)
    np.testing.assert_allclose(found.excess_by_order, 0, atol=1e-12)
    assert found.cross_entropy == found.conditional_entropy
    assert found.greedy_agreement == 1


def test_comparison_with_an_excluded_token_is_1_and_infinite() -> None:
    """The upper end: data 0 0 0 against a chain that always says 1."""
    chain = mg.chain_from_table([[0.0, 1.0], [0.0, 1.0]])
    found = mg.compare_to_data(chain, mg.count_ngrams([0, 0, 0], vocab_size=2, context_length=1))
    assert (found.total_variation.tolist(), found.kl_divergence.tolist()) == ([1.0], [math.inf])
    assert (found.jensen_shannon.tolist(), found.cross_entropy, found.excess) == ([1.0], math.inf, math.inf)


def test_comparison_leaves_out_short_contexts_of_the_averages() -> None:
    """0 1 0 with contexts of 1 and 2: the one full window 0 1 -> 0 has probability 1/4, so 2 bits."""
    table = np.full((6, 2), 0.5)
    table[2 + 1] = [0.25, 0.75]  # context 0 1
    chain = mg.chain_from_table(table, lengths="all")
    found = mg.compare_to_data(chain, mg.count_ngrams([0, 1, 0], vocab_size=2, context_length=2))
    assert found.cross_entropy == pytest.approx(2, abs=1e-14)


def test_comparison_cannot_be_changed() -> None:
    """Its arrays are read-only."""
    chain = mg.chain_from_table([[0.5, 0.5]] * 2)
    found = mg.compare_to_data(chain, mg.count_ngrams([0, 1, 0], vocab_size=2, context_length=1))
    assert not any(values.flags.writeable for values in _arrays(found).values() if values.ndim)


@given(pair=counted())
def test_long_run_of_circular_counts_is_the_counts(pair: tuple[StateSpace, NgramCounts]) -> None:
    """Every context is entered as often as it is left."""
    space, counts = pair
    if counts.circular:
        own = long_run_of_counts(counts.full, context_length=space.context_length)
        np.testing.assert_allclose(own.probabilities, counts.full.totals / counts.full.n_counted, atol=1e-12)


@given(pair=pairs())
def test_long_run_distances_grow_with_the_gram(pair: tuple[MarkovChain, NgramCounts]) -> None:
    """A gram holds the shorter ones; what is seen of it cannot differ more than it does."""
    chain, counts = pair
    for pi in mg.stationary_distributions(chain):
        found = mg.long_run_comparison(chain, pi, counts)
        assert ((found.gram_distances >= 0) & (found.gram_distances <= 1)).all()
        assert (np.diff(found.gram_distances) >= -1e-9).all()
        assert 0 <= found.unseen_mass <= 1 + 1e-12
        assert (found.data is None) == bool(found.data_undefined)


def test_long_run_of_the_chain_of_the_data_is_their_own() -> None:
    """A chain with the frequencies of circular data generates their grams, and KL rate and gap are 0."""
    tokens = [0, 1, 1, 0, 1, 0, 0]
    counts = mg.count_ngrams(tokens, vocab_size=2, context_length=1, circular=True)
    chain = mg.chain_from_table(counts.full.dense(2) / counts.full.dense(2).sum(axis=1, keepdims=True))
    found = mg.long_run_comparison(chain, mg.stationary_distribution(chain), counts)
    np.testing.assert_allclose(found.gram_distances, 0, atol=1e-12)
    assert found.data is not None
    assert (found.data.kl_rate, found.calibration_gap) == pytest.approx((0, 0), abs=1e-12)


@pytest.mark.parametrize(
    ("tokens", "part"), [([0, 0, 1], "lead to a context that nothing follows"), ([[0, 0, 0], [1, 1, 1]], "2 recurrent")]
)
def test_long_run_of_data_that_have_none_says_why(tokens: list[int], part: str) -> None:
    """A last token that nothing follows; two sequences that share no context. The rest is there all the same."""
    chain = mg.chain_from_table([[0.5, 0.5]] * 2)
    counts = mg.count_ngrams(tokens, vocab_size=2, context_length=1)
    found = mg.long_run_comparison(chain, mg.stationary_distribution(chain), counts)
    assert found.data is None
    assert part in found.data_undefined
    assert "circular=True" in found.data_undefined
    assert found.cross_entropy == 1


@given(pair=pairs())
def test_unseen_states_are_those_that_are_not_seen(pair: tuple[MarkovChain, NgramCounts]) -> None:
    """Every state of full length is one or the other; all distances on their scales; three laws always defined."""
    chain, counts = pair
    seen = mg.compare_to_data(chain, counts, correction=None)
    full = chain.states.sizes[-1]
    if seen.n_seen == full:
        return
    found = mg.unseen_states(chain, counts)
    assert len(found.states) + seen.n_seen == full
    assert not set(found.states.tolist()) & set(seen.states.tolist())
    for values in (found.total_variation, found.jensen_shannon):
        assert ((values >= 0) & (values <= 1)).all()
    everywhere = {candidate.name for candidate in found.candidates if candidate.n_defined == len(found.states)}
    assert {"uniform", "unigram", "back-off", "nearest"} <= everywhere
    assert found.best.total_variation == min(c.total_variation for c in found.candidates if c.name in everywhere)
