"""Which strategies are there, and which one suits a model?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from markovgpt.enumeration.batched import batched
from markovgpt.enumeration.fused import FUSED, fused
from markovgpt.enumeration.loop import loop
from markovgpt.enumeration.prefix import PREFIX, prefix
from markovgpt.enumeration.strategy import Shortcut, Strategy
from markovgpt.errors import ArgumentError, ModelError
from markovgpt.model import LanguageModel
from markovgpt.statespace import StateSpace

__all__ = ["BATCH_SIZE", "SHORTCUTS", "STRATEGIES", "Choice", "choose", "contexts_a_call", "fallback"]

BATCH_SIZE = 2048
"""Contexts a call, unless a model or somebody says otherwise."""

STRATEGIES: dict[str, Strategy] = {"loop": loop, "batched": batched, "prefix": prefix, "fused": fused}
"""Every way to enumerate; all give the same chain to 1e-6."""

SHORTCUTS: dict[str, Shortcut] = {"fused": FUSED, "prefix": PREFIX}
"""Those that not every model allows, in the order in which ``auto`` considers them; ``batched`` is for all others."""


class Choice(NamedTuple):
    """A strategy, and what was found when it was chosen."""

    name: str
    check_positions: int = 0
    """Tokens that the model was given to try it out."""
    note: str = ""
    """Why a shortcut that would suit the model was not taken."""


def choose(model: LanguageModel, states: StateSpace, asked: str) -> Choice:
    """The strategy that is asked for; for ``auto`` the first shortcut that is possible, worthwhile, and agrees.

    Raises
    ------
    ArgumentError
        There is no such strategy, or the model does not allow it.
    ModelError
        The shortcut that is asked for gives other laws than ``next_logits``.
    """
    if asked != "auto":
        return _as_asked(model, states, asked)
    notes = []
    for name, shortcut in SHORTCUTS.items():
        if not shortcut.is_worthwhile(model, states) or shortcut.obstacle(model):
            continue
        try:
            positions = 0 if shortcut.try_out is None else shortcut.try_out(model, states)
        except ModelError as error:
            notes.append(fallback(name, error).note)
        else:
            return Choice(name, positions, " ".join(notes))
    return Choice("batched", note=" ".join(notes))


def fallback(name: str, error: ModelError) -> Choice:
    """What is done instead of a shortcut that failed."""
    return Choice("batched", note=f"The strategy {name!r} was not used. {error}")


def contexts_a_call(model: LanguageModel, asked: int | None) -> int:
    """The batch size that is asked for, or else the model's own.

    Raises
    ------
    ArgumentError
        It is below 1.
    """
    size = int(getattr(model, "contexts_per_call", None) or BATCH_SIZE) if asked is None else asked
    if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
        raise ArgumentError(f"batch_size must be a whole number of at least 1: got {size!r}.", batch_size=size)
    return size


def _as_asked(model: LanguageModel, states: StateSpace, asked: str) -> Choice:
    if asked not in STRATEGIES:
        raise ArgumentError(f"Strategies are auto, {', '.join(STRATEGIES)}: got {asked!r}.", strategy=asked)
    shortcut = SHORTCUTS.get(asked)
    if shortcut is None:
        return Choice(asked)
    if obstacle := shortcut.obstacle(model):
        raise ArgumentError(
            f"The strategy {asked!r} cannot be used: {obstacle}. Use 'auto', or 'batched', which is for every model.",
            strategy=asked,
        )
    return Choice(asked, 0 if shortcut.try_out is None else shortcut.try_out(model, states))
