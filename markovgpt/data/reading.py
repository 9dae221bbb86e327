"""Which tokens are in the data, from the first to the last?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from markovgpt.data.arrays import stream_of_array
from markovgpt.data.json_file import json_arrays
from markovgpt.data.numpy_file import numpy_arrays
from markovgpt.data.progress import Meter
from markovgpt.data.sources import Data, Source, find_sources
from markovgpt.data.stream import BOUNDARY, Integers, Progress
from markovgpt.data.text import text_pieces
from markovgpt.data.tokens import Encode, stream_of_encoded, stream_of_text
from markovgpt.errors import ArgumentError
from markovgpt.vocabulary import Vocabulary

__all__ = ["Sequences", "Unknown", "arrays_of", "read_stream"]

Sequences = Literal["file", "line"]
"""What is one sequence of tokens: each text or file as a whole, or each of its lines."""

Unknown = Literal["error", "skip"]
"""What becomes of a token that the vocabulary does not have: an error, or a ``GAP``."""


def read_stream(
    data: Data,
    vocabulary: Vocabulary,
    *,
    sequences: Sequences = "file",
    unknown: Unknown = "error",
    encode: Encode | None = None,
    progress: Progress | None = None,
) -> Iterator[Integers]:
    """The stream of tokens in texts and files, in memory that does not grow with them.

    Files that end in ``.npy``, ``.npz`` and ``.json`` hold numbers; every other file is UTF-8 text. For an ``encode``,
    each file or line of text must fit into memory; so must each file of JSON, and each array of a ``.npz``.

    Raises
    ------
    ArgumentError
        Another word for ``sequences`` or ``unknown``.
    DataError
        No such file, at once; anything that cannot be read or is no token, where it is met.
    """
    for name, value, choices in (
        ("sequences", sequences, get_args(Sequences)),
        ("unknown", unknown, get_args(Unknown)),
    ):
        if value not in choices:
            raise ArgumentError(
                f"{name} must be one of {', '.join(map(repr, choices))}: got {value!r}.", **{name: value}
            )
    sources = find_sources(data)
    return _stream(
        sources, vocabulary, sequences == "line", unknown == "skip", encode, Meter("counting", sources, progress)
    )


def arrays_of(source: Source) -> Iterator[tuple[str, NDArray[Any]]]:
    """The arrays in a file of numbers, and what to call each."""
    return json_arrays(source) if source.format == "json" else numpy_arrays(source)


def _stream(
    sources: tuple[Source, ...], vocabulary: Vocabulary, lines: bool, skip: bool, encode: Encode | None, meter: Meter
) -> Iterator[Integers]:
    for source in sources:
        meter.begin(source)
        if source.format == "text":
            pieces = text_pieces(source, done=meter.done)
            if encode is None:
                yield from stream_of_text(pieces, vocabulary, name=source.name, lines=lines, skip=skip)
            else:
                yield from stream_of_encoded(pieces, encode, len(vocabulary), name=source.name, lines=lines, skip=skip)
        else:
            for where, array in arrays_of(source):
                yield from stream_of_array(array, len(vocabulary), where=where, skip=skip, done=meter.done)
        yield np.array([BOUNDARY], dtype=np.int64)
