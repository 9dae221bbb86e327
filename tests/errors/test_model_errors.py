"""Models that do not keep the protocol, and models that fail while they are asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from fakes import FakeModel

import markovgpt as mg
from markovgpt import ArgumentError, ModelError


def _zeros(contexts: np.ndarray) -> np.ndarray:
    return np.zeros((len(contexts), 2))


def _spoiled(value: Any, row: int = 2) -> Any:
    """Logits of 0, but for one row: 10 in the only batch."""

    def answer(contexts: np.ndarray) -> np.ndarray:
        logits = _zeros(contexts)
        logits[row] = value
        return logits

    return answer


@pytest.mark.parametrize(
    ("attribute", "meaning"),
    [
        ("vocab_size", "the number of tokens"),
        ("context_length", "how many tokens the next one depends on"),
        ("next_logits", r"a method \(batch, length\) -> \(batch, vocab_size\)"),
    ],
)
def test_build_chain_refuses_a_model_without(attribute: str, meaning: str) -> None:
    """The attribute that is missing, and what it is for."""
    present = {"vocab_size": 2, "context_length": 2, "next_logits": _zeros}
    del present[attribute]
    model = type("Parrot", (), present)()
    with pytest.raises(ArgumentError, match=f"A model needs `{attribute}`, {meaning}: Parrot has none") as caught:
        mg.build_chain(model)
    assert caught.value.facts == {"attribute": attribute}


@pytest.mark.parametrize("value", [0, -2, 2.0, "2", True, None], ids=repr)
@pytest.mark.parametrize("attribute", ["vocab_size", "context_length"])
def test_build_chain_refuses_a_model_with_a_size_that_is_none(attribute: str, value: Any) -> None:
    """A whole number of at least 1."""
    model = FakeModel(_zeros, **{attribute: value})
    with pytest.raises(
        ArgumentError, match=f"`{attribute}` of a model must be a whole number of at least 1: FakeModel has"
    ):
        mg.build_chain(model)


def test_build_chain_refuses_a_model_whose_next_logits_is_no_method() -> None:
    """An array in its place."""
    model = type("Parrot", (), {"vocab_size": 2, "context_length": 2, "next_logits": np.zeros((4, 2))})()
    with pytest.raises(ArgumentError, match="`next_logits` of a model must be callable: that of Parrot is not"):
        mg.build_chain(model)


def test_tokens_that_are_a_layer_or_a_method_are_no_texts() -> None:
    """As of a network whose embedding has that name: its tokens are numbered."""
    for other in (torch.nn.Embedding(2, 3), lambda: "ab", 7):
        model = FakeModel(_zeros)
        model.tokens = other  # type: ignore[attr-defined]
        assert mg.build_chain(model).vocabulary.tokens == ("0", "1")


def test_build_chain_refuses_a_model_with_too_few_token_texts() -> None:
    """Two tokens, three texts."""
    model = FakeModel(_zeros)
    model.tokens = "abc"  # type: ignore[attr-defined]
    with pytest.raises(ArgumentError, match="FakeModel has vocab_size=2 but 3 token texts") as caught:
        mg.build_chain(model)
    assert caught.value.facts == {"vocab_size": 2, "tokens": 3}


def test_build_chain_refuses_an_unknown_strategy() -> None:
    """Those that there are stand in the message."""
    with pytest.raises(ArgumentError, match=r"Strategies are auto, .*batched.*: got 'psychic'") as caught:
        mg.build_chain(FakeModel(_zeros), strategy="psychic")
    assert caught.value.facts == {"strategy": "psychic"}


@pytest.mark.parametrize("batch_size", [0, -5])
def test_build_chain_refuses_a_batch_of_nothing(batch_size: int) -> None:
    """At least one context a call."""
    with pytest.raises(ArgumentError, match=f"batch_size must be a whole number of at least 1: got {batch_size}"):
        mg.build_chain(FakeModel(_zeros), batch_size=batch_size)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        pytest.param(lambda c: np.zeros((len(c), 3)), r"shape \(4, 2\): got shape \(4, 3\)", id="three tokens"),
        pytest.param(lambda _: np.zeros((1, 2)), r"got shape \(1, 2\)", id="one row for all"),
        pytest.param(lambda _: np.zeros(2), r"got shape \(2,\)", id="a vector"),
        pytest.param(lambda _: 0.0, r"got shape \(\)", id="a number"),
        pytest.param(
            lambda c: np.zeros((len(c), 2, 2)), r"got shape .* last position only: logits\[:, -1\]", id="all positions"
        ),
    ],
)
def test_build_chain_refuses_logits_of_another_shape(answer: Any, message: str) -> None:
    """Four contexts of two tokens: (4, 2) is wanted."""
    with pytest.raises(
        ModelError, match=f"next_logits of FakeModel must return one row of 2 logits a context, .*{message}"
    ) as caught:
        mg.build_chain(FakeModel(answer))
    assert caught.value.facts == {"expected": (4, 2), "got": np.shape(answer(np.zeros((4, 2))))}


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        pytest.param([0.0, np.nan], "got nan for token 1", id="NaN"),
        pytest.param([np.inf, 0.0], "got inf for token 0", id="plus infinity"),
        pytest.param([-np.inf, -np.inf], "got only -inf", id="all impossible"),
        pytest.param([np.inf, np.nan], "got inf for token 0", id="both"),
    ],
)
def test_build_chain_refuses_logits_that_are_no_law(bad: list[float], message: str) -> None:
    """The context 1 0 is named, the value, and how many rows are bad."""
    pattern = rf"Logits of FakeModel must be finite, or -inf .*: {message} at context \(1, 0\) \(1 of 4 rows"
    with pytest.raises(ModelError, match=pattern) as caught:
        mg.build_chain(FakeModel(_spoiled(bad)))
    assert caught.value.facts == {"context": (1, 0)}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [("logits", "str"), (object(), "object"), ([[1.0], [1.0, 2.0]], "list")],
    ids=["text", "object", "ragged"],
)
def test_build_chain_refuses_an_answer_that_is_no_array(answer: object, kind: str) -> None:
    """Its type is named, and what is wanted."""
    pattern = rf"FakeModel must return numbers as a numpy array, a torch tensor or nested lists: got {kind}\."
    with pytest.raises(ModelError, match=pattern):
        mg.build_chain(FakeModel(lambda _: answer))


def test_build_chain_refuses_no_answer() -> None:
    """A forgotten return: None is no row of logits."""
    with pytest.raises(ModelError, match=r"FakeModel must return one row of 2 logits a context, .* got shape \(\)"):
        mg.build_chain(FakeModel(lambda _: None))


def test_build_chain_keeps_the_exception_of_the_model() -> None:
    """It is the cause, and its text is in the message with the contexts that the model was given."""
    failure = RuntimeError("CUDA is on holiday")

    def answer(contexts: np.ndarray) -> np.ndarray:
        raise failure

    pattern = r"FakeModel failed on 4 contexts of length 2, the first \(0, 0\): RuntimeError: CUDA is on holiday"
    with pytest.raises(ModelError, match=pattern) as caught:
        mg.build_chain(FakeModel(answer))
    assert caught.value.__cause__ is failure


@pytest.mark.parametrize("code", [0, 3, None, "no GPU"])
def test_build_chain_reports_a_model_that_ends_the_program(code: Any) -> None:
    """Otherwise the program would end without a word, and with 0 as if all were well."""
    failure = SystemExit(code)

    def answer(contexts: np.ndarray) -> np.ndarray:
        raise failure

    with pytest.raises(ModelError) as caught:
        mg.build_chain(FakeModel(answer))
    assert str(caught.value).endswith(f"the model ended the program: {failure!r}")
    assert caught.value.__cause__ is failure


def test_build_chain_lets_the_user_interrupt_the_model() -> None:
    """Ctrl-C is no failure of the model."""

    def answer(contexts: np.ndarray) -> np.ndarray:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mg.build_chain(FakeModel(answer))


def test_build_chain_names_the_model_by_its_name() -> None:
    """Its own name, where it has one, in place of its class."""
    model = FakeModel(_spoiled([np.nan, 0.0]))
    model.name = "my-gpt"  # type: ignore[attr-defined]
    with pytest.raises(ModelError, match="Logits of my-gpt must be finite"):
        mg.build_chain(model)
