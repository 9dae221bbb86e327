"""What is a language model, to this package, and what does it say about a batch of contexts?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from markovgpt.errors import ArgumentError, ModelError
from markovgpt.vocabulary import Vocabulary

__all__ = [
    "Checkpoint",
    "LanguageModel",
    "Progress",
    "Session",
    "SizeCheck",
    "as_float64",
    "check_is_model",
    "checked_logits",
    "checked_outside",
    "model_name",
    "next_logits_and_outside",
    "next_token_logits",
    "tokens_of",
    "vocabulary_of",
]

Progress = Callable[[str, int, int], None]
"""Called as ``progress(what, done, total)`` while something long is under way."""

SizeCheck = Callable[[int, int], None]
"""Called as ``check(vocab_size, context_length)`` as soon as both are known, before training; raises to stop it."""


@runtime_checkable
class LanguageModel(Protocol):
    """Anything that answers "what comes next?"; no base class is needed.

    Attributes
    ----------
    vocab_size : int
        V.
    context_length : int
        K: the next-token law depends on at most the last K tokens.

    Optional attributes are found with ``hasattr``: ``tokens`` (V texts, for labels), ``vocabulary``
    (:class:`~markovgpt.vocabulary.Vocabulary`), ``training_tokens`` and ``validation_tokens`` ((n,) int64),
    ``fingerprint`` and ``name`` (str), ``contexts_per_call`` (how many contexts of K tokens suit it at once; 2,048
    where it does not say). Two optional methods make a causal model faster: ``session(batch)``, a :class:`Session` of
    that many rows, and ``all_logits(contexts)``, ``(batch, length) -> (batch, length, V)``, the logits after every
    prefix of every context.

    Further optional methods are for the checks of :mod:`markovgpt.testing`, which skip what a model does not have:

    - ``generate(prompts, n, *, seed, temperature=1.0, top_k=None, top_p=None)``: prompts ``(batch, length)`` and n
      tokens drawn after each, ``(batch, length + n)``; temperature 0 is greedy, and no option softmax(logits).
    - ``generate_with_logprobs(...)``: the same tokens and, ``(batch, n)``, the log-probability of each that was drawn,
      under the law that it was drawn from.
    - ``generate_speculative(prompts, n, *, seed, temperature=1.0)``: as ``generate``, by whatever shortcut.
    - ``padded_logits(contexts, lengths)``, ``(batch, length), (batch,) -> (batch, V)``: rows of ``lengths`` tokens
      each, padded on the left with any tokens.
    - ``exported``: the same model another way, a :class:`LanguageModel` itself.

    What ``next_logits`` does with more than K tokens is its own affair: nothing in this package asks, but for the check
    ``context_length``, which wants an error, or the law of the last K.
    """

    @property
    def vocab_size(self) -> int: ...

    @property
    def context_length(self) -> int: ...

    def next_logits(self, contexts: NDArray[np.int64]) -> Any:
        """``(batch, length) int64, 1 <= length <= K -> (batch, V)`` floats: numpy, torch, or nested lists."""
        ...


class Session(Protocol):
    """Rows of text that grow together, whose beginnings are not computed again; made by ``model.session(batch)``.

    Every row begins empty. Up to K tokens its law is that of ``next_logits``; beyond, that of the last K, or ``feed``
    raises. An optional ``n_bytes`` says how much
    memory the rows take, so that their number can be bounded; an optional ``memory`` says how much a session and all
    of its forks may take together, where they do not share that of the machine.
    """

    def feed(self, tokens: NDArray[np.int64]) -> Any:
        """Append one token a row, ``(batch,)``; the logits of what comes next, ``(batch, V)``."""
        ...

    def fork(self, rows: NDArray[np.int64]) -> Session:
        """A new session whose row i continues row ``rows[i]`` of this one, which stays as it is."""
        ...


Checkpoint = Callable[[int, LanguageModel], None]
"""Called as ``checkpoint(step, model)`` in training: before the first update (step 0) and after every one.

The model is the one in training: ask it at once, for it goes on to change.
"""


def check_is_model(thing: object) -> LanguageModel:
    """The thing itself, if it has what a model needs.

    Raises
    ------
    ArgumentError
        Names the attribute that is missing or unusable.
    """
    kind = type(thing).__name__
    wrap = " It looks like a torch module: wrap it, mg.from_module(module, context_length=...)."
    hint = wrap if hasattr(thing, "forward") and hasattr(thing, "parameters") else ""
    for attribute, meaning in (
        ("vocab_size", "the number of tokens"),
        ("context_length", "how many tokens the next one depends on"),
        ("next_logits", "a method (batch, length) -> (batch, vocab_size)"),
    ):
        if not hasattr(thing, attribute):
            raise ArgumentError(f"A model needs `{attribute}`, {meaning}: {kind} has none.{hint}", attribute=attribute)
    for attribute in ("vocab_size", "context_length"):
        value = getattr(thing, attribute)
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
            raise ArgumentError(
                f"`{attribute}` of a model must be a whole number of at least 1: {kind} has {value!r}.", value=value
            )
    if not callable(thing.next_logits):  # type: ignore[attr-defined]  # hasattr was asked above
        raise ArgumentError(f"`next_logits` of a model must be callable: that of {kind} is not.")
    return thing  # type: ignore[return-value]  # the three attributes are what the protocol asks for


def model_name(model: LanguageModel) -> str:
    """What to call a model in a report: its ``name``, or its class."""
    return str(getattr(model, "name", type(model).__name__))


def vocabulary_of(model: LanguageModel) -> Vocabulary:
    """The model's ``vocabulary``, or one made of its ``tokens``, or numbers.

    Raises
    ------
    ArgumentError
        The number of token texts is not ``vocab_size``.
    """
    vocabulary = getattr(model, "vocabulary", None)
    if not isinstance(vocabulary, Vocabulary):
        tokens = getattr(model, "tokens", None)
        vocabulary = (
            Vocabulary.numbered(model.vocab_size) if tokens is None else Vocabulary(tokens=tuple(map(str, tokens)))
        )
    if len(vocabulary) != model.vocab_size:
        raise ArgumentError(
            f"{model_name(model)} has vocab_size={model.vocab_size} but {len(vocabulary)} token texts.",
            vocab_size=model.vocab_size,
            tokens=len(vocabulary),
        )
    return vocabulary


def tokens_of(
    model: LanguageModel, which: Literal["training_tokens", "validation_tokens"] = "training_tokens"
) -> NDArray[np.int64] | None:
    """The model's data as an array ``(n,)``, from a list, a tuple, numpy or torch; None if it has none.

    Raises
    ------
    ArgumentError
        They are not a sequence of whole numbers.
    """
    tokens = getattr(model, which, None)
    if tokens is None:
        return None
    array = np.asarray(tokens.detach().cpu() if hasattr(tokens, "detach") else tokens)
    if array.ndim != 1 or (array.size and not np.issubdtype(array.dtype, np.integer)):
        raise ArgumentError(
            f"`{which}` of {model_name(model)} must be a sequence of whole numbers, (n,): got shape "
            f"{array.shape} of {array.dtype}."
        )
    return array.astype(np.int64)


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
    except Exception as error:
        raise ModelError(
            f"{name} failed on {_describe(contexts)}: {type(error).__name__}: {error}", contexts=contexts
        ) from error
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
