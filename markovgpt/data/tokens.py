"""How do pieces of text become a stream of tokens?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from markovgpt.data.arrays import LEAVE_OUT, check_integers, tokens_and_gaps
from markovgpt.data.stream import BOUNDARY, GAP, Integers
from markovgpt.errors import DataError, MarkovGPTError, ModelError
from markovgpt.vocabulary import Vocabulary, not_a_token, split_text

__all__ = ["Encode", "stream_of_encoded", "stream_of_text", "whole_words"]

Encode = Callable[[str], Any]
"""A model's own tokenizer: text to a sequence of whole numbers 0..V-1."""


def stream_of_text(
    pieces: Iterable[str], vocabulary: Vocabulary, *, name: str, lines: bool, skip: bool
) -> Iterator[Integers]:
    """Tokens of a text that comes in pieces, or with ``lines`` of each line, whose end is no token.

    Raises
    ------
    DataError
        A piece of the text is not in the vocabulary, unless these are skipped: which, and where.
    """
    position, line = 0, 1
    line_end = BOUNDARY if lines else None
    for text in whole_words(pieces) if vocabulary.kind == "word" else pieces:
        tokens = vocabulary.find(text, unknown=GAP, line_end=line_end)
        if not skip and len(tokens) and tokens.min() == GAP:
            at = int(np.argmin(tokens))  # GAP is less than BOUNDARY
            raise _unknown(text, tokens[:at], vocabulary, position=position, line=line, name=name)
        yield tokens
        position += _n_pieces(tokens, vocabulary)
        line += text.count("\n")


def stream_of_encoded(
    pieces: Iterable[str], encode: Encode, vocab_size: int, *, name: str, lines: bool, skip: bool
) -> Iterator[Integers]:
    """As :func:`stream_of_text`, by a tokenizer that wants whole texts: all of it, or each line that is not empty.

    Raises
    ------
    DataError
        The tokenizer gives something else than tokens.
    ModelError
        It fails.
    """
    texts = (
        ((f"line {number} of {name}", line) for number, line in _lines(pieces)) if lines else [(name, "".join(pieces))]
    )
    for where, text in texts:
        try:
            encoded = encode(text)
        except MarkovGPTError:
            raise
        except Exception as error:
            raise ModelError(
                f"The tokenizer failed on {where}: {type(error).__name__}: {error}", where=where
            ) from error
        yield tokens_and_gaps(check_integers(encoded, where=where), vocab_size, where=where, skip=skip)
        yield np.array([BOUNDARY], dtype=np.int64)


def whole_words(pieces: Iterable[str]) -> Iterator[str]:
    """The same text in pieces that end between words."""
    return _cut(pieces, lambda piece: "" if piece[-1].isspace() else piece.rsplit(maxsplit=1)[-1])


def _lines(pieces: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Number and text of every line that is not empty."""
    number = 0
    for text in _cut(pieces, lambda piece: piece.rpartition("\n")[2]):
        for line in text.removesuffix("\n").split("\n"):
            number += 1
            if line:
                yield number, line


def _cut(pieces: Iterable[str], last_of: Callable[[str], str]) -> Iterator[str]:
    """The same text in pieces without the last part of each, which is put in front of the next."""
    waiting: list[str] = []
    for piece in pieces:
        last = last_of(piece)
        if len(last) < len(piece):
            yield "".join([*waiting, piece[: len(piece) - len(last)]])
            waiting = []
        waiting.append(last)
    if rest := "".join(waiting):
        yield rest


def _n_pieces(tokens: Integers, vocabulary: Vocabulary) -> int:
    """How many positions of the data they take: words, or characters with line ends."""
    return int((tokens != BOUNDARY).sum()) if vocabulary.kind == "word" else len(tokens)


def _unknown(text: str, before: Integers, vocabulary: Vocabulary, *, position: int, line: int, name: str) -> DataError:
    at = _n_pieces(before, vocabulary)
    pieces = split_text(text, vocabulary.kind)
    if vocabulary.kind == "word":
        word = next(islice(re.finditer(r"\S+", text), at, None))
        line += text.count("\n", 0, word.start())
    else:
        line += pieces[:at].count("\n")
    position += at
    return not_a_token(
        pieces[at],
        vocabulary,
        where=f"position {position} (line {line}) of {name}",
        advice=f"use a model with this token, {LEAVE_OUT}",
        position=position,
        line=line,
        source=name,
    )
