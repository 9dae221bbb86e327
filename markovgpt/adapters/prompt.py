"""What is a model with a fixed text in front of every context?"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.answers import as_float64
from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel, Session, law_fingerprint, model_name, vocabulary_of
from markovgpt.vocabulary import Vocabulary

__all__ = ["with_prompt"]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _PromptedModel:
    model: LanguageModel
    prompt: NDArray[np.int64]  # (p,)
    context_length: int
    vocabulary: Vocabulary
    name: str

    @property
    def vocab_size(self) -> int:
        return self.model.vocab_size

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(f"{getattr(self.model, 'fingerprint', '')};{self.prompt.tolist()}".encode()).hexdigest()

    @property
    def law_fingerprint(self) -> str:
        whole = law_fingerprint(self.model)
        return whole and hashlib.sha256(f"{whole};behind {self.prompt.tolist()}".encode()).hexdigest()

    @property
    def n_parameters(self) -> Any:
        return getattr(self.model, "n_parameters", None)

    @property
    def contexts_per_call(self) -> Any:
        return getattr(self.model, "contexts_per_call", None)

    def encode(self, text: str) -> NDArray[np.int64]:
        return encode_with(self.model, text)

    def next_logits(self, contexts: NDArray[np.int64]) -> Any:
        return self.model.next_logits(self._behind_prompt(contexts[:, -self.context_length :]))

    @property
    def all_logits(self) -> Callable[[NDArray[np.int64]], NDArray[np.float64]]:
        """As that of the model, which must have one: then ``(batch, length) -> (batch, length, V)``."""
        whole: Callable[[NDArray[np.int64]], Any] = self.model.all_logits  # type: ignore[attr-defined]  # found by hasattr
        source, p = f"all_logits of {self.name}", len(self.prompt)
        return lambda contexts: as_float64(whole(self._behind_prompt(contexts)), source)[:, p:]

    @property
    def session(self) -> Callable[[int], Session]:
        """As that of the model, which must have one; the prompt is computed once for all rows."""
        begin: Callable[[int], Session] = self.model.session  # type: ignore[attr-defined]  # found by hasattr
        behind = partial(_begin_behind, begin, self.prompt)
        return lambda batch: _PromptedSession(behind, self.context_length, batch)

    def _behind_prompt(self, contexts: NDArray[np.int64]) -> NDArray[np.int64]:
        fixed = np.broadcast_to(self.prompt, (len(contexts), len(self.prompt)))  # (batch, p)
        return np.concatenate([fixed, contexts], axis=1)


@final
class _PromptedSession:
    """Rows behind the prompt. When the window slides the prompt stays: they begin again behind it."""

    def __init__(self, behind: Callable[[int], Session], context_length: int, batch: int) -> None:
        self._behind, self._context_length = behind, context_length
        self._session = behind(batch)
        self._tokens = np.empty((batch, 0), dtype=np.int64)  # (batch, length), at most K

    @property
    def n_bytes(self) -> int:
        return int(getattr(self._session, "n_bytes", 0))

    @property
    def memory(self) -> Any:
        return getattr(self._session, "memory", None)

    def feed(self, tokens: NDArray[np.int64]) -> Any:
        column = np.asarray(tokens, dtype=np.int64)[:, None]  # (batch, 1)
        slides = self._tokens.shape[1] == self._context_length
        self._tokens = np.concatenate([self._tokens[:, 1:] if slides else self._tokens, column], axis=1)
        if not slides:
            return self._session.feed(tokens)
        self._session = self._behind(len(column))
        for column in self._tokens.T:
            logits = self._session.feed(column)
        return logits

    def fork(self, rows: NDArray[np.int64]) -> _PromptedSession:
        child = copy.copy(self)
        child._session, child._tokens = self._session.fork(rows), self._tokens[rows]
        return child


def with_prompt(
    model: LanguageModel, prompt: str | Sequence[int], *, context_length: int | None = None
) -> LanguageModel:
    """The model with a fixed prompt in front of every context.

    Parameters
    ----------
    model : LanguageModel
        Context of K tokens.
    prompt : str or p tokens
        A text is cut by the model's ``encode`` or its vocabulary.
    context_length : int, optional
        Of the new model; K - p by default, which is also the most.

    Raises
    ------
    ArgumentError
        The prompt leaves no room for a context, ``context_length`` is larger than the room, or a number is no token.
    DataError
        The prompt has a piece that is no token.
    """
    tokens = encode_with(model, prompt) if isinstance(prompt, str) else np.array(list(prompt), dtype=np.int64)
    wrong = tokens[(tokens < 0) | (tokens >= model.vocab_size)]
    if len(wrong):
        raise ArgumentError(f"Tokens are 0..{model.vocab_size - 1}: got {wrong[0]} in the prompt.", token=int(wrong[0]))
    room = model.context_length - len(tokens)
    K = room if context_length is None else context_length
    if not 1 <= K <= room:
        raise ArgumentError(
            f"{model_name(model)} looks back {model.context_length} tokens, of which the prompt takes {len(tokens)}: "
            f"a context of {K} does not fit. Shorten the prompt, or load the model with a longer context.",
            room=room,
            context_length=K,
        )
    return _PromptedModel(
        model=model, prompt=tokens, context_length=K, vocabulary=vocabulary_of(model), name=model_name(model)
    )


def _begin_behind(begin: Callable[[int], Session], prompt: NDArray[np.int64], batch: int) -> Session:
    if not len(prompt):
        return begin(batch)
    session = begin(1)
    for token in prompt:
        session.feed(token[None])
    return session.fork(np.zeros(batch, dtype=np.int64))


def encode_with(model: LanguageModel, text: str) -> NDArray[np.int64]:
    """Tokens of a text, ``(n,)``: by the model's own ``encode`` if it has one, else by its vocabulary."""
    encode = getattr(model, "encode", None)
    tokens = vocabulary_of(model).encode(text) if encode is None else encode(text)
    return np.asarray(tokens, dtype=np.int64)
