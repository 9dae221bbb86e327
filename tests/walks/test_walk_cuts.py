"""Is what a walk leaves out known, arrow by arrow and sequence by sequence?"""

from __future__ import annotations

import numpy as np
import pytest
from brute import reach, reach_of_rare, staying
from hypothesis import assume, given
from hypothesis import strategies as st
from walk_cases import cases, matrix_of

import markovgpt as mg
from markovgpt.analysis import staying_probability


@given(case=cases(), threshold=st.floats(0, 0.9), end=st.booleans())
def test_rare_contexts_are_left_out_as_the_definition_says(case, threshold, end):
    """Depth by depth, by the probability of getting there; with an end and without."""
    token = case.V - 1 if end else None
    rows, cut, compared = reach_of_rare(case.law, case.start, K=case.K, min_reach=threshold, end=token)
    assume(min((abs(m - threshold) for m in compared), default=1.0) > 1e-9)
    chain = mg.reachable_chain(case.model, case.start, min_reach=threshold, end=token)
    if "(end)" in matrix_of(chain):
        rows["(end)"] = {"(end)": 1.0}
    found = matrix_of(chain)
    assert {s: set(row) for s, row in found.items()} == {s: set(row) for s, row in rows.items()}
    for state, row in rows.items():
        assert found[state] == pytest.approx(row, rel=1e-9, abs=1e-300)
    cuts = {chain.context(s): float(chain.cut[s]) for s in range(len(chain.contexts))}
    assert cuts == pytest.approx(cut, abs=1e-12)


@given(case=cases(), threshold=st.floats(0, 0.9))
def test_rare_contexts_leave_rows_that_sum_to_1(case, threshold):
    """Every state keeps an arrow, however rare; elsewhere gets exactly the cut."""
    chain = mg.reachable_chain(case.model, case.start, min_reach=threshold, outside="absorb")
    np.testing.assert_allclose(chain.to_scipy().sum(axis=1), 1, rtol=1e-12)
    assert ((chain.cut >= 0) & (chain.cut <= 1)).all()
    if "(elsewhere)" in chain.special:
        n = len(chain.contexts)
        np.testing.assert_allclose(chain.to_numpy()[:n, -1], chain.cut[:n], rtol=1e-12, atol=1e-15)


def test_rare_contexts_are_those_that_are_rare_together():
    """V = 3, K = 1, from 0: token 1 with .02 is cut at a threshold of .05, although from 2 it would be likely.

    By --min-probability of .05 it would be met from 2 and kept.
    """
    table = [[0.0, 0.02, 0.98], [0.0, 1.0, 0.0], [0.5, 0.04, 0.46]]
    model = mg.from_matrix(table)
    by_reach = mg.reachable_chain(model, "0", min_reach=0.05)
    assert [by_reach.label(s) for s in range(by_reach.n_states)] == ["0", "2"]
    assert by_reach.cut == pytest.approx([0.02, 0.04])
    assert by_reach.to_numpy()[1] == pytest.approx([0.5 / 0.96, 0.46 / 0.96])


def test_threshold_0_cuts_nothing():
    """Not even what is as rare as 1e-300; probability 0 is no arrow."""
    chain = mg.reachable_chain(mg.from_matrix([[1 - 1e-300, 1e-300], [1.0, 0.0]]), "0")
    assert chain.n_states == 2
    assert chain.cut.tolist() == [0.0, 0.0]
    assert chain.to_scipy().nnz == 3


def test_likeliest_token_is_never_cut():
    """Ten tokens of 1/10 each, a threshold of 1/2: the lowest is kept, nine tenths are cut."""
    uniform = mg.from_callable(lambda c: np.zeros((len(c), 10)), vocab_size=10, context_length=1)
    chain = mg.reachable_chain(uniform, "3", min_probability=0.5)
    assert [chain.label(s) for s in range(chain.n_states)] == ["3", "0"]
    assert chain.cut == pytest.approx([0.9, 0.9])


@given(case=cases(positive=True), threshold=st.floats(0.05, 0.9))
def test_staying_probability_is_that_of_whole_sequences(case, threshold):
    """A sum over the steps of the whole model that take kept arrows only, until the end."""
    assume(abs(case.chain.probabilities - threshold).min() > 1e-9)
    end = case.V - 1
    rows, _ = reach(case.law, case.start, K=case.K, min_probability=threshold, end=end)
    chain = mg.reachable_chain(case.model, case.start, min_probability=threshold, end=end)
    found = staying_probability(chain, 0, chain.cut)
    expected = staying(case.law, rows, case.start, K=case.K, end=end)
    assert found == pytest.approx(expected, abs=1e-6)


@given(case=cases(positive=True), threshold=st.floats(0, 0.9))
def test_staying_probability_is_what_does_not_go_elsewhere(case, threshold):
    """The same question to another chain: with the cut as a state, the probability of ending rather than leaving."""
    end = case.V - 1
    plain = mg.reachable_chain(case.model, case.start, min_probability=threshold, end=end)
    leaving = mg.reachable_chain(case.model, case.start, min_probability=threshold, end=end, outside="absorb")
    ends = leaving.special.index("(end)") if "(end)" in leaving.special else None
    visits = mg.absorption_lengths(leaving, 0).visits
    expected = 0.0 if ends is None else visits[len(leaving.contexts) + ends]
    assert staying_probability(plain, 0, plain.cut) == pytest.approx(expected, abs=1e-9)


def test_cut_of_a_restricted_vocabulary_adds_up_with_the_threshold():
    """A die of six on {0, 1, 2} with a law of 4/6, 1/12 and 1/12 inside; 1/6 outside, a threshold of 1/5 inside.

    Inside: .8, .1, .1; the two small ones are cut: 1/6 + 5/6 * .2 = 1/3.
    """
    law = np.log([4 / 6, 1 / 12, 1 / 12, 1 / 18, 1 / 18, 1 / 18])
    die = mg.from_callable(lambda c: np.tile(law, (len(c), 1)), vocab_size=6, context_length=1)
    part = mg.restrict_tokens(die, [0, 1, 2])
    chain = mg.reachable_chain(part, "0", min_probability=0.2, outside="absorb")
    assert chain.cut == pytest.approx([1 / 3, 0.0])
    assert chain.to_numpy()[0] == pytest.approx([2 / 3, 1 / 3])


def test_context_that_only_its_cut_can_leave_is_left():
    """From 0 to the end or to 1, one half each; 1 stays with .9, and its way out, .1, is cut: every visit leaves."""
    table = [[0.0, 0.5, 0.5], [0.1, 0.9, 0.0], [0.0, 0.0, 1.0]]
    chain = mg.reachable_chain(mg.from_matrix(table), "0", min_probability=0.2, end=2)
    assert chain.to_numpy()[1].tolist() == [0.0, 1.0, 0.0]
    assert staying_probability(chain, 0, chain.cut) == pytest.approx(0.5)
