"""What do the tokens of a tokenizer look like: readable, and every one different?"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["token_texts"]

_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")  # how SentencePiece writes a token that is one byte
_SPACE = "▁"  # how SentencePiece writes a blank


def token_texts(tokenizer: Any | None, vocab_size: int) -> tuple[str, ...]:
    """V different texts, one a token.

    Pieces of byte-level BPE and SentencePiece are turned into the text that they stand for (``'ĠParis'`` and
    ``'▁Paris'`` into ``' Paris'``), bytes that are no whole character into ``\\\\xe2``; special tokens stay as they
    are. A token that the tokenizer does not have, in a padded vocabulary, is ``<unused-N>``: its probability is real. A
    text that a lower token has already is followed by ``#`` and the token's number. Without a tokenizer, the numbers.
    """
    if tokenizer is None:
        return tuple(map(str, range(vocab_size)))
    special = {token: added.content for token, added in tokenizer.added_tokens_decoder.items()}
    readable = _reader(tokenizer)
    n_known = min(vocab_size, max(len(tokenizer), *special, 0))
    pieces = tokenizer.convert_ids_to_tokens(list(range(n_known)))
    texts = []
    for token in range(vocab_size):
        piece = pieces[token] if token < n_known else None
        texts.append(special.get(token) or (f"<unused-{token}>" if piece is None else readable(piece)))
    return tuple(_made_different(texts))


def _reader(tokenizer: Any) -> Callable[[str], str]:
    """From a piece as the tokenizer keeps it to text, by the kind of decoder that the tokenizer has."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    settings = {} if backend is None else json.loads(backend.to_str())
    decoder = json.dumps(settings.get("decoder"), ensure_ascii=False)
    if '"ByteLevel"' in decoder:
        return _byte_level()
    if _SPACE in decoder or '"ByteFallback"' in decoder:
        return _sentence_piece
    return lambda piece: piece


def _byte_level() -> Callable[[str], str]:
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    byte_of = {character: byte for byte, character in bytes_to_unicode().items()}

    def read(piece: str) -> str:
        if any(character not in byte_of for character in piece):
            return piece
        return _text_of(byte_of[character] for character in piece)

    return read


def _sentence_piece(piece: str) -> str:
    byte = _BYTE.fullmatch(piece)
    return _text_of([int(byte[1], 16)]) if byte else piece.replace(_SPACE, " ")


def _text_of(content: Iterable[int]) -> str:
    return bytes(content).decode("utf-8", "backslashreplace")


def _made_different(texts: list[str]) -> Iterable[str]:
    taken = set(texts)
    seen: set[str] = set()
    for token, text in enumerate(texts):
        name = text
        while name in seen or (name != text and name in taken):
            name = f"{name}#{token}"
        seen.add(name)
        yield name
