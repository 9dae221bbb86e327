"""What is decided, and refused, before anything long begins?"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from markovgpt.decoding import Decoding
from markovgpt.enumeration.choice import Choice, choose
from markovgpt.enumeration.cost import Cost, is_worth_predicting, predicted
from markovgpt.enumeration.limits import check_memory, check_seconds
from markovgpt.enumeration.memory import working_bytes
from markovgpt.enumeration.quantities import parse_seconds
from markovgpt.model import LanguageModel
from markovgpt.statespace import StateSpace

__all__ = ["Limits", "Plan", "make_plan"]

_LARGE = 2**23  # probabilities: below, what is needed beside them is not reckoned, which takes the weights of a model


class Limits(NamedTuple):
    """How much may be taken, and who hears of it beforehand."""

    max_memory: float | str | None = None
    max_time: float | str | None = None
    announce: Callable[[Cost], None] | None = None


class Plan(NamedTuple):
    """A strategy, what it is predicted to cost if anybody asked, and how long it took to choose."""

    choice: Choice
    cost: Cost | None
    seconds: float


def make_plan(
    model: LanguageModel,
    states: StateSpace,
    *,
    strategy: str,
    batch_size: int,
    rules: Sequence[Decoding],
    limits: Limits,
    n_done: int = 0,
    in_memory: bool = True,
) -> Plan:
    """Choose a strategy, predict what is worth it, and refuse what is beyond a limit.

    ``n_done`` states are in a file already; unless ``in_memory`` the table is mapped from it.

    Raises
    ------
    CostLimitError
        It would take more memory or time than the limits allow.
    ArgumentError
        A limit that is none; there is no such strategy, or the model does not allow it.
    ModelError
        The model failed, or gives another law under the strategy that was asked for.
    """
    max_memory, announce = limits.max_memory, limits.announce
    longest = None if limits.max_time is None else parse_seconds(limits.max_time)
    if in_memory:
        check_memory(states, max_memory=max_memory, n_rules=len(rules))
    started = time.perf_counter()
    choice = choose(model, states, strategy)
    choosing, cost = time.perf_counter() - started, None
    is_long = announce is not None and is_worth_predicting(model, states, choice.name, batch_size)
    if is_long or longest is not None:
        choice, cost = predicted(model, states, choice, strategy, choosing=choosing, rules=rules, batch_size=batch_size)
        cost = _of_the_rest(cost, 1 - n_done / states.n_states)
        check_seconds(model, cost, max_time=longest, asked=strategy)
    if in_memory and (max_memory is not None or states.n_states * states.vocab_size >= _LARGE):
        needed = working_bytes(model, states, choice.name, batch_size)
        check_memory(states, max_memory=max_memory, working_bytes=needed, n_rules=len(rules))
    if cost is not None and is_long and announce is not None:
        announce(cost)
    return Plan(choice, cost, choosing)


def _of_the_rest(cost: Cost, share: float) -> Cost:
    """What is left of a cost when all but a share of it is done."""
    times = {name: getattr(cost, name) * share for name in ("seconds", "seconds_low", "seconds_high")}
    return replace(cost, **times)
