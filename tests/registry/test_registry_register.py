"""Does ``register`` give a name to a model, a function or a class?"""

from __future__ import annotations

import pytest

import markovgpt as mg
from markovgpt import ArgumentError


def _coin(*, bias: float = 0.5):
    return mg.from_matrix([[1 - bias, bias]] * 2, name="coin")


def test_register_keeps_a_finished_model():
    """The very object."""
    model = _coin()
    assert mg.register("fair", model) is model
    assert mg.load_model("fair") is model


def test_register_keeps_a_factory():
    """Called anew at each loading, with options."""
    mg.register("coin", _coin)
    first, second = mg.load_model("coin", bias=0.25), mg.load_model("coin")
    assert mg.build_chain(first).row("0").tolist() == pytest.approx([0.75, 0.25])
    assert mg.build_chain(second).row("0").tolist() == pytest.approx([0.5, 0.5])


def test_register_is_a_decorator_of_functions():
    """The function stays what it was."""

    @mg.register("coin")
    def coin(*, bias: float = 0.5):
        return _coin(bias=bias)

    assert coin(bias=0.5).name == "coin"
    assert mg.build_chain(mg.load_model("coin", bias="0.25")).row("0").tolist() == pytest.approx([0.75, 0.25])


def test_register_is_a_decorator_of_classes():
    """A class behind the protocol is made when it is loaded."""

    @mg.register("uniform")
    class Uniform:
        context_length = 1

        def __init__(self, *, vocab_size: int = 2):
            self.vocab_size = vocab_size

        def next_logits(self, contexts):
            return [[0.0] * self.vocab_size] * len(contexts)

    assert isinstance(mg.load_model("uniform"), Uniform)
    assert mg.load_model("uniform", vocab_size="5").vocab_size == 5


def test_register_is_listed():
    """With the sizes of a finished model, without those of a factory."""
    mg.register("fair", _coin())
    mg.register("coin", _coin)
    entries = {entry.name: entry for entry in mg.list_models()}
    assert (entries["fair"].source, entries["fair"].vocab_size, entries["fair"].context_length) == ("registered", 2, 1)
    assert (entries["coin"].source, entries["coin"].description, entries["coin"].vocab_size) == (
        "registered",
        "_coin",
        None,
    )


@pytest.mark.parametrize("name", ["babygpt", "mingpt", "ngram", "mine"])
@pytest.mark.parametrize("as_decorator", [False, True])
def test_register_refuses_a_name_that_is_taken(name, as_decorator):
    """By a built-in model, or by an earlier call; the earlier model stays."""
    first = _coin()
    mg.register("mine", first)
    with pytest.raises(ArgumentError, match=f"There is a model '{name}' already: choose another name") as caught:
        mg.register(name)(_coin) if as_decorator else mg.register(name, _coin())
    assert caught.value.facts == {"name": name}
    assert mg.load_model("mine") is first


@pytest.mark.parametrize("name", ["", "a:b", "a/b", "a\\b", "models.py:coin"])
def test_register_refuses_what_reads_like_a_place(name):
    """A colon or a slash would be taken for a file."""
    with pytest.raises(ArgumentError, match="The name of a model has no colon or slash and is not empty: got"):
        mg.register(name, _coin())
