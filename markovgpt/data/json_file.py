"""Which sequences of whole numbers are in a file of JSON?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from markovgpt.data.sources import Source
from markovgpt.data.text import text_pieces
from markovgpt.errors import DataError

__all__ = ["json_arrays"]


def json_arrays(source: Source) -> Iterator[tuple[str, NDArray[Any]]]:
    """One array of a list of whole numbers, or one of each list in a list, and what to call each.

    The file is read as a whole: large data belong into a ``.npy`` file.

    Raises
    ------
    DataError
        No JSON, or something else than such lists.
    """
    try:
        given = json.loads("".join(text_pieces(source, done=lambda _: None)))
    except DataError:
        raise
    except (ValueError, RecursionError) as error:
        raise DataError(f"{source.name} is not valid JSON: {error}.", source=source.name) from error
    if not isinstance(given, list):
        raise _no_tokens(given, source.name)
    many = bool(given) and isinstance(given[0], list)
    for number, sequence in enumerate(given if many else [given]):
        if not isinstance(sequence, list):
            raise _no_tokens(sequence, f"{source.name} at position {number}")
        where = f"list {number} of {source.name}" if many else source.name
        yield where, _integers(sequence, where)


def _integers(sequence: list[Any], where: str) -> NDArray[Any]:
    others = set(map(type, sequence)) - {int}  # not isinstance: true and false are integers to Python
    if others:
        at = next(at for at, one in enumerate(sequence) if type(one) in others)
        raise _no_tokens(sequence[at], f"{where} at position {at}")
    try:
        return np.array(sequence, dtype=np.int64)
    except OverflowError:
        return np.array(sequence, dtype=object)


def _no_tokens(found: Any, where: str) -> DataError:
    shown = json.dumps(found)
    shown = shown if len(shown) <= 40 else f"{shown[:40]}..."
    return DataError(
        f"JSON of tokens is a list of whole numbers, or a list of such lists: got {shown} in {where}.", where=where
    )
