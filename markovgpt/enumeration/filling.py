"""How is a table filled: by which strategy, and by which other one if that gives other laws?"""

from __future__ import annotations

from typing import NamedTuple

from markovgpt.enumeration.choice import SHORTCUTS, STRATEGIES, Choice, fallback
from markovgpt.enumeration.growing import GrowingTable
from markovgpt.errors import ModelError
from markovgpt.model import LanguageModel, Progress
from markovgpt.statespace import StateSpace

__all__ = ["Spent", "fill"]


class Spent(NamedTuple):
    """What it took: calls of the model, tokens that it was given, and those to compare; and what float32 cost."""

    calls: int = 0
    positions: int = 0
    check_positions: int = 0
    rounding: float | None = None
    """Largest error of a probability next to float64, in a sample; None if nobody compared."""


def fill(
    table: GrowingTable,
    model: LanguageModel,
    states: StateSpace,
    choice: Choice,
    *,
    asked: str,
    batch_size: int,
    progress: Progress | None,
) -> Spent:
    """Ask the model about all states that are not done, by the strategy that was chosen when another was asked for.

    Raises
    ------
    ModelError
        The model failed, or gives another law under the strategy that was asked for.
    """
    table.begin(choice.name, choice.note)
    spent = None
    try:
        spent = _ask(table, model, states, batch_size, progress)
    except ModelError as error:
        if asked != "auto" or choice.name not in SHORTCUTS:
            raise
        choice = fallback(choice.name, error)
    if spent is None:
        table.begin(choice.name, choice.note)
        spent = _ask(table, model, states, batch_size, progress)
    table.complete(rounding=spent.rounding)
    return spent._replace(check_positions=spent.check_positions + choice.check_positions)


def _ask(
    table: GrowingTable, model: LanguageModel, states: StateSpace, batch_size: int, progress: Progress | None
) -> Spent:
    """Ask the model; what a shortcut made is compared with ``next_logits`` in the end."""
    calls = positions = checked = 0
    rounding = None
    for block in STRATEGIES[table.strategy](model, states, batch_size, table.done):
        table.take(block)
        calls, positions = calls + block.calls, positions + block.token_positions
        if progress is not None:
            progress("enumerating contexts", table.n_done, states.n_states)
    if table.strategy in SHORTCUTS:
        checked = table.sample.compare(model, how=f"by the strategy {table.strategy!r}")
    if table.strategy == "fused":
        rounding = table.sample.rounding(model.gpt_weights()).probabilities  # type: ignore[attr-defined]  # computed from them
    return Spent(calls, positions, checked, rounding)
