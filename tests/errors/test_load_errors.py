"""Models that cannot be found, imported or built, and options that they do not take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fakes import FakeModel

import markovgpt as mg
from markovgpt import ArgumentError, ModelLoadError
from markovgpt.registry import parse_options

_FILE = """
def make(*, size: int = 2, kind: str = "plain"):
    raise RuntimeError("no disk")

def number():
    return 7

class NeedsMore:
    def __init__(self, path: str) -> None: ...
"""


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A user's file of models."""
    path = tmp_path / "models.py"
    path.write_text(_FILE, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "hint"),
    [("babygtp", "Did you mean babygpt"), ("mingtp", "Did you mean mingpt"), ("llama-7b", "Known are")],
)
def test_load_model_refuses_an_unknown_name(name: str, hint: str) -> None:
    """The nearest name if one is near, those that are known, and the other ways to name a model."""
    pattern = rf"There is no model '{name}'\. {hint}.*babygpt, mingpt.*; or give file\.py:attr, package\.module:attr"
    with pytest.raises(ModelLoadError, match=pattern) as caught:
        mg.load_model(name)
    assert caught.value.facts["model"] == name
    assert {"babygpt", "mingpt"} <= set(caught.value.facts["known"])


@pytest.mark.parametrize(
    ("option", "hint"),
    [("step", " Did you mean steps?"), ("context", " Did you mean context_length?"), ("xyz", "")],
)
def test_load_model_refuses_an_unknown_option(option: str, hint: str) -> None:
    """The nearest option if one is near, and all that there are."""
    with pytest.raises(ArgumentError, match=f"The model babygpt has no option '{option}'") as caught:
        mg.load_model("babygpt", **{option: 3})
    known = ["data", "steps", "seed", "context_length", "n_layer", "n_head", "n_embd", "device"]
    assert caught.value.facts == {"option": option, "known": known}
    assert str(caught.value).endswith(f"has no option {option!r}.{hint} It takes {', '.join(known)}.")


@pytest.mark.parametrize("callback", ["progress", "check"])
def test_load_model_does_not_offer_its_callbacks_as_options(callback: str) -> None:
    """They are passed by the program, not by -M."""
    with pytest.raises(ArgumentError, match="has no option") as caught:
        mg.load_model("babygpt", nonsense=1)
    assert callback not in caught.value.facts["known"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"steps": "many"}, "steps must be a whole number: got 'many'", id="no number"),
        pytest.param({"steps": "2.5"}, "steps must be a whole number: got '2.5'", id="no whole number"),
        pytest.param({"learning_rate": "fast"}, "learning_rate must be a number: got 'fast'", id="no float"),
        pytest.param({"bias": "maybe"}, "bias must be true or false: got 'maybe'", id="no truth value"),
        pytest.param({"loss": "first"}, "loss must be one of last, all: got 'first'", id="no choice"),
        pytest.param(
            {"vocabulary": "letter"}, "vocabulary must be one of char, word, byte: got 'letter'", id="no kind"
        ),
        pytest.param({"vocab_size": "x"}, "vocab_size must be a whole number: got 'x'", id="optional number"),
    ],
)
def test_load_model_refuses_an_option_of_another_type(options: dict[str, str], message: str) -> None:
    """Words of the command line are read as the type that the factory declares."""
    with pytest.raises(ArgumentError, match=message) as caught:
        mg.load_model("mingpt", **options)
    assert caught.value.facts == {"option": next(iter(options))}


def test_load_model_refuses_options_for_a_finished_model() -> None:
    """An object is what it is."""
    with pytest.raises(ArgumentError, match="FakeModel is a finished model and takes no options: got steps, seed"):
        mg.load_model(FakeModel(lambda contexts: contexts), steps=3, seed=1)


@pytest.mark.parametrize("thing", [7, None, [1, 2], {"vocab_size": 2}], ids=repr)
def test_load_model_refuses_an_object_that_is_no_model(thing: Any) -> None:
    """The first attribute that is missing is named."""
    with pytest.raises(
        ArgumentError, match=f"A model needs `vocab_size`, the number of tokens: {type(thing).__name__} has"
    ):
        mg.load_model(thing)


def test_load_model_refuses_a_missing_file(tmp_path: Path) -> None:
    """The file and the whole name."""
    spec = f"{tmp_path}/nowhere.py:make"
    with pytest.raises(
        ModelLoadError, match=f"There is no Python file {tmp_path}/nowhere.py, named by the model '{spec}'"
    ) as e:
        mg.load_model(spec)
    assert e.value.facts == {"model": spec}


def test_load_model_refuses_a_missing_module() -> None:
    """The module and the whole name."""
    with pytest.raises(ModelLoadError, match=r"There is no module nowhere_\w+.*, named by the model 'nowhere_at_all"):
        mg.load_model("nowhere_at_all.models:make")


@pytest.mark.parametrize(("attribute", "hint"), [("mkae", " Did you mean 'make'?"), ("zzz", "")])
def test_load_model_refuses_a_missing_attribute(models: Path, attribute: str, hint: str) -> None:
    """What the file has that is near."""
    with pytest.raises(ModelLoadError, match=f"There is no '{attribute}' in ") as caught:
        mg.load_model(f"{models}:{attribute}")
    assert str(caught.value).endswith(f"named by the model '{models}:{attribute}'.{hint}")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        pytest.param("import nowhere_at_all", "ModuleNotFoundError: No module named 'nowhere_at_all'", id="import"),
        pytest.param("x = ", r"SyntaxError: invalid syntax \(broken\.py, line 1\)", id="syntax"),
        pytest.param("1 / 0", "ZeroDivisionError: division by zero", id="run time"),
    ],
)
def test_load_model_refuses_a_file_that_cannot_be_imported(tmp_path: Path, code: str, message: str) -> None:
    """The file's own exception is the cause, and its text is in the message."""
    path = tmp_path / "broken.py"
    path.write_text(code, encoding="utf-8")
    with pytest.raises(
        ModelLoadError, match=rf"{path}, named by the model '{path}:make', cannot be imported: {message}"
    ) as e:
        mg.load_model(f"{path}:make")
    assert type(e.value.__cause__).__name__ == message.split(":")[0]


def test_load_model_refuses_a_factory_that_fails(models: Path) -> None:
    """The factory's own exception is the cause."""
    spec = f"{models}:make"
    with pytest.raises(ModelLoadError, match=f"^{spec} could not be built: RuntimeError: no disk") as caught:
        mg.load_model(spec, size="3")
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_load_model_refuses_a_factory_that_makes_no_model(models: Path) -> None:
    """A number."""
    with pytest.raises(ArgumentError, match="A model needs `vocab_size`, the number of tokens: int has none"):
        mg.load_model(f"{models}:number")


def test_load_model_names_the_options_that_a_factory_needs(models: Path) -> None:
    """An argument without a default must be given."""
    with pytest.raises(ArgumentError, match=r"The model .*:NeedsMore needs path: -M path=\.\.\.") as caught:
        mg.load_model(f"{models}:NeedsMore")
    assert caught.value.facts == {"missing": ["path"]}


@pytest.mark.parametrize("pair", ["steps", "=5", ""], ids=["no equal sign", "no key", "empty"])
def test_parse_options_refuses_what_is_no_pair(pair: str) -> None:
    """KEY=VALUE."""
    with pytest.raises(
        ArgumentError, match=f"A model option is KEY=VALUE, for example -M steps=500: got '{pair}'"
    ) as caught:
        parse_options([pair])
    assert caught.value.facts == {"option": pair}


def test_parse_options_refuses_a_key_that_stands_twice() -> None:
    """Both values are shown."""
    with pytest.raises(ArgumentError, match="The model option steps stands twice: '1' and '2'") as caught:
        parse_options(["steps=1", "steps=2"])
    assert caught.value.facts == {"option": "steps"}
