"""What is a model with a fixed text in front of every context?"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel, Session, as_float64, model_name, vocabulary_of
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
    def n_parameters(self) -> Any:
        return getattr(self.model, "n_parameters", None)

    @property
    def contexts_per_call(self) -> Any:
        return getattr(self.model, "contexts_per_call", None)

    def encode(self, text: str) -> NDArray[np.int64]:
        return encode_with(self.model, text)

    def next_logits(self, contexts: NDArray[np.int64]) -> Any:
        return self.model.next_logits(self._behind_prompt(contexts))

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
        return partial(_begin_behind, begin, self.prompt)

    def _behind_prompt(self, contexts: NDArray[np.int64]) -> NDArray[np.int64]:
        fixed = np.broadcast_to(self.prompt, (len(contexts), len(self.prompt)))  # (batch, p)
        return np.concatenate([fixed, contexts], axis=1)


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
