"""Strategy ``loop``: one context a call, as in the notebook. The baseline that the others are measured against."""

from __future__ import annotations

from collections.abc import Iterator

from markovgpt.enumeration.batched import batched
from markovgpt.enumeration.done import NOTHING_DONE, Done
from markovgpt.enumeration.strategy import Block
from markovgpt.model import LanguageModel
from markovgpt.statespace import StateSpace

__all__ = ["loop"]


def loop(
    model: LanguageModel,
    states: StateSpace,
    batch_size: int,  # noqa: ARG001  # always 1
    done: Done = NOTHING_DONE,
) -> Iterator[Block]:
    """One block a state; ``batch_size`` is not used."""
    yield from batched(model, states, 1, done)
