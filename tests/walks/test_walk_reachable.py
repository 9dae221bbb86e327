"""Is the chain of reachable contexts what one finds by following every arrow from the start?"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from brute import reach
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import rules
from walk_cases import cases, matrix_of

import markovgpt as mg


def _alike(found, expected):
    """The same arrows, and the same probabilities to 1e-12."""
    assert {s: set(row) for s, row in found.items()} == {s: set(row) for s, row in expected.items()}
    for state, row in expected.items():
        assert found[state] == pytest.approx(row, rel=1e-12, abs=1e-300)


@given(case=cases())
def test_walk_finds_the_contexts_that_can_be_reached(case):
    """Without a threshold: every arrow of a positive probability, one by one."""
    rows, _ = reach(case.law, case.start, K=case.K)
    _alike(matrix_of(mg.reachable_chain(case.model, case.start)), rows)


@given(case=cases())
def test_walk_is_a_part_of_the_whole_chain(case):
    """The matrix of all contexts, restricted to those that are reached: rows are whole, since nothing leads out."""
    chain = mg.reachable_chain(case.model, case.start)
    places = [case.chain.states.index(chain.context(s)) for s in range(chain.n_states)]
    whole = case.chain.to_numpy()[np.ix_(places, places)]
    np.testing.assert_allclose(chain.to_numpy(), whole, rtol=1e-12, atol=1e-300)


@given(case=cases(positive=True))
def test_walk_of_a_positive_model_finds_everything(case):
    """All V^K contexts of length K; of a shorter length those that begin with the start: V^(L - len(start))."""
    chain = mg.reachable_chain(case.model, case.start)
    shorter = sum(case.V ** (length - len(case.start)) for length in range(len(case.start), case.K))
    assert chain.n_states == case.V**case.K + shorter
    assert len({chain.context(s) for s in range(chain.n_states)}) == chain.n_states


@given(case=cases(), threshold=st.floats(0, 0.99))
def test_walk_above_a_threshold_keeps_what_the_definition_keeps(case, threshold):
    """Arrows at least as likely as the threshold, and always the likeliest; divided by their sum."""
    assume(abs(case.chain.probabilities - threshold).min() > 1e-9)
    rows, cut = reach(case.law, case.start, K=case.K, min_probability=threshold)
    chain = mg.reachable_chain(case.model, case.start, min_probability=threshold)
    _alike(matrix_of(chain), rows)
    found = {chain.context(s): float(chain.cut[s]) for s in range(chain.n_states)}
    assert found == pytest.approx(cut, rel=1e-9, abs=1e-15)


@given(case=cases(), threshold=st.floats(0, 0.99), end=st.booleans())
def test_walk_with_an_end_keeps_what_the_definition_keeps(case, threshold, end):
    """The last token ends a sequence: it leads to "(end)", which stays where it is."""
    assume(abs(case.chain.probabilities - threshold).min() > 1e-9)
    token = case.V - 1 if end else None
    rows, _ = reach(case.law, case.start, K=case.K, min_probability=threshold, end=token)
    if any("(end)" in row for row in rows.values()):
        rows["(end)"] = {"(end)": 1.0}
    _alike(matrix_of(mg.reachable_chain(case.model, case.start, min_probability=threshold, end=token)), rows)


@given(
    case=cases(),
    threshold=st.floats(0, 0.99),
    end=st.booleans(),
    at_end=st.sampled_from(["absorb", "restart"]),
    outside=st.sampled_from(["renormalise", "absorb"]),
)
def test_walk_has_rows_that_sum_to_1_and_cuts_from_0_to_1(case, threshold, end, at_end, outside):
    """Whatever becomes of the end and of the cut; the special states come last, are absorbing, and cut nothing."""
    token = case.V - 1 if end else None
    chain = mg.reachable_chain(
        case.model, case.start, min_probability=threshold, end=token, at_end=at_end, outside=outside
    )
    np.testing.assert_allclose(chain.to_scipy().sum(axis=1), 1, rtol=1e-12)
    assert (chain.to_scipy().data > 0).all()
    assert ((chain.cut >= 0) & (chain.cut <= 1)).all()
    assert chain.context(0) == case.start
    for s in range(len(chain.contexts), chain.n_states):
        assert chain.to_numpy()[s, s] == 1.0
        assert chain.cut[s] == 0.0


@given(case=cases(), threshold=st.floats(0, 0.99))
def test_walk_that_leads_elsewhere_conserves_probability(case, threshold):
    """What was cut off at a state is its arrow to "(elsewhere)"; the others have their own probability, undivided."""
    chain = mg.reachable_chain(case.model, case.start, min_probability=threshold, outside="absorb")
    rows = matrix_of(chain)
    for s in range(len(chain.contexts)):
        context = chain.context(s)
        law = case.law(context)
        assert rows[context].get("(elsewhere)", 0.0) == pytest.approx(chain.cut[s], abs=1e-15)
        for token, p in enumerate(chain.row(context)):
            assert p == pytest.approx(law[token] if p > 0 else 0.0, rel=1e-9, abs=1e-15)


@given(case=cases(), thresholds=st.lists(st.floats(0, 0.99), min_size=2, max_size=4))
def test_walk_grows_when_the_threshold_falls(case, thresholds):
    """A lower threshold keeps every arrow that a higher one keeps, so it reaches every state."""
    found = []
    for threshold in sorted(thresholds, reverse=True):
        chain = mg.reachable_chain(case.model, case.start, min_probability=threshold)
        found.append({chain.context(s) for s in range(chain.n_states)})
    assert all(before <= after for before, after in pairwise(found))


@given(case=cases(), rule=rules())
def test_walk_decodes_as_the_whole_chain_does(case, rule):
    """The rule is applied to each state's logits: rows equal those of ``build_chain(decoding=...)``."""
    chain = mg.reachable_chain(case.model, case.start, decoding=rule)
    whole = mg.build_chain(case.model, lengths="all", decoding=rule)
    for s in range(chain.n_states):
        np.testing.assert_allclose(chain.row(s), whole.row(chain.context(s)), rtol=1e-12, atol=0)


@given(case=cases(), batch_size=st.integers(1, 7))
def test_walk_does_not_depend_on_the_batch_size(case, batch_size):
    """The same states in the same order, the same matrix."""
    one, other = (mg.reachable_chain(case.model, case.start, batch_size=size) for size in (batch_size, 1024))
    assert one.fingerprint == other.fingerprint


def test_walk_asks_about_every_context_once():
    """A positive model of V = 2, K = 3 from (0): 1 + 2 + 8 contexts, 1 + 4 + 24 tokens, one call a depth."""
    seen = []

    def law(contexts):
        seen.extend(map(tuple, contexts.tolist()))
        return np.zeros((len(contexts), 2))

    chain = mg.reachable_chain(mg.from_callable(law, vocab_size=2, context_length=3), (0,))
    assert len(seen) == len(set(seen)) == chain.n_states == 11
    assert chain.origin.token_positions == 1 + 2 * 2 + 8 * 3
    assert chain.origin.model_calls == 4  # depths 0, 1, 2, and the contexts that no longer begin with the start


def test_walk_reports_progress_up_to_its_states():
    """The last report says that all are done."""
    reports = []
    model = mg.from_callable(lambda c: np.zeros((len(c), 2)), vocab_size=2, context_length=3)
    mg.reachable_chain(model, "0", batch_size=3, progress=lambda *report: reports.append(report))
    assert reports[-1] == ("walking the contexts", 11, 11)
    assert [done for _, done, _ in reports] == sorted(done for _, done, _ in reports)


def test_walk_reaches_where_enumeration_cannot():
    """5,000^200 contexts; greedy decoding of "the next number, up to 9" meets 209 of them."""

    def law(contexts):
        logits = np.full((len(contexts), 5000), -30.0)
        logits[np.arange(len(contexts)), np.minimum(contexts[:, -1] + 1, 9)] = 0.0
        return logits

    model = mg.from_callable(law, vocab_size=5000, context_length=200)
    chain = mg.reachable_chain(model, (0,), decoding=mg.Decoding(greedy=True))
    assert chain.n_states == 209  # growing to 200 tokens, then 9 steps until the numbers below 9 have left
    assert chain.context(208) == (9,) * 200
    assert mg.stationary_distribution(chain).states.tolist() == [208]


def test_walk_labels_and_finds_its_states():
    """By index, label and tokens."""
    chain = mg.reachable_chain(mg.from_matrix([[0.5, 0.5], [0.9, 0.1]]), "0", end=1)
    assert [chain.label(s) for s in range(chain.n_states)] == ["0", "(end)"]
    assert chain.state("0") == chain.state((0,)) == chain.state(0) == 0
    assert chain.state("(end)") == 1
    assert chain.context(1) == ()
    assert repr(chain) == "<SparseChain of table: 2 reachable states, V=2, K=1>"


def test_walk_takes_the_end_as_number_or_label():
    """The same chain."""
    model = mg.from_matrix([[0.5, 0.5], [0.9, 0.1]], tokens=["a", "."])
    assert mg.reachable_chain(model, "a", end=".").fingerprint == mg.reachable_chain(model, (0,), end=1).fingerprint


def test_walk_row_leaves_out_what_leads_elsewhere():
    """Two thirds of a fair die of six lead out of a vocabulary of two: rows sum to 1/3."""
    die = mg.from_callable(lambda c: np.zeros((len(c), 6)), vocab_size=6, context_length=1)
    chain = mg.reachable_chain(mg.restrict_tokens(die, [0, 5]), "0", outside="absorb")
    assert chain.row("0") == pytest.approx([1 / 6, 1 / 6])
    assert chain.to_numpy()[0] == pytest.approx([1 / 6, 1 / 6, 2 / 3])


@given(case=cases(), threshold=st.floats(0, 0.9))
def test_walk_pushes_and_pulls_with_its_matrix(case, threshold):
    """mu P and P f by the dense matrix."""
    chain = mg.reachable_chain(case.model, case.start, min_probability=threshold, end=0, outside="absorb")
    v = np.arange(1.0, chain.n_states + 1)
    np.testing.assert_allclose(chain.push(v), v @ chain.to_numpy(), rtol=1e-12)
    np.testing.assert_allclose(chain.pull(v), chain.to_numpy() @ v, rtol=1e-12)


@given(case=cases())
def test_walk_is_analysed_like_any_chain(case):
    """Recurrent classes and their laws: those of the whole chain that can be reached."""
    chain = mg.reachable_chain(case.model, case.start)
    reached = {chain.context(s) for s in range(chain.n_states)}
    expected = []
    for pi in mg.stationary_distributions(case.chain):
        contexts = {case.chain.states.context(int(s)): float(pi.probabilities[s]) for s in pi.states}
        if set(contexts) <= reached:
            expected.append(contexts)
    found = [
        {chain.context(int(s)): float(pi.probabilities[s]) for s in pi.states}
        for pi in mg.stationary_distributions(chain)
    ]
    assert sorted(map(sorted, found)) == sorted(map(sorted, expected))
    for contexts in expected:
        same = next(other for other in found if set(other) == set(contexts))
        assert same == pytest.approx(contexts, rel=1e-9)
