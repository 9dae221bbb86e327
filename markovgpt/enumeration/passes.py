"""How does one pass over a whole context give the logits after all of its beginnings? By ``all_logits``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from markovgpt.answers import as_float64, checked_logits, checked_outside
from markovgpt.enumeration.done import Done
from markovgpt.enumeration.strategy import Block
from markovgpt.errors import ModelError
from markovgpt.model import model_name
from markovgpt.raised import RAISED, told
from markovgpt.statespace import StateSpace

__all__ = ["every_position", "pass_blocks", "rows_a_call"]

_CELLS = 2**22  # logits a pass


def pass_blocks(model: Any, states: StateSpace, batch_size: int, done: Done) -> Iterator[Block]:
    """Passes over the contexts of length K, which are asked for everything once: K V^K tokens, for any lengths."""
    V, K = states.vocab_size, states.context_length
    rows = rows_a_call(batch_size, V, K)
    for start in range(0, V**K, rows):
        stop = min(start + rows, V**K)
        if all(done.covers(*_begun_in(states, length, start, stop)) for length in range(states.shortest, K + 1)):
            continue
        contexts = states.contexts(K, start, stop)  # (m, K)
        every, outside = every_position(model, contexts)  # (m, K, V), (m, K)
        positions, calls = contexts.size, 1
        for length in range(K, states.shortest - 1, -1):
            step = V ** (K - length)  # so many contexts in a row begin alike; the first of them is taken
            own = slice(-start % step, None, step)
            beginnings = contexts[own, :length]  # (m', length)
            if len(beginnings):
                logits = checked_logits(every[own, length - 1], beginnings, model, method="all_logits")
                first, _ = _begun_in(states, length, start, stop)
                left_out = checked_outside(outside[own, length - 1], beginnings, model)
                yield Block(first, logits, left_out, positions, calls)
                positions = calls = 0


def _begun_in(states: StateSpace, length: int, start: int, stop: int) -> tuple[int, int]:
    """The states of a length that a pass gives: those that the first context to begin with them is in, as a range."""
    step, offset = states.vocab_size ** (states.context_length - length), states.offset(length)
    return offset - (-start // step), offset - (-stop // step)  # from one multiple of step to the next


def rows_a_call(batch_size: int, vocab_size: int, context_length: int) -> int:
    """Contexts that are passed over together."""
    return min(batch_size, max(1, _CELLS // (context_length * vocab_size)))


def every_position(model: Any, contexts: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Logits after every token of contexts ``(m, K)``, and what is left out: ``(m, K, V), (m, K)``.

    Raises
    ------
    ModelError
        ``all_logits`` failed, or gave an array of another shape.
    """
    name = model_name(model)
    both = getattr(model, "all_logits_and_outside", None)  # of a restricted vocabulary
    try:
        answer, outside = (model.all_logits(contexts), np.zeros(contexts.shape)) if both is None else both(contexts)
    except ModelError:
        raise
    except RAISED as error:
        raise ModelError(
            f"all_logits of {name} failed on {len(contexts)} contexts of length {contexts.shape[1]}, the first "
            f"{tuple(contexts[0].tolist())}: {told(error)}"
        ) from error
    every = as_float64(answer, f"all_logits of {name}")
    expected = (*contexts.shape, model.vocab_size)
    if every.shape != expected:
        raise ModelError(
            f"all_logits of {name} must return {model.vocab_size} logits a position, shape {expected}: got shape "
            f"{every.shape}.",
            expected=expected,
            got=every.shape,
        )
    return every, np.asarray(outside, dtype=np.float64)
