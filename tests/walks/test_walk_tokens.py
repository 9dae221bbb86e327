"""Which tokens does a text name, and which are the likeliest?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from walk_cases import cases

import markovgpt as mg
from markovgpt import ArgumentError

TOKENS = (" the", "7", "cat", " ", "\n", "#0", "a")


class Pieces:
    """Seven tokens, and an ``encode`` that cuts "cats" into "cat" and "a"... for want of an "s"."""

    vocab_size, context_length, tokens, name = len(TOKENS), 1, TOKENS, "pieces"

    def encode(self, text):
        known = {"the": [0], "cats": [2, 6], "dog": [6, 6, 6]}
        return known.get(text, [])

    def next_logits(self, contexts):
        return np.zeros((len(contexts), self.vocab_size))


@pytest.mark.parametrize(
    ("text", "token"),
    [
        pytest.param("cat", 2, id="text"),
        pytest.param(" the", 0, id="text with a blank"),
        pytest.param(" ", 3, id="blank"),
        pytest.param("␣", 3, id="visible name of the blank"),
        pytest.param("⏎", 4, id="visible name of the line end"),
        pytest.param("the", 0, id="by encode"),
        pytest.param("7", 1, id="text that is a number"),
        pytest.param("#7", None, id="number beyond the vocabulary"),
        pytest.param("3", 3, id="number"),
        pytest.param("#3", 3, id="number with its sign"),
        pytest.param("#1", 1, id="number of a token that is a number"),
        pytest.param("#0", 0, id="number, although a token reads like it"),
    ],
)
def test_token_is_found(text, token):
    """By its text, its visible name, the model's encode, or its number."""
    if token is None:
        with pytest.raises(ArgumentError, match="'#7' is no token of pieces, which has 7"):
            mg.find_tokens(Pieces(), [text])
    else:
        assert mg.find_tokens(Pieces(), [text]) == [token]


@given(case=cases())
def test_every_token_is_found_by_its_number(case):
    """#0 up to #(V - 1), in the order asked for."""
    assert mg.find_tokens(case.model, [f"#{t}" for t in reversed(range(case.V))]) == list(reversed(range(case.V)))


@given(texts=st.lists(st.text(max_size=3), min_size=1, max_size=6, unique=True))
def test_every_token_is_found_by_its_text(texts):
    """Any text but one that reads like the number of another token."""
    model = mg.from_callable(
        lambda c: np.zeros((len(c), len(texts))), vocab_size=len(texts), context_length=1, tokens=texts
    )
    plain = [text for text in texts if text[:1] != "#"]
    assert [texts[token] for token in mg.find_tokens(model, plain)] == plain


def test_text_that_is_several_tokens_is_refused_with_the_pieces():
    """How the model cuts it, and how to name one token."""
    with pytest.raises(
        ArgumentError, match=r"'cats' is not one token of pieces: it is split into 2: 'cat' 'a'\. Name single tokens"
    ) as caught:
        mg.find_tokens(Pieces(), ["cat", "cats"])
    assert caught.value.facts == {"text": "cats", "pieces": [2, 6]}


@pytest.mark.parametrize(("text", "hint"), [("cta", "Did you mean 'cat'?"), ("zebra", "")])
def test_text_that_is_no_token_is_refused_with_the_nearest(text, hint):
    """What the model has, and what may be meant."""
    with pytest.raises(ArgumentError, match=f"'{text}' is no token of pieces, which has 7: ") as caught:
        mg.find_tokens(Pieces(), [text])
    assert str(caught.value).endswith(hint or ".")


@pytest.mark.parametrize("text", ["7", "-1", "1.0", "#", "#-1", "", "²"])
def test_number_that_is_no_token_is_refused(text):
    """Whole numbers from 0 to 1 only."""
    with pytest.raises(ArgumentError, match="is no token of table, which has 2: x y"):
        mg.find_tokens(mg.from_matrix([[0.5, 0.5]] * 2, tokens="xy"), [text])


@given(case=cases(), data=st.data())
def test_likeliest_tokens_are_the_largest_probabilities(case, data):
    """Sorted, likeliest first, the lowest of equals first; n of them."""
    n = data.draw(st.integers(1, case.V))
    law = case.law(case.start)
    found = mg.likeliest_tokens(case.model, case.start, n)
    logits = np.asarray(case.model.next_logits(np.array([case.start])))[0]
    assert found == sorted(range(case.V), key=lambda t: (-logits[t], t))[:n]
    assert [law[t] for t in found] == sorted(law, reverse=True)[:n]


def test_likeliest_tokens_look_at_the_last_tokens_only():
    """A context longer than K is cut on the left."""
    model = mg.from_matrix([[0.9, 0.1], [0.2, 0.8]])
    assert mg.likeliest_tokens(model, [0, 0, 0, 1], 1) == [1]
    assert mg.likeliest_tokens(model, [1, 1, 1, 0], 1) == [0]


@pytest.mark.parametrize("n", [0, 3, -1])
def test_likeliest_tokens_are_refused_when_there_are_not_so_many(n):
    """From 1 to V."""
    with pytest.raises(ArgumentError, match=f"The number of likeliest tokens is from 1 to 2: got {n}") as caught:
        mg.likeliest_tokens(mg.from_matrix([[0.5, 0.5]] * 2), [0], n)
    assert caught.value.facts == {"n": n}


def test_likeliest_tokens_after_nothing_are_refused():
    """A model has no law for the empty context."""
    with pytest.raises(ArgumentError, match="those after a context of at least one token: got none"):
        mg.likeliest_tokens(mg.from_matrix([[0.5, 0.5]] * 2), [], 1)
