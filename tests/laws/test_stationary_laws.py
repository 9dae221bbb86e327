"""What holds of every stationary distribution, class and entropy, whatever the chain."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import chains

import markovgpt as mg
from markovgpt import MarkovChain


@given(chain=chains())
def test_stationary_distributions_are_distributions(chain: MarkovChain) -> None:
    """At least 0, sum 1."""
    for pi in mg.stationary_distributions(chain):
        assert pi.probabilities.min() >= 0
        assert pi.probabilities.sum() == pytest.approx(1, abs=1e-14)


@given(chain=chains())
def test_stationary_distributions_are_invariant(chain: MarkovChain) -> None:
    """``pi P = pi``."""
    for pi in mg.stationary_distributions(chain):
        np.testing.assert_allclose(chain.push(pi.probabilities), pi.probabilities, rtol=0, atol=1e-14)


@given(chain=chains())
def test_stationary_distributions_live_on_one_recurrent_class_each(chain: MarkovChain) -> None:
    """One a recurrent class, in the same order; 0 elsewhere."""
    found = mg.stationary_distributions(chain)
    for pi, c in zip(found, mg.recurrent_classes(chain), strict=True):
        np.testing.assert_array_equal(pi.states, c.states)
        assert not np.delete(pi.probabilities, c.states).any()


@given(chain=chains())
def test_stationary_distribution_is_the_only_one_of_its_chain(chain: MarkovChain) -> None:
    """With one recurrent class, both questions have the same answer."""
    several = mg.stationary_distributions(chain)
    if len(several) == 1:
        found = mg.stationary_distribution(chain)
        np.testing.assert_array_equal(found.probabilities, several[0].probabilities)


@given(chain=chains())
def test_every_chain_has_a_recurrent_class(chain: MarkovChain) -> None:
    """A finite chain ends somewhere."""
    assert len(mg.recurrent_classes(chain)) >= 1


@given(chain=chains())
def test_classes_partition_the_states(chain: MarkovChain) -> None:
    """Every state is in exactly one class, and ``class_of`` says in which."""
    classes = mg.communicating_classes(chain)
    listed = [(int(state), i) for i, c in enumerate(classes) for state in c.states]
    assert sorted(listed) == list(enumerate(classes.class_of.tolist()))


@given(chain=chains())
def test_classes_come_in_the_order_of_their_lowest_states(chain: MarkovChain) -> None:
    """So that the same chain always gives the same list."""
    lowest = [int(c.states[0]) for c in mg.communicating_classes(chain)]
    assert lowest == sorted(lowest)


@given(chain=chains(lengths=st.just("all")))
def test_short_contexts_are_transient(chain: MarkovChain) -> None:
    """A context shorter than K grows and never comes back."""
    short = chain.states.offset(chain.states.context_length)
    for c in mg.recurrent_classes(chain):
        assert c.states.min() >= short


@given(chain=chains())
def test_transient_states_are_those_outside_recurrent_classes(chain: MarkovChain) -> None:
    """Transient and recurrent states add up to all."""
    classes = mg.communicating_classes(chain)
    recurrent = sum(len(c.states) for c in classes.recurrent_classes)
    assert classes.n_transient_states == chain.n_states - recurrent


@given(chain=chains())
def test_row_entropies_are_from_0_to_log_v(chain: MarkovChain) -> None:
    """0 for a certain token, log2 V for a uniform row."""
    entropies = mg.row_entropies(chain)
    assert entropies.min() >= 0
    assert entropies.max() <= math.log2(chain.states.vocab_size) + 1e-12


@given(chain=chains(), base=st.floats(1.1, 10))
def test_entropy_rate_in_another_base_is_divided_by_its_logarithm(chain: MarkovChain, base: float) -> None:
    """``H_b = H_2 / log2 b``."""
    pi = mg.stationary_distributions(chain)[0]
    in_bits = mg.entropy_rate(chain, pi)
    assert mg.entropy_rate(chain, pi, base=base) == pytest.approx(in_bits / math.log2(base), rel=1e-12, abs=1e-15)


@given(chain=chains())
def test_entropy_rate_of_greedy_decoding_is_0(chain: MarkovChain) -> None:
    """A deterministic chain surprises nobody."""
    greedy = mg.decode(chain, mg.Decoding(greedy=True))
    assert [mg.entropy_rate(greedy, pi) for pi in mg.stationary_distributions(greedy)] == [0.0] * len(
        mg.recurrent_classes(greedy)
    )


@given(chain=chains())
def test_greedy_ties_are_the_rows_whose_maximum_stands_twice(chain: MarkovChain) -> None:
    """Counted row by row."""
    expected = [s for s, row in enumerate(chain.probabilities.tolist()) if row.count(max(row)) > 1]
    assert mg.greedy_ties(chain).tolist() == expected


@given(chain=chains())
def test_stationary_probabilities_cannot_be_changed(chain: MarkovChain) -> None:
    """Results are read-only."""
    pi = mg.stationary_distributions(chain)[0]
    with pytest.raises(ValueError, match="read-only"):
        pi.probabilities[0] = 1.0
