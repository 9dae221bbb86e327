"""What is a model on a few of its tokens? Any model becomes small, and says how much probability was left out."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.answers import as_float64, next_token_logits
from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel, Session, law_fingerprint, model_name, vocabulary_of
from markovgpt.vocabulary import Vocabulary

__all__ = ["find_tokens", "likeliest_tokens", "restrict_tokens"]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _RestrictedModel:
    model: LanguageModel
    kept: NDArray[np.int64]  # (V',) tokens of the whole model
    vocabulary: Vocabulary
    name: str

    @property
    def vocab_size(self) -> int:
        return len(self.kept)

    @property
    def context_length(self) -> int:
        return self.model.context_length

    @property
    def fingerprint(self) -> str:
        return str(getattr(self.model, "fingerprint", ""))

    @property
    def law_fingerprint(self) -> str:
        whole = law_fingerprint(self.model)
        return whole and hashlib.sha256(f"{whole};on {self.kept.tolist()}".encode()).hexdigest()

    @property
    def n_parameters(self) -> Any:
        return getattr(self.model, "n_parameters", None)

    @property
    def contexts_per_call(self) -> Any:
        return getattr(self.model, "contexts_per_call", None)

    def next_logits(self, contexts: NDArray[np.int64]) -> NDArray[np.float64]:
        return self.next_logits_and_outside(contexts)[0]

    def next_logits_and_outside(self, contexts: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return _split(next_token_logits(self.model, self.kept[contexts]), self.kept)

    @property
    def all_logits(self) -> Callable[[NDArray[np.int64]], NDArray[np.float64]]:
        """As that of the model, which must have one: then ``(batch, length) -> (batch, length, V')``."""
        both = self.all_logits_and_outside
        return lambda contexts: both(contexts)[0]

    @property
    def all_logits_and_outside(
        self,
    ) -> Callable[[NDArray[np.int64]], tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """The same, and the probability of other tokens ``(batch, length)``."""
        whole: Callable[[NDArray[np.int64]], Any] = self.model.all_logits  # type: ignore[attr-defined]  # found by hasattr
        source = f"all_logits of {self.name}"
        return lambda contexts: _split(as_float64(whole(self.kept[contexts]), source), self.kept)

    @property
    def session(self) -> Callable[[int], _RestrictedSession]:
        """As that of the model, which must have one."""
        begin: Callable[[int], Session] = self.model.session  # type: ignore[attr-defined]  # found by hasattr
        return lambda batch: _RestrictedSession(begin(batch), self.kept)


@final
@dataclass(frozen=True, eq=False, slots=True)
class _RestrictedSession:
    """A session of the whole model that is fed, and answers with, the tokens that are kept."""

    session: Session
    kept: NDArray[np.int64]  # (V',)

    @property
    def n_bytes(self) -> int:
        return int(getattr(self.session, "n_bytes", 0))

    @property
    def memory(self) -> Any:
        return getattr(self.session, "memory", None)

    def feed(self, tokens: NDArray[np.int64]) -> NDArray[np.float64]:
        return self.feed_and_outside(tokens)[0]

    def feed_and_outside(self, tokens: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return _split(as_float64(self.session.feed(self.kept[tokens]), "A session"), self.kept)

    def fork(self, rows: NDArray[np.int64]) -> _RestrictedSession:
        return _RestrictedSession(self.session.fork(rows), self.kept)


def _split(logits: NDArray[np.float64], kept: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Logits ``(..., V)`` of the tokens that are kept, ``(..., V')``, and the probability of all others, ``(...)``."""
    with np.errstate(invalid="ignore"):  # logits that are no law are found by who asked for them
        weights = np.exp(logits - logits.max(axis=-1, keepdims=True))  # (..., V)
        outside = np.delete(weights, kept, axis=-1).sum(axis=-1) / weights.sum(axis=-1)  # (...)
    return logits[..., kept], outside


def restrict_tokens(model: LanguageModel, tokens: Sequence[int]) -> LanguageModel:
    """The model on some of its tokens: contexts of these only, and their law divided by its sum.

    The probability that each context gave to all other tokens, under the model's own law, is kept as ``cut`` of the
    chain, so that results can say what was left out.

    Parameters
    ----------
    model : LanguageModel
        V tokens.
    tokens : V' different integers in 0..V-1
        They become tokens 0..V'-1, in this order.

    Raises
    ------
    ArgumentError
        A token is not one, stands twice, or there are none.

    Examples
    --------
    >>> import numpy as np, markovgpt as mg
    >>> die = mg.from_callable(lambda c: np.zeros((len(c), 6)), vocab_size=6, context_length=1)
    >>> chain = mg.build_chain(restrict_tokens(die, [0, 5]))
    >>> chain.row("0"), chain.cut.round(4)
    (array([0.5, 0.5]), array([0.6667, 0.6667]))
    """
    V = model.vocab_size
    kept = np.array(list(tokens), dtype=np.int64)  # (V',)
    if not len(kept) or len(set(kept.tolist())) != len(kept) or kept.min() < 0 or kept.max() >= V:
        raise ArgumentError(
            f"A restricted vocabulary needs different tokens from 0..{V - 1}, at least one: got {kept.tolist()}.",
            tokens=kept.tolist(),
        )
    whole = vocabulary_of(model)
    return _RestrictedModel(
        model=model,
        kept=kept,
        vocabulary=Vocabulary(tokens=tuple(whole.tokens[t] for t in kept), kind=whole.kind),
        name=f"{model_name(model)} on {len(kept)} of {V:,} tokens",
    )


def find_tokens(model: LanguageModel, texts: Iterable[str]) -> list[int]:
    """The tokens that texts name: by text, by the model's ``encode``, or by number (``"7"``; ``"#7"`` is always one).

    Raises
    ------
    ArgumentError
        A text is no token; says into which tokens the model's ``encode`` splits it, or which token is near.
    """
    vocabulary = vocabulary_of(model)
    by_text = {text: token for token, text in enumerate(vocabulary.tokens)}
    by_name = {name: token for token, name in enumerate(vocabulary.names)}
    return [_find(model, vocabulary, by_text, by_name, text) for text in texts]


def likeliest_tokens(model: LanguageModel, context: Sequence[int], n: int) -> list[int]:
    """The ``n`` likeliest tokens after a context, likeliest first."""
    if not 1 <= n <= model.vocab_size:
        raise ArgumentError(f"The number of likeliest tokens is from 1 to {model.vocab_size}: got {n}.", n=n)
    if not len(context):
        raise ArgumentError("The likeliest tokens are those after a context of at least one token: got none.")
    logits = next_token_logits(model, np.array([list(context)[-model.context_length :]], dtype=np.int64))[0]  # (V,)
    return [int(token) for token in np.argsort(-logits, kind="stable")[:n]]


def _find(
    model: LanguageModel, vocabulary: Vocabulary, by_text: dict[str, int], by_name: dict[str, int], text: str
) -> int:
    if text[:1] == "#" and text[1:].isdecimal() and int(text[1:]) < model.vocab_size:
        return int(text[1:])  # always the number, also where a token reads like this
    for table in (by_text, by_name):
        if text in table:
            return table[text]
    pieces: list[int] = []
    encode = getattr(model, "encode", None)
    if encode is not None:
        pieces = [int(token) for token in encode(text)]
        if len(pieces) == 1:
            return pieces[0]
    if text.isdecimal() and int(text) < model.vocab_size:
        return int(text)
    if pieces:
        split = " ".join(repr(vocabulary.tokens[token]) for token in pieces)
        raise ArgumentError(
            f"{text!r} is not one token of {model_name(model)}: it is split into {len(pieces)}: {split}. "
            "Name single tokens, by text or by number (#7).",
            text=text,
            pieces=pieces,
        )
    near = difflib.get_close_matches(text, by_text, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ArgumentError(
        f"{text!r} is no token of {model_name(model)}, which has {len(vocabulary):,}: "
        f"{vocabulary.overview(at_most=20)}.{hint}",
        text=text,
    )
