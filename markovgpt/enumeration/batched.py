"""Strategy ``batched``: one full forward pass a batch of contexts. Works for every model."""

from __future__ import annotations

from collections.abc import Iterator

from markovgpt.answers import next_logits_and_outside
from markovgpt.enumeration.done import NOTHING_DONE, Done
from markovgpt.enumeration.strategy import Block
from markovgpt.model import LanguageModel
from markovgpt.statespace import StateSpace

__all__ = ["batched", "one_batch"]


def batched(model: LanguageModel, states: StateSpace, batch_size: int, done: Done = NOTHING_DONE) -> Iterator[Block]:
    """Blocks of at most ``batch_size`` contexts of one length, in the order of the states."""
    for length, size in zip(range(states.shortest, states.context_length + 1), states.sizes, strict=True):
        for start in range(0, size, batch_size):
            stop = min(start + batch_size, size)
            if not done.covers(states.offset(length) + start, states.offset(length) + stop):
                yield one_batch(model, states, length, start, stop)


def one_batch(model: LanguageModel, states: StateSpace, length: int, start: int, stop: int) -> Block:
    """The contexts number start .. stop - 1 of a length, in one call."""
    contexts = states.contexts(length, start, stop)  # (m, length)
    logits, outside = next_logits_and_outside(model, contexts)
    return Block(states.offset(length) + start, logits, outside, contexts.size)
