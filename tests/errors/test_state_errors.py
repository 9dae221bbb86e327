"""What states, vocabularies and chains refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import markovgpt as mg
from markovgpt import ArgumentError, DataError, MarkovChain, NotComputedError, StateSpace, TableError, Vocabulary
from markovgpt.statespace import count_digits

FULL = StateSpace(vocab_size=2, context_length=3)
EVERY = StateSpace(vocab_size=2, context_length=3, lengths="all")
CHAIN = mg.chain_from_table([[0.5, 0.5], [0.25, 0.75]])


@pytest.mark.parametrize("value", [0, -1, 2.0, 2.5, "3", True, None], ids=repr)
@pytest.mark.parametrize("name", ["vocab_size", "context_length"])
def test_state_space_refuses_sizes_that_are_none(name: str, value: Any) -> None:
    """V and K are whole numbers of at least 1."""
    with pytest.raises(ArgumentError, match=rf"^{name} must be a whole number of at least 1: got ") as caught:
        StateSpace(**{"vocab_size": 2, "context_length": 3, name: value})
    assert caught.value.facts == {name: value}


def test_state_space_refuses_unknown_lengths() -> None:
    """Full or all."""
    with pytest.raises(ArgumentError, match=r"lengths must be 'full' \(K only\) or 'all' \(1\.\.K\): got 'short'"):
        StateSpace(vocab_size=2, context_length=3, lengths="short")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("space", "context", "message"),
    [
        pytest.param(FULL, (0, 1), r"A state of this chain has 3 tokens: got 2 in \(0, 1\)", id="too short"),
        pytest.param(FULL, (0, 1, 1, 1), r"A state of this chain has 3 tokens: got 4", id="too long"),
        pytest.param(EVERY, (0, 1, 1, 1), r"A state of this chain has 1 to 3 tokens: got 4", id="too long for all"),
        pytest.param(EVERY, (), r"A state of this chain has 1 to 3 tokens: got 0", id="empty"),
    ],
)
def test_index_refuses_a_context_of_another_length(space: StateSpace, context: tuple[int, ...], message: str) -> None:
    """The length is named, and which lengths there are."""
    with pytest.raises(ArgumentError, match=message) as caught:
        space.index(context)
    assert caught.value.facts == {"length": len(context)}


@pytest.mark.parametrize(
    ("token", "shown"),
    [(2, "2"), (-1, "-1"), (0.5, r"0\.5"), ("1", "'1'")],
    ids=["too large", "negative", "half", "text"],
)
def test_index_refuses_a_token_that_is_none(token: Any, shown: str) -> None:
    """Tokens of two are 0 and 1; place and context are named."""
    with pytest.raises(
        ArgumentError, match=rf"Tokens are 0\.\.1: got {shown} at position 1 of the context \(0, "
    ) as caught:
        FULL.index((0, token, 1))
    assert caught.value.facts == {"token": token, "position": 1}


@pytest.mark.parametrize("state", [-1, 8, 10**30])
@pytest.mark.parametrize("question", [FULL.context, FULL.length], ids=["context", "length"])
def test_state_space_refuses_a_state_outside(question: Callable[[int], object], state: int) -> None:
    """Eight states are 0 to 7; a negative one does not count from the end."""
    with pytest.raises(ArgumentError, match=rf"States are 0\.\.7: got {state}\.$") as caught:
        question(state)
    assert caught.value.facts == {"state": state}


@pytest.mark.parametrize("state", [-1, 8])
def test_successors_refuse_a_state_outside(state: int) -> None:
    """No arithmetic on states that do not exist."""
    with pytest.raises(ArgumentError, match=rf"States are 0\.\.7: got {state}\.$"):
        FULL.successors(np.array([0, state]))


def test_states_of_refuses_a_length_that_is_none() -> None:
    """Windows of 2 tokens are no states of a full-length chain with K = 3."""
    with pytest.raises(ArgumentError, match=r"A state of this chain has 3 tokens: got 2\."):
        FULL.states_of(np.array([0, 1, 1, 0]), 2)


@pytest.mark.parametrize(("vocab_size", "context_length"), [(0, 3), (2, 0)])
def test_count_digits_refuses_sizes_that_are_none(vocab_size: int, context_length: int) -> None:
    """The same rule as for a state space."""
    with pytest.raises(ArgumentError, match="must be a whole number of at least 1: got 0"):
        count_digits(vocab_size, context_length)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        pytest.param(2, r"States are 0\.\.1: got 2", id="index"),
        pytest.param(-1, r"States are 0\.\.1: got -1", id="negative index"),
        pytest.param("2", "'2' in the context '2' is no token of this model. Its 2 tokens are 0 1", id="label"),
        pytest.param("01", r"A state of this chain has 1 tokens: got 2", id="long label"),
        pytest.param("", r"A state of this chain has 1 tokens: got 0", id="empty label"),
        pytest.param((0, 1), r"A state of this chain has 1 tokens: got 2", id="tokens"),
    ],
)
def test_chain_refuses_a_state_that_is_none(state: Any, message: str) -> None:
    """Whether named by index, label or tokens."""
    with pytest.raises(ArgumentError, match=message):
        CHAIN.row(state)


@pytest.mark.parametrize("shape", [(3,), (1,), (2, 1), ()], ids=str)
@pytest.mark.parametrize("act", [CHAIN.push, CHAIN.pull], ids=["push", "pull"])
def test_chain_refuses_a_vector_of_another_shape(act: Callable[[np.ndarray], object], shape: tuple[int, ...]) -> None:
    """One number a state."""
    with pytest.raises(ArgumentError, match=r"A vector over 2 states is needed: got shape \("):
        act(np.ones(shape))


def test_to_numpy_refuses_more_than_10000_states() -> None:
    """2^14 states would take 2.1 GB; the message says what to call instead."""
    chain = mg.chain_from_table(np.full((2**14, 2), 0.5))
    with pytest.raises(
        NotComputedError, match=r"16384 states would take 2\.1 GB \(limit: 10000 states\). Use to_scipy"
    ):
        chain.to_numpy()


def test_decode_refuses_a_decoded_chain() -> None:
    """Rules do not commute: the message names the first."""
    cold = mg.decode(CHAIN, mg.Decoding(temperature=0.5))
    with pytest.raises(ArgumentError, match=r"decoded already \(temperature 0\.5\)"):
        mg.decode(cold, mg.Decoding(top_k=1))


def test_markov_chain_refuses_a_table_of_another_shape() -> None:
    """Eight states of two tokens need eight rows of two."""
    with pytest.raises(TableError, match=r"8 states and 2 tokens needs a table of shape \(8, 2\).*got shape \(4, 2\)"):
        MarkovChain(states=FULL, probabilities=np.full((4, 2), 0.5), vocabulary=Vocabulary.numbered(2))


def test_markov_chain_refuses_a_vocabulary_of_another_size() -> None:
    """Two tokens need two texts."""
    with pytest.raises(TableError, match=r"2 token texts: got shape .* and 3 texts"):
        MarkovChain(states=FULL, probabilities=np.full((8, 2), 0.5), vocabulary=Vocabulary.numbered(3))


@pytest.mark.parametrize(
    ("tokens", "message", "facts"),
    [
        pytest.param(("a", "b", "a"), "'a' stands for two tokens", {"token": "a"}, id="twice the same"),
        pytest.param((), "A vocabulary needs at least one token: got none", {}, id="none"),
        pytest.param(("a", 7), r"The text of a token is a string: got 7. Try str\(7\)", {"token": 7}, id="a number"),
    ],
)
def test_vocabulary_refuses_tokens(tokens: Any, message: str, facts: dict[str, Any]) -> None:
    """Texts, all different, at least one."""
    with pytest.raises(ArgumentError, match=message) as caught:
        Vocabulary(tokens=tokens)
    assert caught.value.facts == facts


def test_vocabulary_refuses_an_unknown_kind() -> None:
    """Characters, words or bytes."""
    with pytest.raises(ArgumentError, match="Text is cut into 'char', 'word' or 'byte' tokens: got 'letter'") as caught:
        Vocabulary.of_text("abc", kind="letter")  # type: ignore[arg-type]
    assert caught.value.facts == {"kind": "letter"}


@pytest.mark.parametrize(
    ("kind", "known", "text", "message", "position"),
    [
        pytest.param("char", "ab", "abac", "character 'c' at position 3", 3, id="character"),
        pytest.param("char", "ab", "a\nb", r"character '\\n' at position 1", 1, id="line end"),
        pytest.param("word", "the cat", "the dog", "word 'dog' at position 1", 1, id="word"),
        pytest.param("byte", "ab", "aé", r"byte '\\\\xc3' at position 1", 1, id="byte"),
    ],
)
def test_encode_refuses_a_token_outside_the_vocabulary(
    kind: Any, known: str, text: str, message: str, position: int
) -> None:
    """What it is, where it stands first, and what there is instead."""
    vocabulary = Vocabulary.of_text(known, kind=kind)
    with pytest.raises(
        DataError, match=f"Token outside the vocabulary: {message} of the data. The 2 tokens are"
    ) as caught:
        vocabulary.encode(text)
    assert caught.value.facts["position"] == position


@pytest.mark.parametrize("token", [2, -1])
@pytest.mark.parametrize("name", ["decode", "label"])
def test_vocabulary_refuses_a_token_outside(name: str, token: int) -> None:
    """A negative token does not count from the end."""
    with pytest.raises(ArgumentError, match=rf"Tokens are 0\.\.1: got {token}\.$") as caught:
        getattr(Vocabulary.numbered(2), name)([0, token])
    assert caught.value.facts == {"token": token}


def test_parse_refuses_a_part_that_is_no_token() -> None:
    """The part, the label, and the tokens there are."""
    with pytest.raises(
        ArgumentError, match=r"'x' in the context '0x1' is no token of this model\. Its 2 tokens are 0 1"
    ) as caught:
        Vocabulary.numbered(2).parse("0x1")
    assert caught.value.facts == {"part": "x", "label": "0x1"}


def test_parse_shortens_a_long_list_of_tokens() -> None:
    """Of 1,000 tokens the first 39 and the last are shown."""
    with pytest.raises(ArgumentError, match=r"Its 1000 tokens are 0 1 .* 38 \.\.\. 999\.$"):
        Vocabulary.numbered(1000).parse("zero")
