"""How are contexts walked as the trie that they form, each beginning computed once, in bounded memory?

A session holds the contexts of one length that grow together. Breadth first while all of their continuations fit, then
depth first by parts: a part is a range of neighbouring contexts, which is followed to its end before the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from markovgpt.answers import checked_logits, checked_outside
from markovgpt.errors import ModelError
from markovgpt.model import Session, model_name
from markovgpt.raised import RAISED, told

__all__ = ["ALL_BYTES", "Level", "context_digits", "rows_a_call", "sessions_alive", "walk_trie"]

ALL_BYTES = 2**28
"""That all sessions that wait may hold."""

_SESSION_BYTES = 2**25  # that one session may hold
_CELLS = 2**22  # logits a call: a large vocabulary makes rows long
_GROWTH = 8  # a part grows at least so much before it is cut again: cutting copies what is kept of it

Integers = NDArray[np.int64]


class Level(NamedTuple):
    """What the model says after some contexts of one length, and what it was given since the last level."""

    length: int
    numbers: Integers  # (m,) the contexts, as base-V numbers, in any order
    logits: NDArray[np.float64]  # (m, V)
    outside: NDArray[np.float64]  # (m,)
    token_positions: int
    calls: int


class _Part(NamedTuple):
    """Rows of a session, or none at the root of the trie, and the tokens that each of them is to be continued by."""

    session: Session | None
    rows: Integers  # (g,)
    numbers: Integers  # (g,) the contexts in these rows
    tokens: Integers  # (c,)
    length: int  # of the contexts, before


def walk_trie(
    model: Any,
    *,
    shortest: int,
    batch_size: int,
    only: Sequence[Integers] | None = None,
    is_done: Callable[[int, int, int], bool] | None = None,
) -> Iterator[Level]:
    """All contexts of ``shortest`` to K tokens, by sessions of the model of at most ``batch_size`` rows.

    Every level is a range of neighbouring contexts. With ``only``, K arrays of contexts of the lengths 1 to K, just
    those are visited; each must begin with one of the array before. What begins with the contexts number ``start`` up
    to ``stop - 1`` of a length is left out where ``is_done(length, start, stop)``.

    Raises
    ------
    ModelError
        A session failed, or its answer is no law; names the context.
    """
    V, K = model.vocab_size, model.context_length
    tokens = [np.arange(V, dtype=np.int64) if only is None else np.unique(only[length] % V) for length in range(K)]
    most = rows_a_call(batch_size, V)
    waiting = _parts(None, np.zeros(1, dtype=np.int64), 0, K, tokens[0], most)
    positions = calls = 0
    while waiting:
        part = waiting.pop()
        rows = np.tile(part.rows, len(part.tokens))  # (c g,) rows that share a beginning are one behind the other
        numbers = np.tile(part.numbers * V, len(part.tokens)) + np.repeat(part.tokens, len(part.rows))
        length = part.length + 1
        if only is not None:
            kept = np.isin(numbers, only[part.length])
            rows, numbers = rows[kept], numbers[kept]
            if not len(rows):
                continue
        if is_done is not None and is_done(length, int(numbers.min()), int(numbers.max()) + 1):
            continue
        try:
            session = model.session(len(rows)) if part.session is None else part.session.fork(rows)
            answer, outside = _feed(session, numbers % V)
        except ModelError:
            raise
        except RAISED as error:
            raise ModelError(
                f"The session of {model_name(model)} failed on {len(rows)} contexts of length {length}, the first "
                f"{tuple(context_digits(numbers[:1], length, V)[0].tolist())}: {told(error)}",
            ) from error
        positions, calls = positions + len(rows), calls + 1
        del part  # and with it the session that was forked, if this was its last part
        if length < K:
            waiting += reversed(_parts(session, numbers, length, K, tokens[length], most))
        if length >= shortest:
            contexts = context_digits(numbers, length, V)  # (m, length)
            logits = checked_logits(answer, contexts, model, method="A session")
            yield Level(length, numbers, logits, checked_outside(outside, contexts, model), positions, calls)
            positions = calls = 0
        del session, answer  # before the next is made


def rows_a_call(batch_size: int, vocab_size: int) -> int:
    """Rows that a session has at most."""
    return min(batch_size, max(1, _CELLS // vocab_size))


def sessions_alive(vocab_size: int, context_length: int, batch_size: int) -> int:
    """How many sessions with all their rows a walk has at once: one for each cut, and the one that is fed."""
    whole, most = 1, rows_a_call(batch_size, vocab_size)
    while vocab_size**whole <= most and whole < context_length:
        whole += 1
    left = context_length - whole
    return 1 if not left else 1 + -(-left // _levels_at_once(vocab_size, left))


def context_digits(numbers: Integers, length: int, vocab_size: int) -> Integers:
    """The contexts of one length that numbers stand for, ``(m,) -> (m, length)``."""
    weights = vocab_size ** np.arange(length - 1, -1, -1, dtype=np.int64)  # (length,)
    return numbers[:, None] // weights % vocab_size


def _feed(session: Any, tokens: Integers) -> tuple[Any, Any]:
    both = getattr(session, "feed_and_outside", None)  # of a restricted vocabulary
    return (session.feed(tokens), np.zeros(len(tokens))) if both is None else both(tokens)


def _parts(
    session: Session | None, numbers: Integers, length: int, context_length: int, tokens: Integers, batch_size: int
) -> list[_Part]:
    """What continues the rows of a session by some tokens: all of it at once, or neighbouring contexts together."""
    m, c = len(numbers), len(tokens)
    most = _most_rows(session, m, length, context_length, batch_size)
    rows, size = np.arange(m, dtype=np.int64), m  # in their order: a session can share what they have in common
    if m * c > most:
        rows = np.argsort(numbers).astype(np.int64)
        size = max(1, most // c ** _levels_at_once(c, context_length - length))
    return [
        _Part(session, rows[i : i + size], numbers[rows[i : i + size]], tokens[t : t + most], length)
        for i in range(0, m, size)
        for t in range(0, c, most)
    ]


def _levels_at_once(factor: int, left: int) -> int:
    """How many of the levels that are left a part grows before it is cut again: enough, and each time about as many."""
    enough = 1
    while factor**enough < _GROWTH and enough < left:
        enough += 1
    cuts = -(-left // enough)
    return -(-left // cuts)


def _most_rows(session: Session | None, m: int, length: int, K: int, batch_size: int) -> int:
    """Rows that a session may have, so that all that wait stay within the memory."""
    n_bytes = 0 if session is None else int(getattr(session, "n_bytes", 0))
    if not n_bytes:
        return batch_size
    full_row = n_bytes / m * K / length  # bytes
    memory = getattr(session, "memory", None)  # of a device of its own
    most = min(_SESSION_BYTES, ALL_BYTES / K) if memory is None else memory / K
    return max(1, min(batch_size, int(most / full_row)))
