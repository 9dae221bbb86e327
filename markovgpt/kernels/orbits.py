"""In which order does greedy decoding visit the states, and which loop does each orbit end in?"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from markovgpt.kernels.compiled import compiled
from markovgpt.kernels.graph import checked_table

__all__ = ["OrbitOrder", "greedy_successors", "landings", "orbit_order"]


class OrbitOrder(NamedTuple):
    """An order of the states in which each stands before its successor, but for the last state of each loop."""

    order: NDArray[np.int32]  # (n,) first those on no loop, then loop by loop
    loop_starts: NDArray[np.int64]  # (loops + 1,) loop l is order[loop_starts[l] : loop_starts[l + 1]]
    loop_of: NDArray[np.int32]  # (n,) number of the loop that the orbit reaches


def greedy_successors(probabilities: NDArray[Any]) -> NDArray[np.int32]:
    """Where the likeliest token leads, the lowest one of a tie: ``(V^K, V) -> (V^K,)``."""
    n, probabilities = checked_table(probabilities)
    successors = np.empty(n, dtype=np.int32)  # (n,)
    _likeliest(probabilities, successors)
    return successors


def orbit_order(successors: NDArray[np.int32]) -> OrbitOrder:
    """The order of a map of states to states, ``(n,)``; loops are numbered by their lowest states. 12 bytes a state."""
    n = len(successors)
    order, loop_of = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32)  # (n,)
    waiting = np.zeros(n, dtype=np.int32)  # (n,) predecessors that are not in the order yet
    n_transient = _peel(successors, waiting, order)
    starts = np.flatnonzero(_close_loops(successors, waiting, order, n_transient, loop_of)).astype(np.int64)
    _hand_back(successors, order, n_transient, loop_of)
    return OrbitOrder(order, np.append(n_transient + starts, n), loop_of)


def landings(successors: NDArray[np.int32], found: OrbitOrder) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Where every orbit meets its loop, as a place in the part of the order that has the loops, and after which steps.

    Both ``(n,)``. The orbit from that place and the one from the state meet, and at the same time.
    """
    n = len(successors)
    order, starts, loop_of = found
    n_transient = int(starts[0])
    landing, depth = np.empty(n, dtype=np.int32), np.zeros(n, dtype=np.int32)  # (n,)
    landing[order[n_transient:]] = np.arange(n - n_transient, dtype=np.int32)
    _walk_back(successors, order, n_transient, loop_of, starts - n_transient, landing, depth)
    return landing, depth


@compiled
def _likeliest(probabilities: NDArray[Any], successors: NDArray[np.int32]) -> None:
    n, V = probabilities.shape
    for state in range(n):
        best = 0
        for token in range(1, V):
            if probabilities[state, token] > probabilities[state, best]:
                best = token
        successors[state] = (state % (n // V)) * V + best


@compiled
def _peel(successors: NDArray[np.int32], waiting: NDArray[np.int32], order: NDArray[np.int32]) -> int:
    """Put into the order, one after another, the states whose predecessors are all there; how many there are."""
    n = len(successors)
    for s in range(n):
        waiting[successors[s]] += 1
    filled = 0
    for s in range(n):
        if waiting[s] == 0:
            order[filled] = s
            filled += 1
    done = 0
    while done < filled:
        s = successors[order[done]]
        done += 1
        waiting[s] -= 1
        if waiting[s] == 0:
            order[filled] = s
            filled += 1
    return filled


@compiled
def _close_loops(
    successors: NDArray[np.int32],
    waiting: NDArray[np.int32],
    order: NDArray[np.int32],
    n_transient: int,
    loop_of: NDArray[np.int32],
) -> NDArray[np.bool_]:
    """Put the loops behind; which places in the rest of the order begin one."""
    begins = np.zeros(len(order) - n_transient, dtype=np.bool_)
    filled = n_transient
    n_loops = 0
    for lowest in range(len(order)):
        if waiting[lowest] > 0:
            begins[filled - n_transient] = True
            s = lowest
            while waiting[s] > 0:
                waiting[s] = 0
                loop_of[s] = n_loops
                order[filled] = s
                filled += 1
                s = successors[s]
            n_loops += 1
    return begins


@compiled
def _hand_back(
    successors: NDArray[np.int32], order: NDArray[np.int32], n_transient: int, loop_of: NDArray[np.int32]
) -> None:
    for i in range(n_transient - 1, -1, -1):
        loop_of[order[i]] = loop_of[successors[order[i]]]


@compiled
def _walk_back(
    successors: NDArray[np.int32],
    order: NDArray[np.int32],
    n_transient: int,
    loop_of: NDArray[np.int32],
    loop_starts: NDArray[np.int64],
    landing: NDArray[np.int32],
    depth: NDArray[np.int32],
) -> None:
    """Against the order: a step earlier is a step further from the loop, and a place earlier in it."""
    for i in range(n_transient - 1, -1, -1):
        s = order[i]
        after = successors[s]
        depth[s] = depth[after] + 1
        first, last = loop_starts[loop_of[s]], loop_starts[loop_of[s] + 1] - 1
        landing[s] = last if landing[after] == first else landing[after] - 1
