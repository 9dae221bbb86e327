"""Is the chain small enough to be made explicit, and soon enough? Asked before anything is allocated."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from markovgpt.enumeration.choice import SHORTCUTS
from markovgpt.enumeration.memory import SHARE, default_max_memory, table_bytes
from markovgpt.enumeration.operations import operations, token_positions
from markovgpt.enumeration.quantities import format_bytes, format_seconds, parse_bytes, parse_seconds
from markovgpt.errors import ArgumentError, CostLimitError, TooManyStatesError
from markovgpt.model import LanguageModel
from markovgpt.statespace import StateSpace, count_digits

if TYPE_CHECKING:
    from markovgpt.enumeration.cost import Cost

__all__ = ["MAX_STATES", "check_is_counted", "check_memory", "check_n_states", "check_seconds", "refusals"]

MAX_STATES = 2**20
"""Default limit of states: about a minute for a small model, 8 MiB a token of table."""

_MAX_BYTES = 4 * 2**30  # of a table, unless max_states says otherwise: 50,257 tokens reach it before MAX_STATES
_BESIDE = 2**28  # bytes that are needed beside a table, where nobody knows yet
_DIGITS = 18  # of a number of states that 64 bits hold


def check_n_states(states: StateSpace, *, max_states: int | None = None) -> int:
    """The number of states, if it is within the limit.

    Raises
    ------
    ArgumentError
        The limit is no whole number.
    TooManyStatesError
        Says how many states and bytes, which limit, what raises it, and which K would fit.
    """
    if isinstance(max_states, bool) or not isinstance(max_states, int | np.integer | None):
        raise ArgumentError(f"max_states is a whole number of states: got {max_states!r}.", max_states=max_states)
    V, K = states.vocab_size, states.context_length
    limit = min(MAX_STATES, _MAX_BYTES // (8 * V)) if max_states is None else max_states
    n_digits = count_digits(V, K)
    if n_digits <= _DIGITS and states.n_states <= limit:
        return states.n_states
    n = states.n_states if n_digits <= _DIGITS else None
    count = f"a number of {n_digits:,} digits" if n is None else f"{n:,} states, a table of {format_bytes(n * V * 8)}"
    fits = _longest(states, lambda space: space.n_states <= limit)
    smaller = f"context_length={fits} is the longest that fits" if fits else "no context length fits: use fewer tokens"
    raises = f"; raise it with --max-states {n} (max_states={n})" if n is not None else " (--max-states, max_states)"
    raise TooManyStatesError(
        f"Too many states: {_contexts(states)} = {count}. The limit is {limit:,}{raises}. With {V} tokens, {smaller}.",
        n_states=n,
        limit=limit,
    )


def check_is_counted(states: StateSpace) -> None:
    """Refuse a space whose states 64 bits cannot number, whatever the limits are.

    Raises
    ------
    TooManyStatesError
        Says which K would fit.
    """
    if count_digits(states.vocab_size, states.context_length) > _DIGITS:
        check_n_states(states, max_states=10**_DIGITS)


def check_memory(
    states: StateSpace, *, max_memory: float | str | None = None, working_bytes: int = 0, n_rules: int = 1
) -> None:
    """Refuse a table that does not fit into the memory, with so many bytes beside it.

    Raises
    ------
    CostLimitError
        Says how many bytes, which limit, what raises it, and what would fit.
    """
    limit = default_max_memory() if max_memory is None else parse_bytes(max_memory)

    def needs(space: StateSpace) -> int:
        return table_bytes(space, n_rules=n_rules) + working_bytes

    if limit is None or needs(states) <= limit:
        return
    V, whose = states.vocab_size, f"{SHARE:.0%} of the memory that is free" if max_memory is None else "max_memory"
    beside = f", and enumeration needs {format_bytes(working_bytes)} beside it" if working_bytes else ""
    more = _typed(needs(states) + (0 if working_bytes else _BESIDE))
    ways = ["--store FILE keeps the table in a file"]
    if K := _longest(states, lambda space: needs(space) <= limit):
        ways.append(f"context_length={K} fits ({format_bytes(needs(_space(states, V, K)))})")
    if tokens := _most_tokens(states, lambda space: needs(space) <= limit):
        ways.append(f"so do {tokens} of the {V:,} tokens (--tokens)")
    raise CostLimitError(
        f"Too much memory: {_contexts(states)} = {states.n_states:,} states are a table of "
        f"{format_bytes(needs(states) - working_bytes)}{beside}. The limit is {format_bytes(limit)} ({whose}); raise "
        f"it with --max-memory {more} (max_memory={more!r}). {_listed(ways)}",
        n_bytes=needs(states),
        limit=limit,
    )


def refusals(
    model: LanguageModel,
    cost: Cost,
    *,
    asked: str,
    max_states: int | None = None,
    max_memory: float | str | None = None,
    max_time: float | str | None = None,
    n_rules: int = 1,
    in_memory: bool = True,
) -> list[CostLimitError]:
    """Every reason why :func:`markovgpt.build_chain` would refuse what was predicted, with the strategy asked for.

    Unless ``in_memory`` the table is mapped from a file.
    """
    checks: list[Callable[[], object]] = [
        lambda: check_n_states(cost.states, max_states=max_states),
        lambda: check_seconds(model, cost, max_time=max_time, asked=asked),
    ]
    if in_memory:
        needs = {"working_bytes": cost.working_bytes, "n_rules": n_rules}
        checks.insert(1, lambda: check_memory(cost.states, max_memory=max_memory, **needs))
    found = []
    for check in checks:
        try:
            check()
        except CostLimitError as error:
            found.append(error)
    return found


def check_seconds(model: LanguageModel, cost: Cost, *, max_time: float | str | None, asked: str) -> None:
    """Refuse what was predicted to take longer than a limit.

    Raises
    ------
    CostLimitError
        Says how long, which limit, what raises it, and what would fit.
    """
    limit = float("inf") if max_time is None else parse_seconds(max_time)
    if cost.seconds <= limit:
        return
    states, V = cost.states, cost.states.vocab_size

    def takes(space: StateSpace) -> float:
        part, whole = operations(model, space, cost.strategy), operations(model, states, cost.strategy)
        if part.flops and whole.flops:
            return cost.seconds * (part.flops / whole.flops)
        return cost.seconds * (part.token_positions / whole.token_positions)

    ways = []
    if faster := _faster(model, cost, asked):
        ways.append(faster)
    if K := _longest(states, lambda space: takes(space) <= limit):
        ways.append(f"context_length={K} fits (about {format_seconds(takes(_space(states, V, K)))})")
    if cost.strategy != "fused" and (tokens := _most_tokens(states, lambda space: takes(space) <= limit)):
        ways.append(f"{tokens} of the {V:,} tokens fit (--tokens)")
    more = f"{-(-cost.seconds_high // 1):.0f}s"
    raise CostLimitError(
        f"Too long: {cost}. The limit is {format_seconds(limit)} (max_time); raise it with --max-time {more} "
        f"(max_time={more!r}). {_listed(ways)}",
        seconds=cost.seconds,
        limit=limit,
    )


def _faster(model: LanguageModel, cost: Cost, asked: str) -> str:
    """A strategy that computes less, where it is possible and was not tried."""
    if asked == "auto":
        return ""
    for name, shortcut in SHORTCUTS.items():
        if name == asked:
            return ""
        n = token_positions(model, cost.states, name)
        if n < cost.token_positions and not shortcut.obstacle(model):
            return f"--strategy {name} computes {n:,} token positions, not {cost.token_positions:,}"
    return ""


def _longest(states: StateSpace, fits: Callable[[StateSpace], bool]) -> int:
    """The longest context that fits, below K; 0 if none does."""
    for K in range(1, states.context_length + 1):
        if not fits(_space(states, states.vocab_size, K)):
            return K - 1
    return states.context_length


def _most_tokens(states: StateSpace, fits: Callable[[StateSpace], bool]) -> int:
    """How many tokens would fit, fewer than there are; 0 if not even two do."""
    few, many = 1, states.vocab_size  # the first fits, the second does not
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (middle, many) if fits(_space(states, middle, states.context_length)) else (few, middle)
    return few if few > 1 else 0


def _space(states: StateSpace, vocab_size: int, context_length: int) -> StateSpace:
    return StateSpace(vocab_size=vocab_size, context_length=context_length, lengths=states.lengths)


def _contexts(states: StateSpace) -> str:
    V, K = states.vocab_size, states.context_length
    return f"{V}^{K}" if states.lengths == "full" else f"all contexts of 1 to {K} of {V} tokens"


def _listed(ways: list[str]) -> str:
    return f"Or: {'; '.join(ways)}." if ways else "No shorter context fits."


def _typed(n: int) -> str:
    """An amount at least as large, as it is typed."""
    unit, size = ("G", 2**30) if n >= 2**30 else ("M", 2**20)
    return f"{-(-n // size)}{unit}"
