"""What do the tokens look like? nanoGPT keeps that in a pickle, ``meta.pkl``; here it is JSON, or a text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from markovgpt import ArgumentError, Vocabulary

__all__ = ["read_tokens"]

_PICKLES = (".pkl", ".pickle", ".pt", ".pth")


def read_tokens(path: Path | None, *, vocab_size: int) -> Vocabulary:
    """The texts of ``vocab_size`` tokens.

    A ``.json`` file holds a list of texts, or a mapping from text to number (``stoi``) or number to text (``itos``), or
    an object with one of these under its name. Any other file is a text in UTF-8; its different characters, sorted, are
    the tokens, as nanoGPT's ``prepare.py`` numbers them.

    Raises
    ------
    ArgumentError
        The file cannot be read, is a pickle, or has another number of tokens.
    """
    if path is None:
        return Vocabulary.numbered(vocab_size)
    if path.suffix in _PICKLES:
        raise ArgumentError(
            f"{path} is a pickle, and reading it could run code: refused. Where you trust it, write it as JSON: "
            f"import json, pickle; json.dump(pickle.load(open({str(path)!r}, 'rb'))['stoi'], open('tokens.json', 'w'))."
            " A text file with the characters of the training data does as well.",
            path=str(path),
        )
    try:
        content = path.read_bytes().decode("utf-8")  # line ends are tokens: they stay as they are
    except (OSError, UnicodeDecodeError) as error:
        raise ArgumentError(f"The tokens cannot be read from {path}: {error}.", path=str(path)) from error
    tokens = _from_json(content, path) if path.suffix == ".json" else _from_text(content, path)
    if len(tokens) != vocab_size:
        raise ArgumentError(
            f"The model has {vocab_size} tokens, but {path} has {len(tokens)}.",
            vocab_size=vocab_size,
            tokens=len(tokens),
        )
    return Vocabulary(tokens=tokens)


def _from_json(content: str, path: Path) -> tuple[str, ...]:
    try:
        table: Any = json.loads(content)
    except ValueError as error:
        raise ArgumentError(f"The tokens in {path} are no JSON: {error}.", path=str(path)) from error
    for key in ("stoi", "itos", "tokens"):
        if isinstance(table, dict) and isinstance(table.get(key), dict | list):
            table = table[key]
    if isinstance(table, dict):
        by_number = _by_number(table)
        if by_number is not None and sorted(by_number) == list(range(len(by_number))) and len(by_number) == len(table):
            return tuple(by_number[number] for number in range(len(by_number)))
    elif isinstance(table, list) and all(isinstance(text, str) for text in table):
        return tuple(table)
    raise ArgumentError(
        f"The tokens in {path} must be a list of texts, or a mapping between texts and the numbers from 0 on, none "
        'left out: ["a", "b"], {"a": 0, "b": 1} or {"0": "a", "1": "b"}.',
        path=str(path),
    )


def _by_number(table: dict[str, Any]) -> dict[int, str] | None:
    if all(isinstance(value, int) for value in table.values()):
        return {number: text for text, number in table.items()}
    if all(isinstance(value, str) and key.isdecimal() for key, value in table.items()):
        return {int(key): text for key, text in table.items()}
    return None


def _from_text(content: str, path: Path) -> tuple[str, ...]:
    characters = sorted(set(content))
    if len(characters) == len(content) and list(content) != characters:
        raise ArgumentError(
            f"{path} lists characters in an order of its own, but the tokens of a text are numbered in sorted order. "
            "If yours are not, give them as a JSON list.",
            path=str(path),
        )
    return tuple(characters)
