"""What holds of every two chains that are compared."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import distributions, spaces, tables

import markovgpt as mg
from markovgpt import MarkovChain


@st.composite
def pairs(draw: st.DrawFn) -> tuple[MarkovChain, MarkovChain]:
    """Two chains over the same states."""
    space = draw(spaces().filter(lambda s: s.vocab_size > 1))
    a, b = (mg.chain_from_table(draw(tables(space)), lengths=space.lengths) for _ in range(2))
    return a, b


@given(pair=pairs())
def test_comparison_with_itself_finds_nothing(pair: tuple[MarkovChain, MarkovChain]) -> None:
    """All distances are 0: the lower end of every scale."""
    chain = pair[0]
    found = mg.compare_chains(chain, chain)
    for distances in (found.total_variation, found.kl_ab, found.kl_ba, found.jensen_shannon):
        assert not distances.any()
    for counts in (found.only_a, found.only_b):
        assert not counts.any()
    assert len(found.greedy_states) == 0
    if found.long_run_a is not None:
        assert found.stationary_distance == found.long_run_a.kl_rate == found.long_run_a.greedy_mass == 0
        assert found.long_run_a.likeliest_greedy_state == -1
    assert mg.first_greedy_difference(chain, chain, 0) is None
    assert mg.tokens_distance(chain, chain, n=3).upper == 0


@given(pair=pairs())
def test_comparison_the_other_way_round_is_its_mirror(pair: tuple[MarkovChain, MarkovChain]) -> None:
    """a and b change places, and nothing else."""
    a, b = pair
    one, two = mg.compare_chains(a, b), mg.compare_chains(b, a)
    np.testing.assert_array_equal(one.total_variation, two.total_variation)
    np.testing.assert_array_equal(one.kl_ab, two.kl_ba)
    np.testing.assert_array_equal(one.only_a, two.only_b)
    np.testing.assert_array_equal(one.greedy_states, two.greedy_states)
    np.testing.assert_array_equal(one.greedy_ties, two.greedy_ties)
    assert one.stationary_distance == two.stationary_distance
    for mine, other in ((one.long_run_a, two.long_run_b), (one.long_run_b, two.long_run_a)):
        assert (mine is None) == (other is None)
        if mine is not None and other is not None:
            assert mine.kl_rate == other.kl_rate


@given(pair=pairs())
def test_divergences_keep_to_their_inequalities(pair: tuple[MarkovChain, MarkovChain]) -> None:
    """Pinsker: ``2 TV^2 <= KL ln 2``; Lin: ``JS <= TV``; and KL is infinite where the support says so."""
    found = mg.compare_chains(*pair)
    assert (2 * found.total_variation**2 <= found.kl_ab * np.log(2) + 1e-12).all()
    assert (found.jensen_shannon <= found.total_variation + 1e-12).all()
    np.testing.assert_array_equal(np.isinf(found.kl_ab), found.only_a > 0)
    np.testing.assert_array_equal(np.isinf(found.kl_ba), found.only_b > 0)


@given(pair=pairs(), data=st.data())
def test_texts_are_told_apart_the_better_the_longer(pair: tuple[MarkovChain, MarkovChain], data: st.DataObject) -> None:
    """From 0 on, never falling; one token is the mean distance of the rows."""
    a, b = pair
    law = data.draw(distributions(a.n_states))
    found = [mg.tokens_distance(a, b, n=n, law=law).lower for n in range(4)]
    assert found[0] == 0
    assert all(before <= after + 1e-12 for before, after in pairwise(found))
    assert found[1] == pytest.approx(float(law @ mg.compare_chains(a, b).total_variation), abs=1e-12)


@given(pair=pairs(), more=st.integers(0, 2))
def test_lifted_chain_is_the_same_chain(pair: tuple[MarkovChain, MarkovChain], more: int) -> None:
    """Compared with itself over longer contexts, nothing differs, in the long run neither."""
    chain = pair[0]
    K = chain.context_length + more
    if chain.vocab_size**K > 512:
        return
    found = mg.compare_chains(chain, mg.lift(chain, K))
    assert found.a.fingerprint == found.b.fingerprint
    assert not found.total_variation.any()
    assert found.stationary_distance is None or found.stationary_distance <= found.stationary_distance_error
