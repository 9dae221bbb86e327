"""How do the words of a command line, or the values of a file, become a factory's arguments?"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, Literal, Optional, Union

import pytest
from hypothesis import given
from hypothesis import strategies as st

import markovgpt as mg
from markovgpt import ArgumentError
from markovgpt.registry import parse_options, read_options_file


def _built_with(factory, **options):
    """The arguments that the factory gets."""
    seen = {}

    def make(**arguments):
        seen.update(arguments)
        return mg.from_matrix([[0.5, 0.5]] * 2)

    make.__signature__ = inspect.signature(factory)
    make.__annotations__ = factory.__annotations__
    mg.load_model(make, **options)
    return seen


def _factory(
    *,
    n: int = 0,
    x: float = 0.0,
    flag: bool = False,
    name: str = "",
    kind: Literal["char", "word"] = "char",
    size: Literal[1, 2] = 1,
    maybe: Optional[int] = None,  # noqa: UP045  # users write it so
    either: Union[int, str] = 0,  # noqa: UP007
    modern: float | None = None,
    path: Path | str = "",
    anything: Any = None,
    unannotated=None,
):
    """One option of each type that is understood."""


@pytest.mark.parametrize(
    ("option", "text", "value"),
    [
        ("n", "3", 3),
        ("n", "-3", -3),
        ("x", "0.25", 0.25),
        ("x", "1e-3", 0.001),
        ("x", "3", 3.0),
        ("x", "inf", float("inf")),
        ("flag", "true", True),
        ("flag", "Yes", True),
        ("flag", "on", True),
        ("flag", "1", True),
        ("flag", "false", False),
        ("flag", "NO", False),
        ("flag", "off", False),
        ("flag", "0", False),
        ("name", "3", "3"),
        ("name", "a=b,c=d", "a=b,c=d"),
        ("name", "none", "none"),
        ("name", "", ""),
        ("kind", "word", "word"),
        ("size", "2", 2),
        ("maybe", "3", 3),
        ("maybe", "none", None),
        ("maybe", "None", None),
        ("either", "3", 3),
        ("either", "three", "three"),
        ("modern", "0.5", 0.5),
        ("modern", "none", None),
        ("path", "a/b", "a/b"),
        ("anything", "3", "3"),
        ("unannotated", "3", "3"),
    ],
)
def test_text_is_read_as_the_declared_type(option, text, value):
    """Value and type: True is not 1."""
    found = _built_with(_factory, **{option: text})[option]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("option", "text", "message"),
    [
        ("n", "many", "n must be a whole number: got 'many'"),
        ("n", "1.5", "n must be a whole number: got '1.5'"),
        ("n", "", "n must be a whole number: got ''"),
        ("x", "much", "x must be a number: got 'much'"),
        ("flag", "perhaps", "flag must be true or false: got 'perhaps'"),
        ("flag", "2", "flag must be true or false: got '2'"),
        ("kind", "byte", "kind must be one of char, word: got 'byte'"),
        ("size", "3", "size must be one of 1, 2: got '3'"),
        ("maybe", "many", "maybe must be a whole number: got 'many'"),
        ("modern", "much", "modern must be a number: got 'much'"),
    ],
)
def test_text_that_is_not_of_the_type_is_refused(option, text, message):
    """The option, its type, and what was given."""
    with pytest.raises(ArgumentError, match=message):
        _built_with(_factory, **{option: text})


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("n", 3),
        ("x", 3),
        ("x", 0.5),
        ("flag", True),
        ("maybe", None),
        ("modern", 1),
        ("path", Path("a")),
        ("anything", [1]),
        ("either", 3),
        ("unannotated", {1: 2}),
    ],
)
def test_value_of_a_caller_is_passed_on(option, value):
    """The very object."""
    assert _built_with(_factory, **{option: value})[option] is value


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("n", 0.5, "n must be a whole number: got 0.5"),
        ("n", None, "n must be a whole number: got None"),
        ("n", True, "n must be a whole number: got True"),
        ("n", [3], r"n must be a whole number: got \[3\]"),
        ("x", None, "x must be a number: got None"),
        ("x", False, "x must be a number: got False"),
        ("flag", 1, "flag must be true or false: got 1"),
        ("maybe", 0.5, "maybe must be a whole number: got 0.5"),
    ],
)
def test_value_that_is_no_such_number_is_refused(option, value, message):
    """Before the factory fails over it somewhere."""
    with pytest.raises(ArgumentError, match=message):
        _built_with(_factory, **{option: value})


def test_numpy_numbers_are_numbers():
    """A sweep over ``np.arange`` needs no ``int()``."""
    import numpy as np

    assert _built_with(_factory, n=np.int64(3), x=np.float32(0.5)) == {"n": 3, "x": 0.5}


def test_option_that_the_factory_does_not_take_is_refused():
    """With the nearest, and all that there are."""
    with pytest.raises(
        ArgumentError, match=r"has no option 'falg'\. Did you mean flag\? It takes n, x, flag"
    ) as caught:
        _built_with(_factory, falg="1")
    assert caught.value.facts["option"] == "falg"


def test_factory_that_takes_anything_gets_everything():
    """``**options`` is passed texts."""
    seen = {}

    def make(**options):
        seen.update(options)
        return mg.from_matrix([[0.5, 0.5]] * 2)

    mg.load_model(make, model="x", n="3")
    assert seen == {"model": "x", "n": "3"}


def test_factory_without_options_says_so():
    """Nothing to choose from."""
    with pytest.raises(ArgumentError, match=r"has no option 'n'\. It takes none\."):
        mg.load_model(lambda: None, n=3)


def test_missing_options_are_named():
    """Those without a default, as they are to be written."""

    def make(*, path: str, width: int, depth: int = 3):
        raise AssertionError

    with pytest.raises(ArgumentError, match=r"needs path, width: -M path=\.\.\. -M width=\.\.\.") as caught:
        mg.load_model(make)
    assert caught.value.facts["missing"] == ["path", "width"]


def test_callbacks_are_no_options():
    """``progress`` and ``check`` reach a factory that declares them, and are not listed."""
    seen = {}

    def make(*, n: int = 3, progress=None, check=None):
        seen.update(progress=progress, check=check)
        return mg.from_matrix([[0.5, 0.5]] * 2)

    def report(what, done, total):
        return None

    mg.load_model(make, progress=report)
    assert seen == {"progress": report, "check": None}
    with pytest.raises(ArgumentError, match=r"It takes n\.$"):
        mg.load_model(make, m=3)


@given(options=st.dictionaries(st.text(min_size=1).filter(lambda key: "=" not in key), st.text(), max_size=5))
def test_options_are_what_stands_around_the_first_equal_sign(options):
    """Any value, with equal signs and commas in it, comes back."""
    assert parse_options([f"{key}={value}" for key, value in options.items()]) == options


@pytest.mark.parametrize("pair", ["steps", "", "=3", "="])
def test_option_without_key_or_equal_sign_is_refused(pair):
    """What it should look like."""
    with pytest.raises(ArgumentError, match="A model option is KEY=VALUE, for example -M steps=500: got") as caught:
        parse_options(["n=1", pair])
    assert caught.value.facts == {"option": pair}


def test_option_that_stands_twice_is_refused():
    """Even with the same value."""
    with pytest.raises(ArgumentError, match="The model option n stands twice: '1' and '1'"):
        parse_options(["n=1", "n=1"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.toml", 'n = 3\nx = 0.5\nflag = true\nname = "a=b,c"\n'),
        ("a.json", '{"n": 3, "x": 0.5, "flag": true, "name": "a=b,c"}'),
        ("A.JSON", '{"n": 3, "x": 0.5, "flag": true, "name": "a=b,c"}'),
    ],
)
def test_file_of_options_is_read_by_its_suffix(write, name, text):
    """TOML and JSON say the same."""
    assert read_options_file(write(name, text)) == {"n": 3, "x": 0.5, "flag": True, "name": "a=b,c"}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.toml", "n =", "are not valid"),
        ("a.json", "{n: 3}", "are not valid"),
        ("a.json", "3", "must be a table of keys: got int"),
        ("a.ini", "n = 3", "ends in .toml or .json: got"),
    ],
)
def test_file_of_options_is_refused(write, name, text, message):
    """The file is named."""
    with pytest.raises(ArgumentError, match=message) as caught:
        read_options_file(write(name, text))
    assert name in str(caught.value)


def test_file_of_options_that_is_not_there_is_refused():
    """The reason of the system."""
    with pytest.raises(ArgumentError, match=r"nowhere\.toml cannot be read: .*No such file"):
        read_options_file("nowhere.toml")
