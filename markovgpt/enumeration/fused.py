"""Strategy ``fused``: a compiled walk of all contexts of a GPT, on all processors, without asking the model.

For models that show their weights by ``gpt_weights()``. Each prefix is computed once: :mod:`markovgpt.kernels.trie`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from markovgpt.answers import next_token_logits
from markovgpt.enumeration.done import NOTHING_DONE, Done
from markovgpt.enumeration.strategy import Block, Shortcut
from markovgpt.errors import ArgumentError
from markovgpt.gpt_weights import GPTWeights
from markovgpt.kernels.compiled import can_compile, load_compiler
from markovgpt.kernels.threads import usable_processors
from markovgpt.kernels.trie import TrieWalk
from markovgpt.model import LanguageModel, model_name
from markovgpt.statespace import StateSpace

__all__ = ["FUSED", "LANES", "Walk", "can_fuse", "fused", "fused_part", "piece_bytes", "walks"]

LANES = 64
"""Contexts that grow together: more do not fit in a processor's own cache, fewer are no faster."""

_PIECES = 5  # a processor, at least: so that all end at about the same time
_MAX_BYTES = 2**24  # of the logits of one piece
_LEAST_WORK = 2**34  # tokens times parameters of a batched run: some seconds, when loading what is compiled takes one
_PARAMETERS = 2**14  # of a model that does not say
_PART = 2**14  # contexts in a piece of a part, at most

Logits: TypeAlias = NDArray[np.float64]


def can_fuse(model: LanguageModel) -> str:
    """Why ``fused`` cannot be used for a model; empty if it can."""
    name = model_name(model)
    if not hasattr(model, "gpt_weights"):
        return f"{name} does not show the weights of a GPT by gpt_weights()"
    if not can_compile():
        return "numba, which compiles it, is not installed"
    if (place := str(getattr(model, "device", "cpu"))) != "cpu":
        return f"{name} is on the device {place}, and it is for the processor"
    weights: GPTWeights = model.gpt_weights()
    if (weights.vocab_size, len(weights.lm_head)) != (model.vocab_size, model.vocab_size):
        return f"the weights of {name} are for {weights.vocab_size} tokens, the model has {model.vocab_size}"
    if len(weights.wpe) < model.context_length:
        return f"the weights of {name} are for {len(weights.wpe)} positions, the model has {model.context_length}"
    for array in weights.arrays():
        if array.dtype != np.float32:
            return f"the weights of {name} are {array.dtype}, not float32"
        if not np.isfinite(array).all():
            return f"not all weights of {name} are finite"
    return ""


def fused(
    model: LanguageModel,
    states: StateSpace,
    batch_size: int,  # noqa: ARG001  # has its own
    done: Done = NOTHING_DONE,
) -> Iterator[Block]:
    """Blocks of neighbouring states; ``batch_size`` is not used.

    Raises
    ------
    ArgumentError
        :func:`can_fuse` says why.
    ModelError
        A logit is not finite, by the model's own answer; names the context.
    """
    if obstacle := can_fuse(model):
        raise ArgumentError(f"The strategy 'fused' cannot be used: {obstacle}.")
    yield from _walked(model, states, _pieces(states, usable_processors()), done)


def fused_part(model: LanguageModel, states: StateSpace, n_pieces: int) -> Iterator[Block]:
    """A part of what :func:`fused` does, in small pieces, some for each processor: the first contexts of length K.

    For those who want to know how long all of it takes.
    """
    V, K = states.vocab_size, states.context_length
    first = next((first for first in range(1, K) if V ** (K - first) * LANES <= _PART), K)
    starts = range(0, min(V**first, n_pieces * usable_processors() * LANES), LANES)
    yield from _walked(model, states, (_Piece(first, start, min(start + LANES, V**first), K, K) for start in starts))


def piece_bytes(states: StateSpace, n_threads: int) -> int:
    """Bytes of the logits of the largest piece."""
    V, most = states.vocab_size, 0
    for first, shortest, longest in walks(states, n_threads=n_threads):
        leaves = sum(V ** (length - first) for length in range(shortest, longest + 1))
        most = max(most, 8 * V * min(LANES, V**first) * leaves)
    return most


def _walked(
    model: LanguageModel, states: StateSpace, pieces: Iterator[_Piece], done: Done = NOTHING_DONE
) -> Iterator[Block]:
    """The blocks of pieces that are not done, by as many threads as there are usable processors."""
    load_compiler()
    trie = TrieWalk(model.gpt_weights(), context_length=states.context_length)  # type: ignore[attr-defined]  # can_fuse
    n_threads = usable_processors()
    waiting: deque[tuple[_Piece, Future[list[Logits]]]] = deque()
    pool = ThreadPoolExecutor(n_threads, thread_name_prefix="markovgpt")
    try:
        for piece in pieces:
            if done.covers_below(states, piece.first, piece.start, piece.stop, longest=piece.longest):
                continue
            waiting.append((piece, pool.submit(_walk, trie, states, piece)))
            if len(waiting) > 2 * n_threads:  # what is done and not yet taken needs memory
                yield from _blocks(model, states, *waiting.popleft())
        while waiting:
            yield from _blocks(model, states, *waiting.popleft())
    finally:
        pool.shutdown(cancel_futures=True)


class Walk(NamedTuple):
    """From every context of length first to the contexts of lengths shortest .. longest that begin with it."""

    first: int
    shortest: int
    longest: int


class _Piece(NamedTuple):
    """The contexts of lengths shortest .. longest that begin with contexts number start .. stop - 1 of length first."""

    first: int
    start: int
    stop: int
    shortest: int
    longest: int


def walks(states: StateSpace, *, n_threads: int | None = None) -> Iterator[Walk]:
    """Walks that cover every state once, for some threads: as many as there are usable processors unless said.

    The trie is cut at the first level that has enough nodes, or below which the walk would be too short for what it
    takes to get there, if pieces are small enough. Levels above, of few nodes, are walked by themselves where wanted.
    """
    V, K = states.vocab_size, states.context_length
    most_leaves = _MAX_BYTES // (8 * V * LANES)
    enough = (usable_processors() if n_threads is None else n_threads) * _PIECES * LANES

    def is_deep_enough(first: int) -> bool:
        if V ** (K - first) > most_leaves:
            return False
        short = V**first >= LANES and V ** (K - first - 1) < 4 * (first + 1)
        return bool(short or V**first >= enough)

    cut = next((first for first in range(1, K) if is_deep_enough(first)), K)
    for first in range(min(states.shortest, cut), cut + 1):
        yield Walk(first, max(first, states.shortest), K if first == cut else first)


def _pieces(states: StateSpace, n_threads: int) -> Iterator[_Piece]:
    """The walks in pieces of at most so many contexts as grow together."""
    for first, shortest, longest in walks(states, n_threads=n_threads):
        n = states.vocab_size**first
        for start in range(0, n, LANES):
            yield _Piece(first, start, min(start + LANES, n), shortest, longest)


def _walk(trie: TrieWalk, states: StateSpace, piece: _Piece) -> list[Logits]:
    beginnings = states.contexts(piece.first, piece.start, piece.stop)  # (n, first)
    return trie.logits(beginnings, shortest=piece.shortest, longest=piece.longest)


def _blocks(model: LanguageModel, states: StateSpace, piece: _Piece, future: Future[list[Logits]]) -> Iterator[Block]:
    V = states.vocab_size
    positions = _positions(piece, V)
    for length, logits in zip(range(piece.shortest, piece.longest + 1), future.result(), strict=True):
        number = piece.start * V ** (length - piece.first)
        for row in np.flatnonzero(~np.isfinite(logits).all(axis=1)):
            # An overflow. The model itself is asked, which says so in its own words, or knows better.
            logits[row] = next_token_logits(model, states.contexts(length, number + row, number + row + 1))[0]
        yield Block(states.offset(length) + number, logits, np.zeros(len(logits)), positions, calls=0)
        positions = 0


def _positions(piece: _Piece, V: int) -> int:
    """How many positions are computed for a piece."""
    below: int = sum(V**depth for depth in range(1, piece.longest - piece.first + 1))
    return (piece.stop - piece.start) * (piece.first + below)


def _is_worthwhile(model: LanguageModel, states: StateSpace) -> bool:
    n_parameters = int(getattr(model, "n_parameters", None) or _PARAMETERS)
    return states.n_tokens * n_parameters >= _LEAST_WORK


FUSED = Shortcut(obstacle=can_fuse, is_worthwhile=_is_worthwhile)
"""For :data:`markovgpt.enumeration.choice.SHORTCUTS`, before ``prefix``."""
