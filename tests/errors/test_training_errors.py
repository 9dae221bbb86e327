"""Networks and trainings that cannot be, and trainings that are stopped."""

from __future__ import annotations

from typing import Any

import pytest

import markovgpt as mg
from markovgpt import ArgumentError
from markovgpt.errors import TrainingInterruptedError
from markovgpt.models.mingpt import MinGPTConfig
from markovgpt.models.training import TrainingSettings

_NAN = float("nan")


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("steps", -1, "at least 0"),
        ("learning_rate", 0.0, "above 0"),
        ("learning_rate", -1e-3, "above 0"),
        ("learning_rate", _NAN, "above 0"),
        ("weight_decay", -0.1, "at least 0"),
        ("weight_decay", _NAN, "at least 0"),
        ("batch_size", 0, "at least 1"),
        ("loss", "first", "'last' or 'all'"),
        ("validation", 1.0, "from 0 to below 1"),
        ("validation", -0.1, "from 0 to below 1"),
        ("validation", _NAN, "from 0 to below 1"),
    ],
)
def test_training_settings_refuse_a_value_out_of_range(name: str, value: Any, rule: str) -> None:
    """Which setting, which rule, what was given."""
    with pytest.raises(ArgumentError, match=f"^{name} must be {rule}: got {value!r}") as caught:
        TrainingSettings(**{name: value})
    assert caught.value.facts == {"name": name}


@pytest.mark.parametrize("value", [0, -1, 2.0, "4", True], ids=repr)
@pytest.mark.parametrize("name", ["vocab_size", "context_length", "n_layer", "n_head", "n_embd"])
def test_network_refuses_a_size_that_is_none(name: str, value: Any) -> None:
    """Whole numbers of at least 1."""
    with pytest.raises(ArgumentError, match=f"^{name} must be a whole number of at least 1: got {value!r}") as caught:
        MinGPTConfig(**{"vocab_size": 2, "context_length": 3, name: value})
    assert caught.value.facts == {name: value}


def test_network_refuses_heads_that_do_not_divide_the_embedding() -> None:
    """16 numbers in 5 slices: the next multiple of 5 is 20."""
    pattern = "n_embd must be a multiple of n_head.* got n_embd=16 and n_head=5. The nearest that fits is n_embd=20"
    with pytest.raises(ArgumentError, match=pattern):
        MinGPTConfig(vocab_size=2, context_length=3, n_embd=16, n_head=5)


def test_network_refuses_an_unknown_activation() -> None:
    """GELU, exact or approximated."""
    with pytest.raises(ArgumentError, match="gelu must be 'exact' or 'tanh': got 'relu'"):
        MinGPTConfig(vocab_size=2, context_length=3, gelu="relu")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "got"), [({}, "neither"), ({"data": "abcabc", "vocab_size": 3}, "both")], ids=["neither", "both"]
)
def test_mingpt_takes_data_or_a_number_of_tokens(options: dict[str, Any], got: str) -> None:
    """One of the two says what the tokens are."""
    with pytest.raises(
        ArgumentError, match=rf"\(--data FILE\), or the number of tokens .*vocab_size=27\): got {got}\."
    ):
        mg.load_model("mingpt", **options)


def test_mingpt_refuses_to_be_trained_without_data() -> None:
    """Steps need something to learn."""
    with pytest.raises(
        ArgumentError, match="mingpt cannot be trained for 10 steps without data: give --data FILE"
    ) as caught:
        mg.load_model("mingpt", vocab_size=3, steps=10)
    assert caught.value.facts == {"steps": 10}


def test_mingpt_refuses_no_tokens() -> None:
    """Zero is a number of tokens that was given, not one that is missing."""
    with pytest.raises(ArgumentError, match="A vocabulary needs at least one token: got none"):
        mg.load_model("mingpt", vocab_size=0)


def test_interrupted_training_keeps_the_model_as_far_as_it_got() -> None:
    """Ctrl-C in step 3 of 50: the losses of three steps, and a model that answers."""

    def interrupt(what: str, done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(
        TrainingInterruptedError, match="Training of babygpt was interrupted after 3 of 50 steps"
    ) as caught:
        mg.load_model("babygpt", progress=interrupt)
    model = caught.value.facts["model"]
    assert (len(model.training.losses), model.training.interrupted, model.training.validation_loss) == (3, True, None)
    assert mg.build_chain(model).fingerprint == mg.build_chain(mg.load_model("babygpt", steps=3)).fingerprint


def test_interrupted_training_leaves_the_model_ready_to_be_asked() -> None:
    """The network is in evaluation mode, as after a training that ends."""

    def interrupt(what: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(TrainingInterruptedError, match="after 1 of 9 steps") as caught:
        mg.load_model("mingpt", data="abcabcabcabc", steps=9, progress=interrupt)
    assert not caught.value.facts["model"].network.training


def test_size_check_stops_before_training() -> None:
    """The check is called with V and K before the first step; what it raises comes out."""

    def check(vocab_size: int, context_length: int) -> None:
        raise ArgumentError(f"V={vocab_size}, K={context_length} will not do")

    steps: list[int] = []
    with pytest.raises(ArgumentError, match="V=2, K=5 will not do"):
        mg.load_model("babygpt", context_length=5, check=check, progress=lambda *report: steps.append(report[1]))
    assert steps == []
