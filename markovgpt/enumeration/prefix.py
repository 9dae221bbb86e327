"""Strategy ``prefix``: every beginning of a context is computed once. For causal models that can show or continue it.

With ``session(batch)`` contexts are walked as a trie: V + V^2 + ... + V^K tokens in all, where whole contexts of length
K have K V^K. With ``all_logits`` alone, a context costs K tokens as ever, but all shorter ones come with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from markovgpt.enumeration.agreement import try_out_passes, try_out_sessions
from markovgpt.enumeration.done import NOTHING_DONE, Done
from markovgpt.enumeration.passes import pass_blocks
from markovgpt.enumeration.strategy import Block, Shortcut
from markovgpt.enumeration.trie import walk_trie
from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel, model_name
from markovgpt.statespace import StateSpace

__all__ = ["PREFIX", "prefix"]

_STEP_COST, _PASS_COST = 2.0, 1.25  # of a token, in a session and in all_logits; in a batch of contexts it is 1
_LEAST_SAVED = 2**28  # tokens times parameters that are to be saved, or trying it out takes longer
_PARAMETERS = 2**14  # of a model that does not say


def prefix(model: LanguageModel, states: StateSpace, batch_size: int, done: Done = NOTHING_DONE) -> Iterator[Block]:
    """Blocks of neighbouring states; a call has at most ``batch_size`` contexts.

    Raises
    ------
    ArgumentError
        The model has neither ``session`` nor ``all_logits``.
    ModelError
        The model failed, or its answer is no law; names the context.
    """
    if obstacle := _obstacle(model):
        raise ArgumentError(f"The strategy 'prefix' cannot be used: {obstacle}.")
    if not _has_session(model):
        yield from pass_blocks(model, states, batch_size, done)
        return
    is_done = partial(done.covers_below, states)
    for level in walk_trie(model, shortest=states.shortest, batch_size=batch_size, is_done=is_done):
        order = np.argsort(level.numbers)  # (m,) neighbours, but not in their order
        start = states.offset(level.length) + int(level.numbers[order[0]])
        yield Block(start, level.logits[order], level.outside[order], level.token_positions, level.calls)


def _obstacle(model: LanguageModel) -> str:
    if _has_session(model) or hasattr(model, "all_logits"):
        return ""
    return f"{model_name(model)} has neither session(batch) nor all_logits(contexts)"


def _is_worthwhile(model: LanguageModel, states: StateSpace) -> bool:
    V, K, whole = states.vocab_size, states.context_length, states.n_tokens
    n_parameters = int(getattr(model, "n_parameters", None) or _PARAMETERS)

    def saves(cost: float) -> bool:
        return cost < whole and (whole - cost) * n_parameters >= _LEAST_SAVED

    by_steps = saves(_STEP_COST * sum(V**length for length in range(1, K + 1)))
    by_passes = saves(_PASS_COST * K * V**K)
    return (by_steps or by_passes) and (by_steps if _has_session(model) else by_passes)  # asking for it may take time


def _try_out(model: LanguageModel, states: StateSpace) -> int:
    return (try_out_sessions if _has_session(model) else try_out_passes)(model, states)


def _has_session(model: LanguageModel) -> bool:
    return hasattr(model, "session")


PREFIX = Shortcut(obstacle=_obstacle, is_worthwhile=_is_worthwhile, try_out=_try_out)
"""For :data:`markovgpt.enumeration.choice.SHORTCUTS`."""
