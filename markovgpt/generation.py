"""How is text drawn from a model? Exactly, with a seed, under a decoding rule."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from markovgpt.answers import next_token_logits
from markovgpt.decoding import Decoding
from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel, check_is_model

__all__ = ["check_prompts", "continued", "decoding_of", "generate"]

Integers = NDArray[np.int64]

Ask = Callable[[Integers, Integers], NDArray[np.float64]]
"""Given the tokens that are new in each row, ``(batch, new)``, and all of them, ``(batch, length)``: logits of the next
token, ``(batch, V)``, that were checked."""


def generate(
    model: LanguageModel,
    prompts: ArrayLike,
    n: int,
    *,
    seed: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    min_p: float | None = None,
) -> Integers:
    """Continue prompts by n tokens: ``(batch, length) -> (batch, length + n)``.

    The model is asked about the last K tokens before every draw, whatever caches it has. Draws are in float64, from
    what :class:`~markovgpt.Decoding` makes of the logits: a token of probability 0 is never drawn. No global random
    state is read or changed. The same seed, prompts and model give the same tokens.

    Parameters
    ----------
    model : LanguageModel
        V tokens, context K.
    prompts : (batch, length) integers
        At least one token each; they may be longer than K.
    n : int, at least 0
        Tokens to draw after each prompt.
    seed : int, at least 0
        Of the draws.
    temperature : float, at least 0
        0: always the likeliest token, the lowest of several that tie.
    top_k, top_p, min_p : optional
        As in :class:`~markovgpt.Decoding`: tokens that tie with the k-th are kept, and the one that crosses top_p.

    Raises
    ------
    ArgumentError
        Not a model; prompts that are none; a number that cannot be.
    ModelError
        The model raised, or returned something that is no law.

    Examples
    --------
    >>> import markovgpt as mg
    >>> model = mg.load_model("babygpt", steps=0)
    >>> generate(model, [[0, 1, 1], [1, 1, 1]], 4, seed=0).shape
    (2, 7)
    """
    check_is_model(model)
    decoding = decoding_of(temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p)
    given = check_prompts(prompts, n, vocab_size=model.vocab_size)
    K = int(model.context_length)
    return continued(
        given, int(n), lambda _, tokens: next_token_logits(model, tokens[:, -K:].copy()), decoding=decoding, seed=seed
    )


def decoding_of(
    *, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None, min_p: float | None = None
) -> Decoding:
    """The rule of a sampler's options, where temperature 0 means greedy.

    Raises
    ------
    ArgumentError
        A number that cannot be.

    Examples
    --------
    >>> decoding_of(temperature=0.0, top_k=3).describe()
    'greedy'
    """
    if isinstance(temperature, int | float | np.number) and not 0 <= temperature < np.inf:
        raise ArgumentError(
            f"temperature must be a number of at least 0; 0 always takes the likeliest token: got {temperature}.",
            temperature=temperature,
        )
    greedy = not isinstance(temperature, bool) and temperature == 0
    return Decoding(temperature=1.0 if greedy else temperature, top_k=top_k, top_p=top_p, min_p=min_p, greedy=greedy)


def check_prompts(prompts: ArrayLike, n: int, *, vocab_size: int) -> Integers:
    """Prompts as an array ``(batch, length)``.

    Raises
    ------
    ArgumentError
        They are no rows of tokens of one length, or n is no number of tokens.
    """
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 0:
        raise ArgumentError(f"n is a number of tokens to draw, at least 0: got {n!r}.", n=n)
    try:
        given = np.asarray(prompts)
    except ValueError:  # rows of different lengths
        given = np.empty(0)
    if given.ndim != 2 or not given.size or not np.issubdtype(given.dtype, np.integer):
        raise ArgumentError(
            f"Prompts are rows of at least one token, all of one length, (batch, length): got shape {given.shape} of "
            f"{given.dtype}. Generate from prompts of different lengths one length at a time."
        )
    if given.min() < 0 or given.max() >= vocab_size:
        raise ArgumentError(f"Tokens are 0..{vocab_size - 1}: the prompts have {given.min()} to {given.max()}.")
    return given.astype(np.int64)


def continued(prompts: Integers, n: int, ask: Ask, *, decoding: Decoding, seed: int) -> Integers:
    """Prompts ``(batch, length)`` continued by n draws from what ``ask`` answers: ``(batch, length + n)``."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ArgumentError(f"seed is a whole number of at least 0: got {seed!r}.", seed=seed)
    rng = np.random.default_rng(int(seed))
    batch, length = prompts.shape
    tokens = np.empty((batch, length + n), dtype=np.int64)
    tokens[:, :length] = prompts
    seen = 0
    for end in range(length, length + n):
        before = tokens[:, :end]
        logits = ask(tokens[:, seen:end], before)  # (batch, V)
        tokens[:, end] = _drawn(decoding.apply(logits), rng)
        seen = end
    return tokens


def _drawn(laws: NDArray[np.float64], rng: np.random.Generator) -> Integers:
    """One token a law, ``(batch, V) -> (batch,)``; never one of probability 0."""
    sums = np.cumsum(laws, axis=1)  # (batch, V)
    points = rng.random(len(laws)) * sums[:, -1]  # (batch,)
    last = laws.shape[1] - 1 - np.argmax(laws[:, ::-1] > 0, axis=1)  # (batch,) where rounding could go beyond
    drawn: Integers = np.minimum((sums <= points[:, None]).sum(axis=1), last)
    return drawn
