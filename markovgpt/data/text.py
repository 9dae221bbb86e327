"""What is the text of a file, of standard input, piece by piece?"""

from __future__ import annotations

import codecs
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from itertools import chain

from markovgpt.data.sources import Source, empty, unreadable
from markovgpt.errors import DataError

__all__ = ["text_pieces"]

_BLOCK = 2**20  # bytes read at a time

_MARKS = {codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def text_pieces(source: Source, *, done: Callable[[int], None]) -> Iterator[str]:
    r"""The text in pieces, none of them empty; ``done`` is told the bytes of each.

    A file is UTF-8, its byte order mark is left out, and ``\r\n`` is one line end.

    Raises
    ------
    DataError
        Unreadable, not UTF-8, or empty.
    """
    if source.text is not None:
        for begin in range(0, len(source.text), _BLOCK):
            piece = source.text[begin : begin + _BLOCK]
            yield piece
            done(len(piece))
        return
    nothing = True
    for piece in _decoded(_blocks(source), source.name, done):
        nothing = False
        yield piece
    if nothing:
        raise empty(source.name)


def _blocks(source: Source) -> Iterator[bytes]:
    try:
        with nullcontext(sys.stdin.buffer) if source.path is None else source.path.open("rb") as file:
            while block := file.read(_BLOCK):
                yield block
    except OSError as error:
        raise unreadable(source, error) from error


def _decoded(blocks: Iterable[bytes], name: str, done: Callable[[int], None]) -> Iterator[str]:
    """What is cut in two, a character or a line end of two bytes, waits for its other half."""
    rest, begin, line = b"", 0, 1  # of the file: what waits, its position, its line
    for block in chain(blocks, [b""]):
        content = rest + block
        if begin == 0 and content.startswith(codecs.BOM_UTF8):
            content, begin = content[len(codecs.BOM_UTF8) :], len(codecs.BOM_UTF8)
        try:
            text, used = codecs.utf_8_decode(content, "strict", not block)
        except UnicodeDecodeError as error:
            raise _not_utf8(content, error.start, begin, line, name) from error
        if block and text.endswith("\r"):
            text, used = text[:-1], used - 1
        if text:
            yield text.replace("\r\n", "\n")
        if block:
            done(len(block))
        rest, begin, line = content[used:], begin + used, line + content.count(b"\n", 0, used)


def _not_utf8(content: bytes, at: int, begin: int, line: int, name: str) -> DataError:
    mark = next((mark for mark in _MARKS if begin == 0 and content.startswith(mark)), b"")
    encoding = _MARKS.get(mark, "latin1")
    line += content.count(b"\n", 0, at)
    return DataError(
        f"The data in {name} are not UTF-8 text: byte 0x{content[at]:02x} at position {begin + at} (line {line})"
        f"{', where ' + encoding.upper() + ' has its mark' if mark else ''}. "
        f"Convert them first, for example with: iconv -f {encoding} -t utf-8",
        source=name,
        position=begin + at,
    )
