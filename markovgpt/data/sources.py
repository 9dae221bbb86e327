"""Which data are meant: a text of the caller, a file, standard input, or several of them?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from stat import S_ISFIFO, S_ISREG
from typing import Any, Literal, final

from markovgpt.errors import DataError

__all__ = ["Data", "Source", "empty", "find_source", "find_sources", "unreadable"]

Data = str | PathLike[str] | Sequence[str | PathLike[str]]
"""A path object is a file. A string is the file of that name if there is one, ``"-"`` is standard input, and any other
string is a text itself, unless it looks like a file name (has a slash, ends like ``.txt``): an error."""

_NAMES = "file, '-' for standard input, or the text itself."


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One of the data: a file (``path``), a text (``text``), or standard input (neither).

    Attributes
    ----------
    name : str
        What it is called in messages.
    n_bytes : int
        Size of the file, length of the text; 0 where nobody knows before reading.
    """

    name: str
    path: Path | None = None
    text: str | None = None
    n_bytes: int = 0

    @property
    def format(self) -> Literal["text", "numpy", "json"]:
        """How tokens stand in it: by the ending of the file name."""
        suffix = "" if self.path is None else self.path.suffix.lower()
        return "numpy" if suffix in (".npy", ".npz") else "json" if suffix == ".json" else "text"


def find_sources(data: Data) -> tuple[Source, ...]:
    """What the data are, one by one; every file is looked for before any is read.

    Raises
    ------
    DataError
        None given, no such file, a folder, an empty file, standard input twice, or something else than names and texts.
    """
    if isinstance(data, str | PathLike):
        return (find_source(data),)
    if not isinstance(data, Sequence) or not all(isinstance(one, str | PathLike) for one in data):
        raise DataError(
            f"Data are a text, the name of a file, or a list of these: got {_kind(data)}. "
            "Tokens that are numbers already are counted by count_ngrams."
        )
    if not data:
        raise DataError("The list of data is empty: give files or texts.")
    if sum(one == "-" for one in data) > 1:
        raise DataError("Standard input can be read only once: '-' stands in the list of data more than once.")
    return tuple(find_source(one, text_name=f"text {number}") for number, one in enumerate(data, start=1))


def find_source(data: str | PathLike[str], *, text_name: str = "the data") -> Source:
    """What one name or text means.

    Raises
    ------
    DataError
        No such file, a folder, or nothing in it.
    """
    if data == "-":
        return Source(name="standard input")
    if data == "":  # before Path, to which it is the current folder
        raise DataError(f"The data are empty: give a {_NAMES}")
    path = Path(data)
    try:
        is_file = path.exists()
    except (OSError, ValueError):  # a text may be too long for a file name, or hold a null character
        is_file = False
    if is_file or not isinstance(data, str):
        return _file(path)
    if _looks_like_a_file(data):
        raise DataError(f"There is no data file {data!r}. Give an existing {_NAMES}", path=data)
    return Source(name=text_name, text=data, n_bytes=len(data))


def empty(name: str) -> DataError:
    """There is nothing in it."""
    return DataError(f"The data in {name} are empty.", source=name)


def unreadable(source: Source, error: OSError) -> DataError:
    """The system refuses to read it."""
    if source.path is None:
        return DataError(f"Standard input cannot be read: {error.strerror}.")
    hint = " Give a file in it." if isinstance(error, IsADirectoryError) else ""
    return DataError(f"The data file {source.path} cannot be read: {error.strerror}.{hint}", path=str(source.path))


def _file(path: Path) -> Source:
    try:
        status = path.stat()
        if not S_ISFIFO(status.st_mode):  # a pipe can be opened once
            path.open("rb").close()  # refuses folders, and what may not be read, before other files are counted
    except OSError as error:
        raise unreadable(Source(name=str(path), path=path), error) from error
    if S_ISREG(status.st_mode) and not status.st_size:
        raise empty(str(path))
    return Source(name=str(path), path=path, n_bytes=status.st_size)


def _looks_like_a_file(data: str) -> bool:
    return "\n" not in data and " " not in data and ("/" in data or "\\" in data or Path(data).suffix[1:].isalpha())


def _kind(data: Any) -> str:
    if isinstance(data, Sequence) and not isinstance(data, bytes | bytearray):
        wrong = next(one for one in data if not isinstance(one, str | PathLike))
        return f"a list with {type(wrong).__name__}"
    return type(data).__name__
