"""Which tokens occur in the data?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from markovgpt.data.progress import Meter
from markovgpt.data.reading import Sequences, arrays_of
from markovgpt.data.sources import Data, find_sources
from markovgpt.data.stream import Progress
from markovgpt.data.text import text_pieces
from markovgpt.data.tokens import whole_words
from markovgpt.errors import DataError
from markovgpt.vocabulary import TokenKind, Vocabulary, distinct_pieces

__all__ = ["scan_vocabulary"]

_MOST_NUMBERED = 10_000_000  # tokens whose names fit into memory


def scan_vocabulary(
    data: Data, kind: TokenKind = "char", *, sequences: Sequences = "file", progress: Progress | None = None
) -> Vocabulary:
    """The vocabulary of texts and files: what occurs in them, sorted; of files of numbers, 0 to the largest.

    Parameters
    ----------
    data : str, path, or list of these
        Texts, files of text, or files of numbers (``.npy``, ``.npz``, ``.json``); read piece by piece.
    kind : "char", "word" or "byte"
        How text is cut into tokens.
    sequences : "file" or "line"
        With ``"line"``, the end of a line is no token.
    progress : callable, optional
        Called as ``progress("reading", bytes_done, bytes_total)``.

    Raises
    ------
    DataError
        The data cannot be read, or not twice; hold no token, or negative ones, or both numbers and text.

    Examples
    --------
    >>> scan_vocabulary("to be or not to be", "word").tokens
    ('be', 'not', 'or', 'to')
    """
    sources = find_sources(data)
    meter = Meter("reading", sources, progress)
    texts: set[str] = set()
    largest = -1
    for source in sources:
        if not source.n_bytes:
            raise DataError(
                f"{source.name} can be read only once, and looking for its tokens would use it up. Write it to a file "
                "first, or give a vocabulary.",
                source=source.name,
            )
        meter.begin(source)
        if source.format == "text":
            pieces = text_pieces(source, done=meter.done)
            for piece in whole_words(pieces) if kind == "word" else pieces:
                texts |= distinct_pieces(piece, kind)
        else:
            for where, array in arrays_of(source):
                largest = max(largest, _largest(array, where))
                meter.done(array.nbytes)
    if sequences == "line" and kind != "word":
        texts.discard("\n")
    if texts and largest >= 0:
        raise DataError("Some of the data are text and some are numbers: they have no vocabulary in common.")
    if not texts and largest < 0:
        raise DataError("The data hold no token, so that there is no vocabulary.")
    return Vocabulary(tokens=tuple(sorted(texts)), kind=kind) if texts else Vocabulary.numbered(largest + 1)


def _largest(array: NDArray[Any], where: str) -> int:
    """The largest number; -1 of none."""
    if not array.size:
        return -1
    smallest, largest = int(array.min()), int(array.max())
    if smallest < 0 or largest >= _MOST_NUMBERED:
        wrong = smallest if smallest < 0 else largest
        at = int(np.argmax(array == wrong))
        raise DataError(
            f"Tokens that are numbers are 0 to {_MOST_NUMBERED - 1:,}: got {wrong} at position {at} of {where}.",
            token=wrong,
            position=at,
        )
    return largest
