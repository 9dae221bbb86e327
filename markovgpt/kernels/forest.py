"""In which order does greedy decoding visit the states, and which of its loops does each state end in?"""

from __future__ import annotations

from typing import Any

import numpy as np

from markovgpt.kernels.compiled import compiled

__all__ = ["greedy_forest", "table_successors"]


@compiled
def table_successors(table: Any) -> Any:
    """Successor of every full-length state by its likeliest token, the lowest of a tie: ``(n, V) -> (n,) int32``."""
    n, V = table.shape
    after = np.empty(n, dtype=np.int32)
    for s in range(n):
        best = 0
        for t in range(1, V):
            if table[s, t] > table[s, best]:
                best = t
        after[s] = (s * V + best) % n
    return after


@compiled
def greedy_forest(after: Any) -> Any:
    """Order and loops of a map of states to states, ``after (n,) int32``.

    Returns ``order (n,) int32``, in which every state stands before its successor, except for one state of each loop;
    ``n_transient``, the states in front that are on no loop; ``loop (n,) int32``, the number of the loop that a state
    ends in; and the number of loops.
    """
    n = len(after)
    waiting = np.zeros(n, dtype=np.int32)  # predecessors that are not in the order yet
    order = np.empty(n, dtype=np.int32)
    loop = np.empty(n, dtype=np.int32)
    for s in range(n):
        waiting[after[s]] += 1
    filled = 0
    for s in range(n):
        if waiting[s] == 0:
            order[filled] = s
            filled += 1
    done = 0
    while done < filled:
        s = after[order[done]]
        done += 1
        waiting[s] -= 1
        if waiting[s] == 0:
            order[filled] = s
            filled += 1
    n_transient = filled
    n_loops = 0
    for first in range(n):
        s = first
        if waiting[s] > 0:
            while waiting[s] > 0:
                waiting[s] = 0
                loop[s] = n_loops
                order[filled] = s
                filled += 1
                s = after[s]
            n_loops += 1
    for i in range(n_transient - 1, -1, -1):
        loop[order[i]] = loop[after[order[i]]]
    return order, n_transient, loop, n_loops
