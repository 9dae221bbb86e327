"""Is a model found at ``file.py:attr`` and ``package.module:attr``?"""

from __future__ import annotations

import sys

import pytest

import markovgpt as mg
from markovgpt import ArgumentError, ModelLoadError

CODE = """
import markovgpt as mg

class Coin:
    vocab_size, context_length = 2, 1

    def next_logits(self, contexts):
        return [[0.0, 0.0]] * len(contexts)

finished = Coin()

def make(*, tokens: str = "ht"):
    return mg.from_matrix([[0.5, 0.5]] * 2, tokens=tokens)
"""


@pytest.mark.parametrize("attribute", ["Coin", "finished", "make"])
def test_file_has_a_class_an_object_or_a_function(write, attribute):
    """All three become models."""
    write("fake_coin.py", CODE)
    assert mg.load_model(f"fake_coin.py:{attribute}").vocab_size == 2


def test_file_is_found_by_its_whole_path(write, tmp_path_factory, monkeypatch):
    """From another folder."""
    path = write("fake_coin.py", CODE)
    monkeypatch.chdir(tmp_path_factory.mktemp("other"))
    assert mg.load_model(f"{path}:finished").vocab_size == 2


def test_file_may_import_its_neighbours(write):
    """Modules of its own folder, while it is imported; the path is put back."""
    write("deep/fake_numbers.py", "V = 3\n")
    before = list(sys.path)
    write(
        "deep/fake_model.py",
        "from fake_numbers import V\nimport markovgpt as mg\n"
        "def make():\n    return mg.from_callable(lambda c: [[0.0] * V] * len(c), vocab_size=V, context_length=1)\n",
    )
    assert mg.load_model("deep/fake_model.py:make").vocab_size == 3
    assert sys.path == before


def test_file_may_hold_dataclasses(write):
    """They look their module up by name while they are made."""
    code = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "@dataclass(frozen=True)\nclass Coin:\n    vocab_size: int = 2\n    context_length: int = 1\n"
        "    def next_logits(self, contexts):\n        return [[0.0, 0.0]] * len(contexts)\n"
    )
    write("fake_data.py", code)
    assert mg.load_model("fake_data.py:Coin", context_length="2").context_length == 2


def test_files_of_one_name_are_two_files(write):
    """The module of one does not stand for the other."""
    for folder, tokens in (("a", "xy"), ("b", "uv")):
        write(f"{folder}/fake_coin.py", CODE.replace('"ht"', repr(tokens)))
    first, second = (mg.load_model(f"{folder}/fake_coin.py:make").tokens for folder in "ab")
    assert (first, second) == (("x", "y"), ("u", "v"))


def test_module_of_the_current_folder_is_found(write):
    """A package and a module in it."""
    write("fake_package/__init__.py", "")
    write("fake_package/models.py", CODE)
    assert mg.load_model("fake_package.models:finished").vocab_size == 2


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        pytest.param("fake_none.py:model", r"There is no Python file fake_none\.py, named by the model", id="file"),
        pytest.param("fake_none:model", "There is no module fake_none, named by the model", id="module"),
        pytest.param("fake_coin.none:x", "There is no module fake_coin.none, named by", id="module of a module"),
        pytest.param("fake_coin.py:coin", r"There is no 'coin' in fake_coin\.py.* Did you mean 'Coin'\?", id="attr"),
        pytest.param("fake_coin.py:zebra", r"There is no 'zebra' in fake_coin\.py, named by the model [^?]*$", id="no"),
        pytest.param("fake_coin.py:", "with something on both sides of the colon", id="no attribute"),
        pytest.param(":finished", "with something on both sides of the colon", id="no file"),
    ],
)
def test_place_that_is_none_is_refused(write, spec, message):
    """Which part is wrong."""
    write("fake_coin.py", CODE)
    with pytest.raises(ModelLoadError, match=message):
        mg.load_model(spec)


def test_file_that_raises_is_refused_with_its_exception(write):
    """It is the cause, for those who want the lines."""
    write("fake_broken.py", "raise RuntimeError('no licence')\n")
    with pytest.raises(ModelLoadError, match="cannot be imported: RuntimeError: no licence") as caught:
        mg.load_model("fake_broken.py:model")
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_file_that_imports_what_is_not_there_is_not_taken_for_missing(write):
    """The file is there; what it wants is not."""
    write("fake_broken.py", "import fake_nowhere\n")
    with pytest.raises(ModelLoadError, match="cannot be imported: ModuleNotFoundError: No module named 'fake_nowhere'"):
        mg.load_model("fake_broken.py:model")


def test_finished_model_takes_no_options(write):
    """They would be ignored in silence otherwise."""
    write("fake_coin.py", CODE)
    with pytest.raises(ArgumentError, match=r"fake_coin\.py:finished is a finished model and takes no options: got x"):
        mg.load_model("fake_coin.py:finished", x=1)


def test_unknown_name_lists_the_known_ones():
    """And the nearest."""
    with pytest.raises(ModelLoadError, match=r"There is no model 'minigpt'\. Did you mean mingpt\?") as caught:
        mg.load_model("minigpt")
    assert {"babygpt", "mingpt"} <= set(caught.value.facts["known"])
