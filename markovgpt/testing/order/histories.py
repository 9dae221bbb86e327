"""What does a model say after a history of any length, also beyond its context: asked whole, or fed to a session?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from markovgpt.answers import checked_logits, next_token_logits
from markovgpt.decoding import Decoding
from markovgpt.errors import ArgumentError, ModelError
from markovgpt.model import LanguageModel
from markovgpt.raised import RAISED, told
from markovgpt.testing.refusals import refusal

__all__ = ["Channel", "every_history", "laws_after", "random_histories", "refuses_longer"]

Integers = NDArray[np.int64]
Table = NDArray[np.float64]

Channel = Literal["next_logits", "session"]
"""Which of its methods a model is asked by."""


def laws_after(model: LanguageModel, histories: Integers, channel: Channel) -> Table:
    """Laws after histories of one length, ``(m, length) -> (m, V)``.

    ``next_logits`` gets the whole history, K or no K; a new session is fed all of it, token by token.

    Raises
    ------
    ModelError
        The model raised, or answered something that is no law.
    """
    if channel == "next_logits":
        return Decoding().apply(next_token_logits(model, histories.copy()))
    return laws_on_the_way(model, histories)[:, -1]


def laws_on_the_way(model: LanguageModel, histories: Integers) -> Table:
    """Laws that a session gives after every prefix, ``(m, length) -> (m, length, V)``.

    Raises
    ------
    ModelError
        The session raised, or answered something that is no law.
    """
    begin: Callable[[int], Any] | None = getattr(model, "session", None)
    if begin is None:
        raise ArgumentError(f"{type(model).__name__} has no session.")
    laws = np.empty((*histories.shape, model.vocab_size))
    try:
        session = begin(len(histories))
    except RAISED as error:
        raise ModelError(f"No session of {len(histories)} rows: {told(error)}") from error
    for i, column in enumerate(histories.T):
        so_far = histories[:, : i + 1]
        try:
            answer = session.feed(column.copy())
        except RAISED as error:
            raise ModelError(f"The session failed at token {i + 1}: {told(error)}") from error
        laws[:, i] = Decoding().apply(checked_logits(answer, so_far, model, method="session"))
    return laws


def refuses_longer(model: LanguageModel, channel: Channel) -> bool:
    """Whether a model refuses more than K tokens.

    Raises
    ------
    ModelError
        It does not refuse them, but crashes (:mod:`markovgpt.testing.refusals`).
    """
    history = np.zeros((1, int(model.context_length) + 1), dtype=np.int64)
    try:
        laws_after(model, history, channel)
    except ModelError as error:
        refusal(error)
        return True
    return False


def every_history(vocab_size: int, length: int) -> Integers:
    """All V^length histories of one length, ``(V^length, length)``, in the order of their numbers."""
    weights = vocab_size ** np.arange(length - 1, -1, -1, dtype=np.int64)  # (length,)
    return np.asarray(np.arange(vocab_size**length, dtype=np.int64)[:, None] // weights % vocab_size)


def random_histories(vocab_size: int, length: int, n: int, *, seed: int) -> Integers:
    """Histories, ``(n, length)``: random ones, and the first few of a single token each."""
    histories = np.random.default_rng(seed).integers(0, vocab_size, size=(n, length))
    constant = min(vocab_size, n // 4)
    histories[:constant] = np.arange(constant)[:, None]
    return histories
