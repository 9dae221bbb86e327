"""Counts add up, and distances between data and model stay on their scales."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import spaces, tables

from markovgpt import (
    MarkovChain,
    NgramCounts,
    StateSpace,
    Vocabulary,
    chain_from_table,
    compare_to_counts,
    count_ngrams,
)


@st.composite
def counted(draw: st.DrawFn) -> tuple[list[int], NgramCounts]:
    """A sequence and its counts."""
    space = draw(spaces())
    length = st.integers(space.context_length + 1, 30)
    tokens = draw(length.flatmap(lambda n: st.lists(st.integers(0, space.vocab_size - 1), min_size=n, max_size=n)))
    return tokens, count_ngrams(tokens, space)


@st.composite
def compared(draw: st.DrawFn) -> tuple[MarkovChain, NgramCounts]:
    """A chain, and counts over the same states."""
    _, counts = draw(counted().filter(lambda pair: pair[1].states.vocab_size > 1))
    table = draw(tables(counts.states))
    return chain_from_table(table, lengths=counts.states.lengths), counts


@given(pair=counted())
def test_counts_total_the_number_of_windows(pair: tuple[list[int], NgramCounts]) -> None:
    """n tokens hold n - L windows of L tokens with a token after them, for every length L of the space."""
    tokens, counts = pair
    space = counts.states
    for length in range(space.shortest, space.context_length + 1):
        here = slice(space.offset(length), space.offset(length + 1))
        assert counts.totals[here].sum() == len(tokens) - length


@given(pair=counted())
def test_frequencies_are_distributions_of_the_seen_states(pair: tuple[list[int], NgramCounts]) -> None:
    """One row for each state that was seen; rows sum to 1."""
    _, counts = pair
    assert len(counts.frequencies) == counts.seen.sum()
    np.testing.assert_allclose(counts.frequencies.sum(axis=1), 1, rtol=1e-15)


@given(pair=compared())
def test_total_variation_is_from_0_to_1(pair: tuple[MarkovChain, NgramCounts]) -> None:
    """Half of an L1 distance of two distributions."""
    tv = compare_to_counts(*pair).total_variation
    assert ((tv >= 0) & (tv <= 1 + 1e-15)).all()


@given(pair=compared())
def test_kl_divergence_is_not_negative(pair: tuple[MarkovChain, NgramCounts]) -> None:
    """Gibbs' inequality."""
    assert (compare_to_counts(*pair).kl_divergence >= 0).all()


@given(pair=compared())
def test_pinsker_inequality_holds(pair: tuple[MarkovChain, NgramCounts]) -> None:
    """``TV <= sqrt(KL ln 2 / 2)`` with KL in bits."""
    comparison = compare_to_counts(*pair)
    assert (comparison.total_variation <= np.sqrt(comparison.kl_divergence * math.log(2) / 2) + 1e-7).all()


@given(pair=compared())
def test_cross_entropy_is_at_least_the_conditional_entropy(pair: tuple[MarkovChain, NgramCounts]) -> None:
    """No law of the context does better on the data than their own frequencies."""
    comparison = compare_to_counts(*pair)
    assert comparison.cross_entropy >= comparison.conditional_entropy - 1e-12


@given(pair=counted())
def test_comparison_with_the_frequencies_themselves_is_0(pair: tuple[list[int], NgramCounts]) -> None:
    """The lower end of all scales: TV 0, KL 0, cross-entropy equal to the conditional entropy."""
    _, counts = pair
    V = counts.states.vocab_size
    table = np.full((counts.states.n_states, V), 1 / V)
    table[counts.seen] = counts.frequencies
    chain = MarkovChain(states=counts.states, probabilities=table, vocabulary=Vocabulary.numbered(V))
    comparison = compare_to_counts(chain, counts)
    np.testing.assert_array_equal(comparison.total_variation, 0)
    np.testing.assert_array_equal(comparison.kl_divergence, 0)
    assert comparison.cross_entropy == comparison.conditional_entropy


def test_comparison_with_an_excluded_token_is_1_and_infinite() -> None:
    """The upper end: data 0 0 0 against a chain that always says 1."""
    chain = chain_from_table([[0.0, 1.0], [0.0, 1.0]])
    comparison = compare_to_counts(chain, count_ngrams([0, 0, 0], chain.states))
    found = (comparison.total_variation.tolist(), comparison.kl_divergence.tolist(), comparison.cross_entropy)
    assert found == ([1.0], [math.inf], math.inf)


def test_comparison_leaves_out_short_contexts_of_the_averages() -> None:
    """0 1 0 with contexts of 1 and 2: the one full window 0 1 -> 0 has probability 1/4, so 2 bits."""
    table = np.full((6, 2), 0.5)
    table[2 + 1] = [0.25, 0.75]  # context 0 1
    chain = chain_from_table(table, lengths="all")
    comparison = compare_to_counts(chain, count_ngrams([0, 1, 0], chain.states))
    assert comparison.cross_entropy == pytest.approx(2, abs=1e-14)


def test_counts_cannot_be_changed() -> None:
    """The array of counts is read-only."""
    counts = count_ngrams([0, 1, 0], StateSpace(vocab_size=2, context_length=1))
    with pytest.raises(ValueError, match="read-only"):
        counts.counts[0, 0] = 1
