"""Where does every orbit of a map from states to states end?"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from markovgpt.kernels.compiled import can_compile

__all__ = ["Orbits", "orbits"]

COMPILED_ABOVE = 2**16
"""States above which a compiled loop follows the orbits."""

Progress = Callable[[str, int, int], None]


class Orbits(NamedTuple):
    """Loops of a map, and for every state the loop state that its orbit is in phase with in the end."""

    loop_of: NDArray[np.int32]  # (n,) number of the loop that the orbit reaches
    landing: NDArray[np.int32]  # (n,) index in loop_states: both orbits meet, and at the same time
    depth: NDArray[np.int32]  # (n,) steps until the loop is reached; 0 on a loop
    loop_states: NDArray[np.int32]  # (m,) loop by loop, each in the order of its orbit, from its lowest state on
    loop_starts: NDArray[np.int64]  # (loops + 1,) loop l is loop_states[loop_starts[l] : loop_starts[l + 1]]


def orbits(successors: NDArray[np.int32], *, progress: Progress | None = None) -> Orbits:
    """Follow all orbits of a map ``(n,)``. Loops are in no particular order."""
    if len(successors) > COMPILED_ABOVE and can_compile():
        return _in_order(successors, progress)
    return _by_doubling(successors)


def _in_order(successors: NDArray[np.int32], progress: Progress | None) -> Orbits:
    """From every state to the one before it, in O(n). 20 bytes a state."""
    from markovgpt.kernels.orbits import landings, orbit_order

    n = len(successors)
    found = orbit_order(successors)
    if progress is not None:
        progress("greedy orbits", n // 2, n)
    landing, depth = landings(successors, found)
    if progress is not None:
        progress("greedy orbits", n, n)
    n_transient = int(found.loop_starts[0])
    return Orbits(found.loop_of, landing, depth, found.order[n_transient:].copy(), found.loop_starts - n_transient)


def _by_doubling(successors: NDArray[np.int32]) -> Orbits:
    """After n or more steps every orbit is on its loop; the map turns loops, so those steps can be turned back."""
    n = len(successors)
    powers = [successors]  # 1, 2, 4, ... steps, (n,) each
    while 2 ** (len(powers) - 1) < n:
        powers.append(powers[-1][powers[-1]])
    after_many = powers[-1]
    on_loop = np.zeros(n, dtype=np.bool_)
    on_loop[after_many] = True

    loop_of, place = np.full(n, -1, dtype=np.int32), np.empty(n, dtype=np.int32)  # (n,), of loop states
    states: list[int] = []
    starts = [0]
    for lowest in np.flatnonzero(on_loop).tolist():
        state = lowest
        while loop_of[state] < 0:
            loop_of[state], place[state] = len(starts) - 1, len(states)
            states.append(state)
            state = int(successors[state])
        if len(states) > starts[-1]:
            starts.append(len(states))
    loop_states = np.array(states, dtype=np.int32)  # (m,)

    back = np.empty(n, dtype=np.int32)  # (n,) of loop states
    back[after_many[loop_states]] = loop_states
    landing = place[back[after_many]]  # (n,)

    depth, reached = np.zeros(n, dtype=np.int32), np.arange(n)  # (n,) the last state of the orbit that is on no loop
    for k in reversed(range(len(powers))):
        further = powers[k][reached]
        off = ~on_loop[further]
        depth[off] += 2**k
        reached[off] = further[off]
    depth += ~on_loop
    return Orbits(loop_of[loop_states[landing]], landing, depth, loop_states, np.array(starts, dtype=np.int64))
