"""Is the chain small enough to be made explicit? Asked before anything is allocated."""

from __future__ import annotations

from markovgpt.errors import TooManyStatesError
from markovgpt.statespace import StateSpace, count_digits

__all__ = ["MAX_STATES", "check_n_states"]

MAX_STATES = 2**20
"""Default limit of states: about a minute for a small model, 8 MiB a token of table."""

_MAX_BYTES = 4 * 2**30  # of a table, unless max_states says otherwise: 50,257 tokens reach it before MAX_STATES


def check_n_states(states: StateSpace, *, max_states: int | None = None) -> int:
    """The number of states, if it is within the limit.

    Raises
    ------
    TooManyStatesError
        Says how many states and bytes, which limit, what raises it, and which K would fit.
    """
    V, K = states.vocab_size, states.context_length
    limit = min(MAX_STATES, _MAX_BYTES // (8 * V)) if max_states is None else max_states
    n_digits = count_digits(V, K)
    if n_digits <= 18 and states.n_states <= limit:
        return states.n_states
    n = states.n_states if n_digits <= 18 else None
    count = f"a number of {n_digits:,} digits" if n is None else f"{n:,} states, a table of {_format_bytes(n * V * 8)}"
    fits = _longest_that_fits(states, limit)
    smaller = f"context_length={fits} is the longest that fits" if fits else "no context length fits: use fewer tokens"
    raises = f"; raise it with --max-states {n} (max_states={n})" if n is not None else " (--max-states, max_states)"
    contexts = f"{V}^{K}" if states.lengths == "full" else f"all contexts of 1 to {K} of {V} tokens"
    raise TooManyStatesError(
        f"Too many states: {contexts} = {count}. The limit is {limit:,}{raises}. With {V} tokens, {smaller}.",
        n_states=n,
        limit=limit,
    )


def _longest_that_fits(states: StateSpace, limit: int) -> int:
    for K in range(1, states.context_length + 1):
        space = StateSpace(vocab_size=states.vocab_size, context_length=K, lengths=states.lengths)
        if space.n_states > limit:
            return K - 1
    return states.context_length


def _format_bytes(n: float) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB"):
        if n < 1024:
            return f"{n:.3g} {unit}"
        n /= 1024
    return f"{n:,.0f} PiB"
