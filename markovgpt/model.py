"""What is a language model, to this package, and what does it say about a batch of contexts?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from markovgpt.errors import ArgumentError
from markovgpt.vocabulary import Vocabulary

__all__ = [
    "Checkpoint",
    "LanguageModel",
    "Progress",
    "Session",
    "SizeCheck",
    "check_is_model",
    "law_fingerprint",
    "model_name",
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
      tokens drawn after each, ``(batch, length + n)``; temperature 0 is greedy, and no option softmax(logits). One
      without a ``seed`` draws from the random numbers of the process, which are seeded for it; that of a torch module
      is given a tensor.
    - ``generate_with_logprobs(...)``: the same tokens and, ``(batch, n)``, the log-probability of each that was drawn,
      under the law that it was drawn from.
    - ``generate_speculative(prompts, n, *, seed, temperature=1.0)``: as ``generate``, by whatever shortcut.
    - ``padded_logits(contexts, lengths)``, ``(batch, length), (batch,) -> (batch, V)``: rows of ``lengths`` tokens
      each, padded on the left with any tokens.
    - ``exported``: the same model another way, a :class:`LanguageModel` itself.

    What ``next_logits`` does with more than K tokens is its own affair: nothing in this package asks, but for the check
    ``context_length``, which wants a refusal (``ValueError``, say), or the law of the last K.
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
    refuses: it raises ``ValueError`` or ``NotImplementedError``. An optional ``n_bytes`` says how much memory the rows
    take, so that their number can be bounded; an optional ``memory`` says how much a session and all of its forks may
    take together, where they do not share that of the machine.
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


def law_fingerprint(model: LanguageModel) -> str:
    """What tells a model's law from any other: its ``fingerprint``, or empty if it has none.

    A part of a model, whose weights are those of the whole, has a ``law_fingerprint`` beside it.
    """
    return str(getattr(model, "law_fingerprint", getattr(model, "fingerprint", "")))


def vocabulary_of(model: LanguageModel) -> Vocabulary:
    """The model's ``vocabulary``, or one made of its ``tokens``, or numbers.

    A method or a layer that is called ``tokens`` is no list of texts, and is passed over.

    Raises
    ------
    ArgumentError
        The number of token texts is not ``vocab_size``.
    """
    vocabulary = getattr(model, "vocabulary", None)
    if not isinstance(vocabulary, Vocabulary):
        tokens = getattr(model, "tokens", None)
        if isinstance(tokens, Iterable) and not callable(tokens):
            vocabulary = Vocabulary(tokens=tuple(map(str, tokens)))
        else:
            vocabulary = Vocabulary.numbered(model.vocab_size)
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
