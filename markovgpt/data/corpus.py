"""Which text is a model trained on: the words of the caller, a file, or standard input?"""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from typing import final

from markovgpt.data.sources import find_source
from markovgpt.data.text import text_pieces

__all__ = ["Corpus", "read_corpus"]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """A text and where it came from (a file name, "standard input", or "given as text")."""

    text: str
    source: str


def read_corpus(data: str | PathLike[str]) -> Corpus:
    """The whole text that ``data`` names, see :data:`markovgpt.data.sources.Data`.

    Raises
    ------
    DataError
        No such file, unreadable, not UTF-8, or empty.
    """
    source = find_source(data)
    if source.text is not None:
        return Corpus(text=source.text, source="given as text")
    return Corpus(text="".join(text_pieces(source, done=lambda _: None)), source=source.name)
