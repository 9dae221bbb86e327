"""What did a model answer, and is it a law?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from markovgpt.errors import ModelError
from markovgpt.model import LanguageModel, model_name
from markovgpt.raised import RAISED, told

__all__ = ["as_float64", "checked_logits", "checked_outside", "next_logits_and_outside", "next_token_logits"]


def next_token_logits(model: LanguageModel, contexts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Ask the model, and check what comes back: ``(batch, length) -> (batch, V)`` float64.

    Raises
    ------
    ModelError
        The model raised (its own traceback is kept), or returned the wrong shape, NaN, plus infinity, or a row of
        minus infinities. Names the first bad context.
    """
    name = model_name(model)
    try:
        answer = model.next_logits(contexts)
    except RAISED as error:
        raise ModelError(f"{name} failed on {_describe(contexts)}: {told(error)}", contexts=contexts) from error
    return checked_logits(answer, contexts, model)


def next_logits_and_outside(
    model: LanguageModel, contexts: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """As :func:`next_token_logits`, and the probability of tokens that the model leaves out: ``(batch, V), (batch,)``.

    The second is 0 for a model without ``next_logits_and_outside``; restricted vocabularies have it.
    """
    both = getattr(model, "next_logits_and_outside", None)
    if both is None:
        return next_token_logits(model, contexts), np.zeros(len(contexts))
    logits, outside = both(contexts)
    return checked_logits(logits, contexts, model), checked_outside(outside, contexts, model)


def checked_logits(
    answer: Any, contexts: NDArray[np.int64], model: LanguageModel, *, method: str = "next_logits"
) -> NDArray[np.float64]:
    """What a method of a model answered for contexts ``(n, length)``: ``(n, V)`` float64.

    Raises
    ------
    ModelError
        As for :func:`next_token_logits`.
    """
    name = model_name(model)
    logits = as_float64(answer, f"{method} of {name}")
    expected = (len(contexts), model.vocab_size)
    if logits.shape != expected:
        raise ModelError(
            f"{method} of {name} must return one row of {model.vocab_size} logits a context, shape {expected}: "
            f"got shape {logits.shape} for {_describe(contexts)}."
            + (" Return the last position only: logits[:, -1]." if logits.ndim == 3 else ""),
            expected=expected,
            got=logits.shape,
        )
    bad = np.isnan(logits) | np.isposinf(logits)  # (batch, V)
    bad_rows = bad.any(axis=1) | np.isneginf(logits).all(axis=1)  # (batch,)
    if bad_rows.any():
        row = int(np.argmax(bad_rows))
        context = tuple(contexts[row].tolist())
        what = f"{logits[row][bad[row]][0]} for token {int(np.argmax(bad[row]))}" if bad[row].any() else "only -inf"
        raise ModelError(
            f"Logits of {name} must be finite, or -inf for impossible tokens: got {what} at context "
            f"{context} ({int(bad_rows.sum())} of {len(contexts)} rows in this batch are bad).",
            context=context,
        )
    return logits


def checked_outside(outside: Any, contexts: NDArray[np.int64], model: LanguageModel) -> NDArray[np.float64]:
    """The probability of tokens that a model leaves out after contexts ``(n, length)``: ``(n,)`` float64.

    Raises
    ------
    ModelError
        Another shape, or something that is no probability; names the context.
    """
    probabilities = as_float64(outside, f"The probability of other tokens, of {model_name(model)},")
    if probabilities.shape != (len(contexts),):
        raise ModelError(
            f"{model_name(model)} must return one probability of other tokens a context, shape ({len(contexts)},): got "
            f"shape {probabilities.shape}."
        )
    bad = ~((probabilities >= 0) & (probabilities <= 1 + 1e-9))  # (n,), NaN included
    if bad.any():
        row = int(np.argmax(bad))
        raise ModelError(
            f"The probability of other tokens must be from 0 to 1: {model_name(model)} has {probabilities[row]} at "
            f"context {tuple(contexts[row].tolist())}.",
            context=tuple(contexts[row].tolist()),
        )
    return probabilities


def as_float64(answer: Any, source: str) -> NDArray[np.float64]:
    """Numbers that a model returned, as an array; ``ModelError`` if they are none."""
    if hasattr(answer, "detach"):  # a torch tensor, told without importing torch; bfloat16 has no numpy twin
        answer = answer.detach().cpu().double().numpy()
    try:
        return np.asarray(answer, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"{source} must return numbers as a numpy array, a torch tensor or nested lists: "
            f"got {type(answer).__name__}."
        ) from error


def _describe(contexts: NDArray[np.int64]) -> str:
    return f"{len(contexts)} contexts of length {contexts.shape[1]}, the first {tuple(contexts[0].tolist())}"
