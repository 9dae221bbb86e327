"""Every way to name a model leads to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import FakeModel

import markovgpt as mg
from markovgpt.registry import parse_options
from markovgpt.registry.options import check_options

_FILE = '''
"""A user's models."""
from __future__ import annotations
from dataclasses import dataclass
import numpy as np
from neighbour import LAW

@dataclass
class Coin:
    bias: float = 0.5
    vocab_size: int = 2
    context_length: int = 1

    def next_logits(self, contexts):
        return np.tile(np.log([1 - self.bias, self.bias]), (len(contexts), 1))

def make(bias: float = 0.25, *, progress=None):
    if progress is not None:
        progress("minting", 1, 1)
    return Coin(bias=bias)

finished = Coin(bias=LAW)
'''


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A user's file of models, with a module beside it."""
    (tmp_path / "neighbour.py").write_text("LAW = 0.125\n", encoding="utf-8")
    path = tmp_path / "my models.py"
    path.write_text(_FILE, encoding="utf-8")
    return path


def _heads(model: Any) -> float:
    return float(mg.build_chain(model).row("0")[1])


def test_load_model_returns_an_object_behind_the_protocol() -> None:
    """The object itself."""
    model = FakeModel(lambda contexts: np.zeros((len(contexts), 2)))
    assert mg.load_model(model) is model


def test_load_model_calls_a_factory() -> None:
    """With the options, read as the types that it declares."""

    def factory(*, size: int, scale: float = 1.0, name: str = "plain") -> FakeModel:
        model = FakeModel(lambda contexts: np.zeros((len(contexts), size)), vocab_size=size)
        model.told = (size, scale, name)  # type: ignore[attr-defined]
        return model

    assert mg.load_model(factory, size="3", scale="0.5", name="7").told == (3, 0.5, "7")  # type: ignore[attr-defined]


def test_load_model_calls_a_class() -> None:
    """A class is a factory."""
    model = mg.load_model(FakeModel, answer=lambda contexts: contexts, vocab_size=5)
    assert (type(model), model.vocab_size) == (FakeModel, 5)


@pytest.mark.parametrize(
    ("attribute", "options", "heads"),
    [
        pytest.param("finished", {}, 0.125, id="an object"),
        pytest.param("make", {}, 0.25, id="a function"),
        pytest.param("make", {"bias": "0.75"}, 0.75, id="a function with an option"),
        pytest.param("Coin", {"bias": 0.375}, 0.375, id="a class"),
    ],
)
def test_load_model_finds_an_attribute_of_a_file(
    models: Path, attribute: str, options: dict[str, Any], heads: float
) -> None:
    """``path/file.py:attr``: an object, a function or a class; the file may import its neighbours."""
    assert _heads(mg.load_model(f"{models}:{attribute}", **options)) == pytest.approx(heads, abs=1e-15)


def test_load_model_finds_an_attribute_of_a_module(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``package.module:attr``, anywhere on the path."""
    package = tmp_path / "markovgpt_test_package"
    package.mkdir()
    (package / "__init__.py").touch()
    models.rename(package / "coins.py")
    monkeypatch.syspath_prepend(tmp_path)
    assert _heads(mg.load_model("markovgpt_test_package.coins:make", bias="0.5")) == pytest.approx(0.5, abs=1e-15)


def test_load_model_reads_a_changed_file_again(models: Path) -> None:
    """No stale module is kept between two calls."""
    spec = f"{models}:make"
    assert _heads(mg.load_model(spec)) == pytest.approx(0.25, abs=1e-15)
    models.write_text(_FILE.replace("bias: float = 0.25", "bias: float = 0.75 "), encoding="utf-8")
    assert _heads(mg.load_model(spec)) == pytest.approx(0.75, abs=1e-15)


def test_load_model_passes_progress_to_factories_that_take_it(models: Path) -> None:
    """And to no others."""
    reports: list[str] = []
    for attribute in ("make", "Coin"):
        mg.load_model(f"{models}:{attribute}", progress=lambda *report: reports.append(report[0]))
    assert reports == ["minting"]


def test_list_models_begins_with_the_built_in_ones() -> None:
    """Names, sources and one line each."""
    entries = mg.list_models()[:3]
    assert [entry.name for entry in entries] == ["babygpt", "mingpt", "ngram"]
    assert [entry.source for entry in entries] == ["built in"] * 3
    assert all(entry.description for entry in entries)


@pytest.mark.parametrize(
    ("name", "options"), [("babygpt", {"steps": 0}), ("mingpt", {"vocab_size": 3}), ("ngram", {"data": "abacab"})]
)
def test_built_in_models_keep_the_protocol(name: str, options: dict[str, object]) -> None:
    """``isinstance`` of the protocol sees the attributes."""
    assert isinstance(mg.load_model(name, **options), mg.LanguageModel)


@pytest.mark.parametrize(
    ("pairs", "options"),
    [
        pytest.param(["steps=500"], {"steps": "500"}, id="one"),
        pytest.param(["data=a=b,c=d"], {"data": "a=b,c=d"}, id="equal signs and commas are part of the value"),
        pytest.param(["data="], {"data": ""}, id="an empty value"),
        pytest.param(["a=1", "b=2"], {"a": "1", "b": "2"}, id="two"),
        pytest.param([], {}, id="none"),
    ],
)
def test_parse_options_splits_at_the_first_equal_sign(pairs: list[str], options: dict[str, str]) -> None:
    """Keys and texts; types come later."""
    assert parse_options(pairs) == options


@pytest.mark.parametrize(
    ("option", "text", "value"),
    [
        ("n_layer", "3", 3),
        ("learning_rate", "3e-4", 3e-4),
        ("bias", "yes", True),
        ("bias", "FALSE", False),
        ("bias", "0", False),
        ("loss", "last", "last"),
        ("steps", "none", None),
        ("steps", "7", 7),
        ("data", "0101", "0101"),
        ("data", "none", None),
    ],
)
def test_options_are_read_as_the_declared_type(option: str, text: str, value: object) -> None:
    """Texts become what mingpt declares; ``none`` where None is allowed."""
    from markovgpt.models.recipe import mingpt

    found = check_options(mingpt, {option: text}, name="mingpt")[option]
    assert (found, type(found)) == (value, type(value))


def test_options_that_are_no_text_pass_as_they_are() -> None:
    """Python callers give values, not words."""
    from markovgpt.models.recipe import mingpt

    assert check_options(mingpt, {"n_layer": 3, "data": Path("x")}, name="mingpt") == {"n_layer": 3, "data": Path("x")}


def test_options_of_a_factory_that_takes_anything_are_passed_on() -> None:
    """``**options`` knows no unknown option."""

    def factory(**options: Any) -> None: ...

    assert check_options(factory, {"a": "1", "b": 2}, name="any") == {"a": "1", "b": 2}


@pytest.mark.parametrize("data", ["01", "111101111011110"])
def test_untrained_model_may_have_longer_contexts_than_its_data(data: str) -> None:
    """No window is needed: there is nothing to learn, and nothing to compare with."""
    model = mg.load_model("babygpt", data=data, context_length=16, steps=0)
    assert (model.context_length, model.training_tokens, model.training) == (16, None, None)
    with pytest.raises(mg.DataError, match="Training needs at least"):
        mg.load_model("babygpt", data=data, context_length=16, steps=1)
