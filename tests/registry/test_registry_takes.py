"""Does a model take an option? Asked before it is made, of everything that a name can mean."""

from __future__ import annotations

import pytest

import markovgpt as mg
from markovgpt import ModelLoadError
from markovgpt.registry import takes_option

CODE = """
import markovgpt as mg

class Coin:
    vocab_size, context_length = 2, 1

    def __init__(self, heads: float = 0.5):
        pass

    def next_logits(self, contexts):
        return [[0.0, 0.0]] * len(contexts)

finished = Coin()

def make(*, data: str = "", checkpoint=None):
    raise AssertionError("made")

def anything(**options):
    raise AssertionError("made")
"""


@pytest.mark.parametrize(
    ("model", "option", "expected"),
    [
        ("babygpt", "checkpoint", True),
        ("babygpt", "vocab_size", False),
        ("mingpt", "vocab_size", True),
        ("ngram", "checkpoint", False),
        ("ngram", "data", True),
        ("fake_coin.py:make", "data", True),
        ("fake_coin.py:make", "checkpoint", True),
        ("fake_coin.py:make", "steps", False),
        ("fake_coin.py:Coin", "heads", True),
        ("fake_coin.py:Coin", "tails", False),
        ("fake_coin.py:finished", "heads", False),
        ("fake_coin.py:anything", "data", False),
    ],
)
def test_takes_option_reads_what_a_factory_declares(write, model, option, expected):
    """By name, and without making the model; a finished one takes none."""
    write("fake_coin.py", CODE)
    assert takes_option(model, option) is expected


def test_takes_option_asks_functions_and_objects_themselves():
    """As ``load_model`` takes them."""

    def make(data: str = "") -> object:
        raise AssertionError("made")

    assert takes_option(make, "data")
    assert not takes_option(make, "steps")
    assert not takes_option(mg.from_matrix([[0.5, 0.5]] * 2), "matrix")


def test_takes_option_knows_registered_models():
    """A name that was given to a function."""

    def make(data: str = "") -> object:
        raise AssertionError("made")

    mg.register("given", make)
    assert takes_option("given", "data")


def test_takes_option_follows_names_of_the_project(write):
    """To what they stand for, through another name."""
    write(
        "pyproject.toml",
        '[tool.markovgpt.models]\nshort = "long"\nlong = { model = "fake_coin.py:make", data = "abc" }\n',
    )
    write("fake_coin.py", CODE)
    assert takes_option("short", "data")
    assert not takes_option("short", "steps")


def test_takes_option_of_a_saved_model_is_none(untrained, folder):
    """It is trained already."""
    mg.save_model(untrained, folder / "saved")
    assert not takes_option("saved", "data")


def test_takes_option_asks_plugins(install):
    """Of an installed package."""
    install("fake-coin", CODE, {"coin": "make"})
    assert takes_option("coin", "data")


def test_takes_option_refuses_an_unknown_model():
    """As ``load_model`` does."""
    with pytest.raises(ModelLoadError, match=r"There is no model 'babygpd'\. Did you mean babygpt"):
        takes_option("babygpd", "data")


def test_checkpoint_goes_to_factories_that_take_it_only(write):
    """A callback, and no option: those that declare none are made without."""
    write("fake_coin.py", CODE)
    seen = []

    def watched(*, checkpoint=None):
        checkpoint(0, None)
        return mg.from_matrix([[0.5, 0.5]] * 2)

    for model in (watched, "fake_coin.py:Coin"):
        mg.load_model(model, checkpoint=lambda step, shown: seen.append((step, shown)))
    assert seen == [(0, None)]
