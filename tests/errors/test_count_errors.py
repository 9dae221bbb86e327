"""What cannot be counted: arguments that contradict each other, and data without a context of full length."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import markovgpt as mg
from markovgpt import ArgumentError, DataError, StateSpace


def test_count_ngrams_refuses_too_few_tokens() -> None:
    """Three tokens hold no context of three with a token after it."""
    pattern = (
        "Counting what follows 3 tokens needs 4 in a row: the longest sequence has 3. Give more data or a shorter "
        "context, or put a start token in front"
    )
    with pytest.raises(DataError, match=pattern) as caught:
        mg.count_ngrams([[0, 1, 0], [0]], vocab_size=2, context_length=3)
    assert caught.value.facts == {"n": 3, "context_length": 3}


def test_count_data_refuses_gaps_that_leave_too_few_tokens() -> None:
    """ab?ab: five characters, but no three in a row."""
    pattern = "follows 2 tokens needs 3 in a row, since 1 unknown tokens are left out: the longest sequence has 5"
    with pytest.raises(DataError, match=pattern):
        mg.count_data("ab?ab", vocabulary=mg.Vocabulary.of_text("ab"), context_length=2, unknown="skip")


@pytest.mark.parametrize("sequences", [[], [[]], [[], []]], ids=["no sequence", "an empty one", "two"])
def test_count_ngrams_refuses_data_without_tokens(sequences: list[Any]) -> None:
    """There is nothing to count."""
    with pytest.raises(DataError, match="The data hold no token: there is nothing to count"):
        mg.count_ngrams(sequences, vocab_size=2, context_length=1)


def test_count_data_refuses_data_of_which_every_token_is_unknown() -> None:
    """Another alphabet."""
    pattern = "The data hold no token, since 3 unknown tokens are left out: there is nothing to count"
    with pytest.raises(DataError, match=pattern):
        mg.count_data("αβγ", vocabulary=mg.Vocabulary.of_text("abc"), context_length=1, unknown="skip")


@pytest.mark.parametrize(("token", "position"), [(2, 4), (-1, 4)], ids=["too large", "negative"])
def test_count_ngrams_refuses_a_token_outside_the_vocabulary(token: int, position: int) -> None:
    """Token and place."""
    with pytest.raises(
        DataError, match=rf"Tokens are 0\.\.1: got {token} at position {position} of the data"
    ) as caught:
        mg.count_ngrams([0, 1, 0, 1, token, 0], vocab_size=2, context_length=1)
    assert caught.value.facts == {"token": token, "position": position}


def test_count_ngrams_says_which_sequence_has_a_token_outside_the_vocabulary() -> None:
    """The second."""
    with pytest.raises(DataError, match=r"Tokens are 0\.\.1: got 7 at position 1 of sequence 2"):
        mg.count_ngrams([[0, 1], [0, 7]], vocab_size=2, context_length=1)


@pytest.mark.parametrize(
    ("tokens", "got"),
    [
        pytest.param([0.5, 1.0, 0.0], r"an array of float64 of shape \(3,\) in the data", id="fractions"),
        pytest.param("0101", r"an array of <U4 of shape \(\) in the data.*vocabulary\.encode", id="a text"),
        pytest.param(list("0101"), r"an array of <U1 of shape \(4,\) in the data.*vocabulary\.encode", id="texts"),
        pytest.param([True, False, True], r"an array of bool of shape \(3,\) in the data", id="truth values"),
        pytest.param([[0, 1], ["a"]], r"an array of <U1 of shape \(1,\) in sequence 2", id="texts in the second"),
        pytest.param(np.zeros((2, 2, 2), dtype=int), r"an array of int64 of shape \(2, 2\) in sequence 1", id="a cube"),
        pytest.param([[[0], [1, 2]]], r"an array of object of shape \(2,\) in sequence 1", id="sequences of sequences"),
        pytest.param(7, "int", id="a number"),
    ],
)
def test_count_ngrams_refuses_what_is_no_sequence_of_tokens(tokens: Any, got: str) -> None:
    """Nothing is rounded, cut or joined in silence."""
    with pytest.raises(DataError, match=f"Tokens are a sequence of whole numbers, or several: got {got}"):
        mg.count_ngrams(tokens, vocab_size=2, context_length=1)


@pytest.mark.parametrize("name", ["start", "end"])
def test_count_ngrams_refuses_ends_that_are_no_tokens(name: str) -> None:
    """A token of its own needs a place in the vocabulary."""
    with pytest.raises(ArgumentError, match=rf"The {name} of a sequence is a token, 0\.\.1: got 2") as caught:
        mg.count_ngrams([0, 1], vocab_size=2, context_length=1, **{name: 2})  # type: ignore[arg-type]
    assert caught.value.facts == {"token": 2}


@pytest.mark.parametrize("name", ["start", "end"])
def test_count_ngrams_refuses_ends_of_circular_sequences(name: str) -> None:
    """A ring has none."""
    with pytest.raises(ArgumentError, match="Circular sequences have no start and no end: give circular=True, or"):
        mg.count_ngrams([0, 1], vocab_size=2, context_length=1, circular=True, **{name: 0})  # type: ignore[arg-type]


@pytest.mark.parametrize(("vocab_size", "context_length"), [(0, 1), (2, 0), (2, -1), (2.5, 1)])
def test_count_ngrams_refuses_what_are_no_sizes(vocab_size: Any, context_length: Any) -> None:
    """As for any state space."""
    with pytest.raises(ArgumentError, match="must be a whole number of at least 1"):
        mg.count_ngrams([0, 1], vocab_size=vocab_size, context_length=context_length)


def test_count_ngrams_refuses_grams_that_cannot_be_numbered() -> None:
    """50,257^5 is above 2^63, 50,257^4 below: contexts of 3 can be counted."""
    pattern = (
        "50,257 tokens in a context of 4 have too many grams to be numbered in 63 bits. Contexts of up to 3 tokens"
    )
    with pytest.raises(ArgumentError, match=pattern):
        mg.count_ngrams([0, 1], vocab_size=50257, context_length=4)


@pytest.mark.parametrize("context", [(0, 1, 0), (0, 1, 0, 1)], ids=["one too many", "two"])
def test_counts_refuse_contexts_that_are_too_long(context: tuple[int, ...]) -> None:
    """Up to K were counted."""
    counts = mg.count_ngrams([0, 1, 0], vocab_size=2, context_length=2)
    with pytest.raises(ArgumentError, match=f"Contexts of 0 to 2 tokens were counted: got one of {len(context)}"):
        counts.after(context)


@pytest.mark.parametrize("length", [-1, 3])
def test_suffixes_refuse_other_lengths(length: int) -> None:
    """0 to K."""
    counts = mg.count_ngrams([0, 1, 0], vocab_size=2, context_length=2)
    with pytest.raises(ArgumentError, match=f"Contexts of 0 to 2 tokens were counted: got one of {length}"):
        counts.suffixes(length)


@pytest.mark.parametrize(("vocab_size", "context_length"), [(3, 2), (2, 3)], ids=["tokens", "length"])
def test_counts_refuse_states_that_were_not_counted(vocab_size: int, context_length: int) -> None:
    """Other tokens, or longer contexts."""
    counts = mg.count_ngrams([0, 1, 0], vocab_size=2, context_length=2)
    pattern = r"Counts of 2 tokens after up to 2 others are not over the states of StateSpace"
    with pytest.raises(ArgumentError, match=pattern):
        counts.on(StateSpace(vocab_size=vocab_size, context_length=context_length))
