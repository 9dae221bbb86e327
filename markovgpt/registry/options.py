"""What options does a model's factory take, and what do the words of the command line mean for it?"""

from __future__ import annotations

import difflib
import inspect
import json
import tomllib
import types
from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from os import PathLike
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from markovgpt.errors import ArgumentError
from markovgpt.registry.sources import Factory

__all__ = ["CALLBACKS", "accepts", "check_options", "parse_options", "read_options_file"]

CALLBACKS = ("progress", "check", "checkpoint")
"""Parameters of a factory that are passed by :func:`load_model` itself and are no options."""

_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def parse_options(pairs: Iterable[str]) -> dict[str, str]:
    """``["steps=500", "data=a=b"]`` as a dictionary; a value may hold anything, commas and equal signs included.

    Raises
    ------
    ArgumentError
        A pair without a key or an equal sign, or a key that stands twice.
    """
    options: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not (equals and key):
            raise ArgumentError(f"A model option is KEY=VALUE, for example -M steps=500: got {pair!r}.", option=pair)
        if key in options:
            raise ArgumentError(f"The model option {key} stands twice: {options[key]!r} and {value!r}.", option=key)
        options[key] = value
    return options


def read_options_file(path: str | PathLike[str]) -> dict[str, Any]:
    """Model options from a TOML or JSON file: one table of keys and values.

    Raises
    ------
    ArgumentError
        Unreadable, not TOML or JSON by its suffix, or not a table.
    """
    place = Path(path)
    try:
        text = place.read_text(encoding="utf-8")
        if place.suffix.lower() not in (".toml", ".json"):
            raise ArgumentError(f"A file of model options ends in .toml or .json: got {place}.", path=str(place))
        options = json.loads(text) if place.suffix.lower() == ".json" else tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise ArgumentError(f"The model options in {place} cannot be read: {error}.", path=str(place)) from error
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        raise ArgumentError(f"The model options in {place} are not valid: {error}.", path=str(place)) from error
    if not isinstance(options, dict):
        raise ArgumentError(f"The model options in {place} must be a table of keys: got {type(options).__name__}.")
    return options


def check_options(factory: Factory, options: Mapping[str, Any], *, name: str) -> dict[str, Any]:
    """Options under the names and types that a factory declares; strings are read as the annotated type.

    Raises
    ------
    ArgumentError
        An unknown option (with the nearest known one), or a text that is not of the type.
    """
    parameters = inspect.signature(factory).parameters
    known = [
        p.name
        for p in parameters.values()
        if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD) and p.name not in CALLBACKS
    ]
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    hints = _hints(factory)
    checked: dict[str, Any] = {}
    for key, value in options.items():
        if key not in known and not takes_any:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            listing = f"It takes {', '.join(known)}." if known else "It takes none."
            raise ArgumentError(f"The model {name} has no option {key!r}.{hint} {listing}", option=key, known=known)
        if isinstance(value, str):
            checked[key] = _read(value, hints.get(key, _type_of_default(parameters, key)), key)
        else:
            checked[key] = _checked(value, hints.get(key, Any), key)
    missing = [
        p.name for p in parameters.values() if p.name in known and p.default is p.empty and p.name not in checked
    ]
    if missing:
        example = " ".join(f"-M {key}=..." for key in missing)
        raise ArgumentError(f"The model {name} needs {', '.join(missing)}: {example}.", missing=missing)
    return checked


def accepts(factory: Factory, parameter: str) -> bool:
    """Whether a factory declares a parameter of that name."""
    return parameter in inspect.signature(factory).parameters


def _hints(factory: Factory) -> dict[str, Any]:
    target = factory.__init__ if inspect.isclass(factory) else factory
    try:
        return get_type_hints(target)
    except (NameError, TypeError, AttributeError):  # annotations that cannot be resolved here
        return {}


def _checked(value: Any, hint: Any, key: str) -> Any:
    """A value that is no text, from a file or a caller: refused where it is not the plain number that is wanted."""
    choices = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    if not set(choices) <= {bool, int, float, type(None)}:
        return value  # a type of its own: the factory knows
    is_bool, is_whole = isinstance(value, bool), isinstance(value, Integral)
    fits = (
        (value is None and type(None) in choices)
        or (is_bool and bool in choices)
        or (is_whole and not is_bool and int in choices)
        or (isinstance(value, Real) and not is_bool and float in choices)
    )
    if not fits:
        kind = "true or false" if bool in choices else "a number" if float in choices else "a whole number"
        raise ArgumentError(f"{key} must be {kind}: got {value!r}.", option=key)
    return value


def _type_of_default(parameters: Mapping[str, inspect.Parameter], key: str) -> Any:
    """What a parameter without annotation is meant to be, as far as its default tells."""
    default = parameters[key].default if key in parameters else inspect.Parameter.empty
    if isinstance(default, bool):
        return bool
    return {int: int | float, float: float}.get(type(default), Any)


def _read(text: str, hint: Any, key: str) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        choices = get_args(hint)
        if type(None) in choices and text.lower() == "none":
            return None
        ordered = sorted(
            (c for c in choices if c is not type(None)), key=lambda c: c is str
        )  # str takes anything: last
        for choice in ordered:
            try:
                return _read(text, choice, key)
            except ArgumentError:
                if choice is ordered[-1]:
                    raise
    if get_origin(hint) is Literal:
        choices_of_text = {str(choice): choice for choice in get_args(hint)}
        if text not in choices_of_text:
            raise ArgumentError(f"{key} must be one of {', '.join(choices_of_text)}: got {text!r}.", option=key)
        return choices_of_text[text]
    if hint is bool:
        if text.lower() not in _TRUE + _FALSE:
            raise ArgumentError(f"{key} must be true or false: got {text!r}.", option=key)
        return text.lower() in _TRUE
    if hint in (int, float):
        try:
            return hint(text)
        except ValueError:
            kind = "a whole number" if hint is int else "a number"
            raise ArgumentError(f"{key} must be {kind}: got {text!r}.", option=key) from None
    return text
