"""How is a table filled: by which strategy, and by which other one if that gives other laws?"""

from __future__ import annotations

from typing import NamedTuple

from markovgpt.enumeration.choice import SHORTCUTS, STRATEGIES, choose, fallback
from markovgpt.enumeration.growing import GrowingTable
from markovgpt.errors import ModelError
from markovgpt.model import LanguageModel, Progress
from markovgpt.statespace import StateSpace

__all__ = ["Cost", "fill"]


class Cost(NamedTuple):
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
    *,
    strategy: str,
    batch_size: int,
    progress: Progress | None,
) -> Cost:
    """Ask the model about all states that are not done, by the strategy of the table or the one that is asked for.

    Raises
    ------
    ArgumentError
        There is no such strategy, or the model does not allow it.
    ModelError
        The model failed, or gives another law under the strategy that was asked for.
    """
    choice = choose(model, states, table.strategy or strategy)
    table.begin(choice.name, choice.note)
    cost = None
    try:
        cost = _ask(table, model, states, batch_size, progress)
    except ModelError as error:
        if strategy != "auto" or choice.name not in SHORTCUTS:
            raise
        choice = fallback(choice.name, error)
    if cost is None:
        table.begin(choice.name, choice.note)
        cost = _ask(table, model, states, batch_size, progress)
    table.complete(rounding=cost.rounding)
    return cost._replace(check_positions=cost.check_positions + choice.check_positions)


def _ask(
    table: GrowingTable, model: LanguageModel, states: StateSpace, batch_size: int, progress: Progress | None
) -> Cost:
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
    return Cost(calls, positions, checked, rounding)
