"""Which text is a model trained on: the words of the caller, a file, or standard input?"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import final

from markovgpt.errors import DataError

__all__ = ["Corpus", "read_corpus"]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """A text and where it came from (a file name, "standard input", or "the command line")."""

    text: str
    source: str


def read_corpus(data: str | PathLike[str]) -> Corpus:
    """The text that ``data`` names.

    A path object is a file. A string is the file of that name if there is one, ``"-"`` is standard input, and any
    other string is the text itself, unless it looks like a file name (has a slash, ends like ``.txt``): an error.

    Raises
    ------
    DataError
        No such file, unreadable, not UTF-8, or empty.
    """
    if data == "-":
        return _decode(sys.stdin.buffer.read(), "standard input")
    if data == "":  # before Path, to which it is the current folder
        raise DataError("The data are empty: give a file, '-' for standard input, or the text itself.")
    path = Path(data)
    try:
        is_file = path.exists()
    except (OSError, ValueError):  # a text may be too long for a file name, or hold a null character
        is_file = False
    if is_file or not isinstance(data, str):
        try:
            return _decode(path.read_bytes(), str(path))
        except OSError as error:
            raise DataError(f"The data file {path} cannot be read: {error.strerror}.", path=str(path)) from error
    if _looks_like_a_file(data):
        raise DataError(
            f"There is no data file {data!r}. Give an existing file, '-' for standard input, or the text itself.",
            path=data,
        )
    return Corpus(text=data, source="given as text")


def _looks_like_a_file(data: str) -> bool:
    return "\n" not in data and " " not in data and ("/" in data or "\\" in data or Path(data).suffix[1:].isalpha())


def _decode(content: bytes, source: str) -> Corpus:
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(
            f"The data in {source} are not UTF-8 text: byte 0x{content[error.start]:02x} at position {error.start} "
            f"(line {line}). Convert them first, for example with: iconv -f latin1 -t utf-8",
            source=source,
            position=error.start,
        ) from error
    if not text:
        raise DataError(f"The data in {source} are empty.", source=source)
    return Corpus(text=text, source=source)
