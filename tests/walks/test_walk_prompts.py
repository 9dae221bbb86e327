"""Is a model behind a fixed text the model after that text?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from walk_cases import cases

import markovgpt as mg
from markovgpt import ArgumentError, DataError


@given(case=cases(), data=st.data())
def test_prompt_stands_in_front_of_every_context(case, data):
    """P(t | c) behind a prompt is P(t | prompt c), at every length that fits."""
    assume(case.K > 1)
    prompt = tuple(data.draw(st.lists(st.integers(0, case.V - 1), min_size=1, max_size=case.K - 1)))
    chain = mg.build_chain(mg.with_prompt(case.model, prompt), lengths="all")
    assert chain.context_length == case.K - len(prompt)
    for s in range(chain.n_states):
        np.testing.assert_allclose(chain.row(s), case.law(prompt + chain.states.context(s)), rtol=1e-12, atol=1e-300)


@given(case=cases(), data=st.data())
def test_prompt_may_leave_a_shorter_context(case, data):
    """A context of 1 behind a prompt of 1: the law of two tokens, however long the model looks back."""
    assume(case.K > 1)
    token = data.draw(st.integers(0, case.V - 1))
    chain = mg.build_chain(mg.with_prompt(case.model, [token], context_length=1))
    for t in range(case.V):
        np.testing.assert_allclose(chain.row((t,)), case.law((token, t)), rtol=1e-12, atol=1e-300)


def test_prompt_is_cut_by_the_vocabulary():
    """A text of letters is two tokens."""
    table = np.random.default_rng(0).dirichlet([1, 1, 1], size=39)  # 3 + 9 + 27 contexts
    model = mg.from_matrix(table, lengths="all", tokens="abc")
    by_text, by_tokens = (mg.build_chain(mg.with_prompt(model, prompt)) for prompt in ("ba", (1, 0)))
    np.testing.assert_array_equal(by_text.probabilities, by_tokens.probabilities)


def test_prompt_is_cut_by_the_model_s_own_encode():
    """It may know better than its list of texts."""

    class Model:
        vocab_size, context_length, tokens = 3, 2, ("a", "b", "ab")

        def encode(self, text):
            return [2] if text == "ab" else [self.tokens.index(character) for character in text]

        def next_logits(self, contexts):
            return np.eye(3)[contexts[:, 0]]

    assert mg.build_chain(mg.with_prompt(Model(), "ab")).row("a").argmax() == 2


def test_prompt_and_restriction_go_together():
    """Behind "a", on {a, c}: the law of (a, c) on these two."""
    table = np.random.default_rng(1).dirichlet([1, 1, 1], size=12)
    model = mg.from_matrix(table, lengths="all", tokens="abc")
    part = mg.build_chain(mg.restrict_tokens(mg.with_prompt(model, "a"), [0, 2]))
    whole = mg.build_chain(model).row("ac")
    assert part.row("c") == pytest.approx(whole[[0, 2]] / whole[[0, 2]].sum())
    assert part.cut[1] == pytest.approx(whole[1])


def test_prompted_model_is_still_its_model():
    """Name and texts; the law is another one behind each prompt, and so is the fingerprint."""
    model = mg.from_matrix(np.full((6, 2), 0.5), lengths="all", tokens="ab", name="letters")
    prompted = mg.with_prompt(model, "a")
    assert prompted.name == "letters"
    assert len({model.fingerprint, prompted.fingerprint, mg.with_prompt(model, "b").fingerprint}) == 3
    assert prompted.fingerprint == mg.with_prompt(model, "a").fingerprint
    assert mg.build_chain(prompted).vocabulary.tokens == ("a", "b")


@pytest.mark.parametrize(
    ("prompt", "context_length", "message"),
    [
        pytest.param("ab", None, "looks back 2 tokens, of which the prompt takes 2: a context of 0", id="no room"),
        pytest.param("aba", None, "of which the prompt takes 3: a context of -1 does not fit", id="too long"),
        pytest.param("a", 2, "of which the prompt takes 1: a context of 2 does not fit", id="context too long"),
        pytest.param("a", 0, "a context of 0 does not fit", id="no context"),
    ],
)
def test_prompt_without_room_is_refused(prompt, context_length, message):
    """Two tokens in all."""
    model = mg.from_matrix(np.full((6, 2), 0.5), lengths="all", tokens="ab")
    with pytest.raises(ArgumentError, match=message):
        mg.with_prompt(model, prompt, context_length=context_length)


def test_prompt_with_an_unknown_letter_is_refused():
    """The letter and its place."""
    model = mg.from_matrix(np.full((14, 2), 0.5), lengths="all", tokens="ab")
    with pytest.raises(DataError, match="Token outside the vocabulary: character 'c' at position 1"):
        mg.with_prompt(model, "ac")


@pytest.mark.parametrize("prompt", [(2,), (-1,)], ids=str)
def test_prompt_with_an_unknown_token_is_refused(prompt):
    """Tokens are 0 and 1."""
    model = mg.from_matrix(np.full((6, 2), 0.5), lengths="all", tokens="ab")
    with pytest.raises(ArgumentError, match=rf"Tokens are 0\.\.1: got {prompt[0]}"):
        mg.with_prompt(model, prompt)
