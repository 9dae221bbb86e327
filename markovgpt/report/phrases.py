"""How are a number, a duration, a set of states and a proof put into words?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from markovgpt.analysis import GreedyLoop, StationaryDistribution
from markovgpt.chain import Chain, MarkovChain
from markovgpt.origin import TableStore
from markovgpt.report.digits import at_most
from markovgpt.solvers.extended import EXTENDED_LIMIT
from markovgpt.sparse_chain import SparseChain

__all__ = [
    "bound_phrase",
    "duration",
    "law_warnings",
    "loop_phrase",
    "method_phrase",
    "percent",
    "plural",
    "probability",
    "shortened",
    "whole_percent",
    "state_names",
    "stored_phrase",
    "took",
    "underflow_notes",
    "which_states",
]


def plural(n: int, noun: str) -> str:
    """The number and the noun: ``'1 state'``, ``'19,683 states'``."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def stored_phrase(store: TableStore) -> str:
    """Which file, and what of it was there before.

    >>> stored_phrase(TableStore(file="a.table", storage="float64", n_blocks=64, n_reused=40, n_damaged=1))
    'a.table (float64), 64 blocks: 40 reused, 24 computed, 1 of them damaged before'
    """
    damaged = f", {store.n_damaged:,} of them damaged before" if store.n_damaged else ""
    blocks = f"{plural(store.n_blocks, 'block')}: {store.n_reused:,} reused, {store.n_computed:,} computed{damaged}"
    return f"{store.file} ({store.storage}), {blocks}"


def percent(share: float) -> str:
    """Two decimals; a positive share never reads as nothing, nor a share below one as all.

    >>> percent(0.73163), percent(1e-9), percent(0.0), percent(1 - 1e-9), percent(1.0)
    ('73.16%', '<0.01%', '0%', '>99.99%', '100%')
    """
    if share in (0.0, 1.0):
        return f"{share:.0%}"
    if share < 5e-5:
        return "<0.01%"
    if share > 1 - 5e-5:
        return ">99.99%"
    return f"{share:.2%}"


def whole_percent(share: float) -> str:
    """No decimals; a positive share never reads as nothing, nor a share below one as all.

    >>> whole_percent(0.157), whole_percent(0.001), whole_percent(0.0), whole_percent(0.997), whole_percent(1.0)
    ('16%', '<1%', '0%', '>99%', '100%')
    """
    shown = f"{share:.0%}"
    if shown == "100%" and share < 1:
        return ">99%"
    return "<1%" if shown == "0%" and share > 0 else shown


def probability(p: float) -> str:
    """Six decimals, or two digits of a rare event.

    >>> probability(0.25), probability(3e-9), probability(0.0)
    ('0.250000', '3.0e-09', '0')
    """
    if p == 0:
        return "0"
    return f"{p:.6f}" if p >= 1e-4 else f"{p:.1e}"


def duration(steps: float) -> str:
    """An expected number of steps: two decimals, or three digits of a long one.

    >>> duration(3.25), duration(12345.678), duration(2.5e9), duration(float("inf"))
    ('3.25', '12,345.68', '2.50e+09', 'for ever')
    """
    if np.isinf(steps):
        return "for ever"
    return f"{steps:,.2f}" if steps < 1e6 else f"{steps:.2e}"


def took(seconds: float) -> str:
    """A duration in words.

    >>> took(0.0034), took(0.46), took(12.3), took(125.0)
    ('3.4 ms', '460 ms', '12.3 s', '2 min 5 s')
    """
    if seconds < 1:
        return f"{seconds * 1000:.{1 if seconds < 0.01 else 0}f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def state_names(chain: Chain, states: NDArray[np.int64], *, at_most: int = 12) -> str:
    """The labels of the first states, and how many more there are."""
    shown = ", ".join(chain.label(int(s)) for s in states[:at_most])
    return shown + (f" and {len(states) - at_most:,} more" if len(states) > at_most else "")


def shortened(text: str, *, at_most: int = 48) -> str:
    """A text, or the beginning of a long one.

    >>> shortened("0111"), shortened("01" * 6, at_most=5)
    ('0111', '0101…')
    """
    return text if len(text) <= at_most else f"{text[: at_most - 1]}…"


def loop_phrase(loop: GreedyLoop, n_states: int) -> str:
    """A loop of greedy decoding: its text, its basin, and how long sampling stays."""
    basin = f"{shortened(loop.text)}: {percent(loop.basin_size / n_states)} of the states lead there"
    if loop.escape_probability == 0:
        return f"{basin}; never left"
    return f"{basin}; sampling leaves it after {duration(loop.expected_escape_time)} tokens on average"


def which_states(chain: MarkovChain | SparseChain) -> str:
    """Which contexts the states are."""
    K, V = chain.context_length, chain.vocab_size
    if isinstance(chain, SparseChain):
        others = f", and {' '.join(chain.special)}" if chain.special else ""
        return f"the contexts reachable from {chain.label(0)!r}{others}"
    return f"the {V}^{K} contexts" if chain.states.lengths == "full" or K == 1 else f"the contexts of length 1 to {K}"


def underflow_notes(chain: MarkovChain | SparseChain) -> tuple[str, ...]:
    """How many arrows are missing because float64 cannot hold their probability; nothing where none is."""
    n = chain.origin.n_underflows
    if n == 0:
        return ()
    doubt = "(below 1e-323): the classes may be those of a colder chain."
    if n is None:
        return (f"It is not known how many arrows are zero only because they underflow {doubt}",)
    contexts = len(chain.contexts) if isinstance(chain, SparseChain) else chain.n_states
    are = "is zero only because it underflows" if n == 1 else "are zero only because they underflow"
    return (f"{n:,} of {contexts * chain.vocab_size:,} arrows {are} {doubt}",)


def method_phrase(pi: StationaryDistribution) -> str:
    """The algorithm behind a stationary distribution, and how long it went on."""
    cycles = plural(pi.iterations, "cycle")
    return {
        "gth": "GTH elimination",
        "gth, extended precision": "GTH elimination in extended precision",
        "suffix cycles": f"{cycles} over suffixes",
        "greedy sweeps": f"{cycles} of greedy sweeps",
        "power iteration": f"power iteration, {plural(pi.iterations, 'step')}",
        "pushing": f"{pi.iterations:,} pushes",
    }.get(pi.method, pi.method)


def bound_phrase(pi: StationaryDistribution) -> str:
    """What is proven about a stationary distribution; and if that is not enough, what would prove more."""
    method, residual = method_phrase(pi), f"residual {pi.residual:.1e}"
    if pi.certified:
        return f"Certified: total error (L1) at most {at_most(pi.error_bound)}, proven. {method}, {residual}."
    proven = "no error bound was proven"
    if not np.isinf(pi.error_bound):
        proven = f"only a total error (L1) of at most {at_most(pi.error_bound)} was proven"
    doubt = f"NOT certified: {proven} ({method}); the {residual} proves nothing by itself."
    return f"{doubt} {_next_step(pi)}"


def _next_step(pi: StationaryDistribution) -> str:
    if pi.interrupted:
        return "It was interrupted: left alone, it may prove more."
    if len(pi.states) <= EXTENDED_LIMIT:
        return "markovgpt stationary --extended (extended=True) settles it."
    if pi.method == "power iteration":
        return "With numba installed there are methods that prove more."
    return (
        f"What settles it is a chain of at most {EXTENDED_LIMIT:,} states (a shorter context, fewer tokens), by "
        "markovgpt stationary --extended; another tolerance does not."
    )


def law_warnings(pi: StationaryDistribution) -> tuple[str, ...]:
    """What the reader must see before the numbers."""
    if not pi.certified:
        return (bound_phrase(pi),)
    return ("Interrupted: the best that was known then, and what was proven of it.",) if pi.interrupted else ()
