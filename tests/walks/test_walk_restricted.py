"""Is a model on a few of its tokens the conditional law, and is what was left out known?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from walk_cases import Case, cases

import markovgpt as mg
from markovgpt import ArgumentError


@st.composite
def parts(draw: st.DrawFn) -> tuple[Case, list[int]]:
    """A positive model and some of its tokens, in any order."""
    case = draw(cases(positive=True))
    order = draw(st.permutations(range(case.V)))
    return case, order[: draw(st.integers(1, case.V))]


@given(part=parts())
def test_restricted_law_is_the_conditional_law(part):
    """p(t | c) / sum over kept tokens, for every context of kept tokens; the cut is one minus that sum."""
    case, kept = part
    chain = mg.build_chain(mg.restrict_tokens(case.model, kept), lengths="all")
    for s in range(chain.n_states):
        whole = case.law(tuple(kept[t] for t in chain.states.context(s)))
        inside = [whole[t] for t in kept]
        np.testing.assert_allclose(chain.row(s), np.array(inside) / sum(inside), rtol=1e-9)
        assert chain.cut[s] == pytest.approx(sum(whole) - sum(inside), abs=1e-12)


@given(part=parts())
def test_restricted_walk_is_the_conditional_law(part):
    """The same for reachable contexts; elsewhere gets what is left out."""
    case, kept = part
    chain = mg.reachable_chain(mg.restrict_tokens(case.model, kept), (0,), outside="absorb")
    for s in range(len(chain.contexts)):
        whole = case.law(tuple(kept[t] for t in chain.context(s)))
        np.testing.assert_allclose(chain.row(s), [whole[t] for t in kept], rtol=1e-9)


@given(case=cases())
def test_restriction_to_all_tokens_changes_nothing(case):
    """Not even the order; nothing is cut."""
    chain = mg.build_chain(mg.restrict_tokens(case.model, range(case.V)))
    np.testing.assert_allclose(chain.probabilities, mg.build_chain(case.model).probabilities, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(chain.cut, 0, atol=1e-15)


def test_restriction_keeps_texts_in_the_order_asked_for():
    """Tokens 2 and 0 become 0 and 1."""
    model = mg.from_matrix([[0.5, 0.25, 0.25]] * 3, tokens="abc", name="letters")
    part = mg.restrict_tokens(model, [2, 0])
    chain = mg.build_chain(part)
    assert chain.vocabulary.tokens == ("c", "a")
    assert chain.row("c") == pytest.approx([1 / 3, 2 / 3])
    assert chain.origin.model == "letters on 2 of 3 tokens"


def test_restriction_of_a_restriction_leaves_out_both():
    """A die of six on {0, 1, 2}, then on {1}: five sixths are outside."""
    die = mg.from_callable(lambda c: np.zeros((len(c), 6)), vocab_size=6, context_length=1)
    once = mg.build_chain(mg.restrict_tokens(die, [0, 1, 2]))
    assert once.cut == pytest.approx([0.5] * 3)


def test_cut_is_of_the_model_s_own_law_before_decoding():
    """Greedy decoding inside: the law is 1, and the half outside is still left out."""
    model = mg.from_matrix([[0.3, 0.2, 0.5]] * 3)
    chain = mg.build_chain(mg.restrict_tokens(model, [0, 1]), decoding=mg.Decoding(greedy=True))
    assert chain.probabilities.tolist() == [[1.0, 0.0]] * 2
    assert chain.cut == pytest.approx([0.5, 0.5])


def test_restriction_keeps_the_fingerprint_of_the_weights():
    """It is the same model."""
    model = mg.from_matrix([[0.5, 0.5]] * 2)
    assert mg.restrict_tokens(model, [1]).fingerprint == model.fingerprint


@pytest.mark.parametrize("tokens", [[], [0, 0], [-1], [3], [0, 7]], ids=str)
def test_restriction_to_what_are_no_tokens_is_refused(tokens):
    """Different numbers from 0 to 2, at least one."""
    model = mg.from_matrix([[0.5, 0.25, 0.25]] * 3)
    with pytest.raises(ArgumentError, match=r"needs different tokens from 0\.\.2, at least one: got \[") as caught:
        mg.restrict_tokens(model, tokens)
    assert caught.value.facts == {"tokens": tokens}


def test_restriction_to_impossible_tokens_is_refused_with_the_context():
    """Token 1 never follows 1: no law is left there."""
    model = mg.from_matrix([[0.5, 0.5], [1.0, 0.0]])
    with pytest.raises(mg.ModelError, match=r"got only -inf at context \(0,\)"):
        mg.build_chain(mg.restrict_tokens(model, [1]))
