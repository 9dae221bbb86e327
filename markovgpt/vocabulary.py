"""What do tokens look like, and how does text become tokens?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, Literal, final, get_args

import numpy as np
from numpy.typing import NDArray

from markovgpt.errors import ArgumentError, DataError

__all__ = ["TokenKind", "Vocabulary", "distinct_pieces", "not_a_token", "split_text"]

TokenKind = Literal["char", "word", "byte"]

_VISIBLE = {" ": "␣", "\n": "⏎", "\t": "⇥", "": "∅"}


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Vocabulary:
    """The tokens of a model and their text.

    Attributes
    ----------
    tokens : tuple of V str
        Text of each token, all different. Token ``t`` is position ``t``.
    kind : "char", "word" or "byte"
        How text is cut into tokens: one character, one whitespace-separated word, or one UTF-8 byte each.

    Examples
    --------
    >>> vocabulary = Vocabulary.of_text("abracadabra")
    >>> vocabulary.tokens
    ('a', 'b', 'c', 'd', 'r')
    >>> vocabulary.encode("cab").tolist()
    [2, 0, 1]
    >>> vocabulary.label([2, 0, 1])
    'cab'
    """

    tokens: tuple[str, ...]
    kind: TokenKind = "char"
    names: tuple[str, ...] = field(init=False, repr=False)
    _token_of: dict[str, int] = field(init=False, repr=False)
    _token_at: NDArray[np.int64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        _check_kind(self.kind)
        for text in self.tokens:
            if not isinstance(text, str):
                raise ArgumentError(f"The text of a token is a string: got {text!r}. Try str({text!r}).", token=text)
        token_of = {text: token for token, text in enumerate(self.tokens)}
        if len(token_of) != len(self.tokens):
            twice = next(text for token, text in enumerate(self.tokens) if token_of[text] != token)
            raise ArgumentError(f"Every token needs a text of its own: {twice!r} stands for two tokens.", token=twice)
        if not self.tokens:
            raise ArgumentError("A vocabulary needs at least one token: got none.")
        object.__setattr__(self, "_token_of", token_of)
        object.__setattr__(self, "names", _names(self.tokens))
        object.__setattr__(self, "_token_at", _by_code(token_of, self.kind))

    def __len__(self) -> int:
        return len(self.tokens)

    @classmethod
    def numbered(cls, size: int) -> Vocabulary:
        """Tokens shown by their numbers, for models that bring no texts: ``'0', '1', ...``."""
        return cls(tokens=tuple(map(str, range(size))), kind="char" if size <= 10 else "word")

    @classmethod
    def of_text(cls, text: str, *, kind: TokenKind = "char") -> Vocabulary:
        """The tokens that occur in ``text``, sorted; for ``byte`` the bytes that occur."""
        return cls(tokens=tuple(sorted(distinct_pieces(text, kind))), kind=kind)

    @property
    def separator(self) -> str:
        """What stands between tokens in a label: nothing if every name is one character, else a space."""
        return "" if all(len(name) == 1 for name in self.names) else " "

    def encode(self, text: str) -> NDArray[np.int64]:
        """Tokens of a text, ``(n,)``.

        Raises
        ------
        DataError
            A piece of the text is not in the vocabulary: says which, where, and what the vocabulary has.
        """
        tokens = self.find(text, unknown=-1)
        if tokens.size and tokens.min() < 0:
            where = int(np.argmax(tokens < 0))
            raise not_a_token(
                split_text(text, self.kind)[where], self, where=f"position {where} of the data", position=where
            )
        return tokens

    def find(self, text: str, *, unknown: int, line_end: int | None = None) -> NDArray[np.int64]:
        """Token of each piece of a text ``(n,)``: ``unknown`` where it is none, ``line_end`` where a line ends."""
        if self.kind == "word":
            return self._find_words(text, unknown, line_end)
        token_at = np.where(self._token_at < 0, unknown, self._token_at)
        if line_end is not None:
            token_at[ord("\n")] = line_end
        found: NDArray[np.int64] = token_at.take(_codes(text, self.kind), mode="clip")
        return found

    def _find_words(self, text: str, unknown: int, line_end: int | None) -> NDArray[np.int64]:
        if line_end is None:
            words = text.split()
            return np.fromiter(map(self._token_of.get, words, repeat(unknown)), dtype=np.int64, count=len(words))
        tokens: list[int] = []
        for line in text.split("\n"):
            tokens.extend(map(self._token_of.get, line.split(), repeat(unknown)))
            tokens.append(line_end)
        return np.array(tokens[:-1], dtype=np.int64)

    def decode(self, tokens: Iterable[int]) -> str:
        """Text of tokens: the inverse of :meth:`encode` (words are joined by one space)."""
        texts = [self.tokens[token] for token in self._checked(tokens)]
        if self.kind == "byte":
            return bytes(_byte_of(text) for text in texts).decode("utf-8", "replace")
        return (" " if self.kind == "word" else "").join(texts)

    def label(self, context: Iterable[int]) -> str:
        """A printable name of a context, one for one: blanks and control characters are made visible."""
        return self.separator.join(self.names[token] for token in self._checked(context))

    def parse(self, label: str) -> tuple[int, ...]:
        """The context that a label names: the inverse of :meth:`label`; token texts are understood as well.

        Raises
        ------
        ArgumentError
            A part of the label names no token.
        """
        by_name = {name: token for token, name in enumerate(self.names)}
        parts = list(label) if self.separator == "" else label.split(self.separator)
        context = []
        for part in parts:
            token = by_name.get(part, self._token_of.get(part))
            if token is None:
                raise ArgumentError(
                    f"{part!r} in the context {label!r} is no token of this model. "
                    f"Its {len(self)} tokens are {self.overview()}.",
                    part=part,
                    label=label,
                )
            context.append(token)
        return tuple(context)

    def overview(self, *, at_most: int = 40) -> str:
        """The tokens on one line, shortened in the middle of long vocabularies."""
        if len(self) <= at_most:
            return " ".join(self.names)
        return " ".join((*self.names[: at_most - 1], "...", self.names[-1]))

    def _checked(self, tokens: Iterable[int]) -> Iterator[int]:
        for token in tokens:
            if not 0 <= token < len(self):
                raise ArgumentError(f"Tokens are 0..{len(self) - 1}: got {token}.", token=token)
            yield token


def not_a_token(
    piece: str, vocabulary: Vocabulary, *, where: str, advice: str = "or use a model with this token", **facts: Any
) -> DataError:
    """A piece of the data is no token: which, where, and what the vocabulary has."""
    unit = {"char": "character", "word": "word", "byte": "byte"}[vocabulary.kind]
    return DataError(
        f"Token outside the vocabulary: {unit} {piece!r} at {where}. "
        f"The {len(vocabulary)} tokens are {vocabulary.overview()}. Remove it from the data, {advice}.",
        token=piece,
        **facts,
    )


def split_text(text: str, kind: TokenKind) -> list[str]:
    """The pieces of a text, in order; each should be a token.

    Raises
    ------
    ArgumentError
        There is no such kind.
    """
    if kind == "char":
        return list(text)
    if kind == "byte":
        return [_byte_name(byte) for byte in text.encode("utf-8", "surrogatepass")]
    _check_kind(kind)
    return text.split()


def distinct_pieces(text: str, kind: TokenKind) -> set[str]:
    """As :func:`split_text`, each once."""
    if kind == "char":
        return set(text)
    if kind == "byte":
        return {_byte_name(byte) for byte in set(text.encode("utf-8", "surrogatepass"))}
    return set(split_text(text, kind))


def _check_kind(kind: TokenKind) -> None:
    if kind not in get_args(TokenKind):
        raise ArgumentError(f"Text is cut into 'char', 'word' or 'byte' tokens: got {kind!r}.", kind=kind)


def _codes(text: str, kind: TokenKind) -> NDArray[Any]:
    """What :func:`split_text` gives, as numbers ``(n,)``: code points, or bytes."""
    if kind == "byte" or text.isascii():
        return np.frombuffer(text.encode("utf-8", "surrogatepass"), dtype=np.uint8)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _by_code(token_of: dict[str, int], kind: TokenKind) -> NDArray[np.int64]:
    """Token of each code of :func:`_codes`, -1 where it is none: the last entry stands for all codes beyond it."""
    if kind == "byte":
        return np.array([token_of.get(_byte_name(byte), -1) for byte in range(256)])
    codes = {ord(text): token for text, token in token_of.items() if len(text) == 1 and kind == "char"}
    token_at = np.full(max([*codes, ord("\n")]) + 2, -1, dtype=np.int64)
    token_at[list(codes)] = list(codes.values())
    return token_at


def _byte_name(byte: int) -> str:
    return chr(byte) if 32 <= byte < 127 or byte in (9, 10) else f"\\x{byte:02x}"


def _byte_of(name: str) -> int:
    return ord(name) if len(name) == 1 else int(name[2:], 16)


def _names(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """Printable, distinct names without blanks; where two would look alike, one is spelled in escapes."""
    taken = set(tokens)
    names = []
    for text in tokens:
        shown = "".join(_visible(character, taken) for character in text) or _visible("", taken)
        names.append(shown)
    if len(set(names)) != len(names):  # rare: two texts made visible alike
        names = [f"{name}#{token}" for token, name in enumerate(names)]
    return tuple(names)


def _visible(character: str, taken: set[str]) -> str:
    shown = _VISIBLE.get(character)
    if shown is not None and shown not in taken:
        return shown
    if character and character.isprintable() and not character.isspace():
        return character
    return "".join(f"\\u{ord(c):04x}" for c in character) or "\\empty"
