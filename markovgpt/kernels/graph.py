"""Which states can reach each other, in tables of millions of states?

The arrows are arithmetic: token t leads from state s to ``(s * V + t) mod V^K``. So a search needs the table, and a few
bytes a state of its own. The long loops work in portions, between which Python sees Ctrl-C.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from markovgpt.errors import NotComputedError
from markovgpt.kernels.compiled import compiled

__all__ = [
    "Components",
    "checked_table",
    "cyclic_levels",
    "states_by_label",
    "strong_components",
]

_PORTION = 2**23  # arrows between two looks at the keyboard: less than a second

Progress = Callable[[str, int, int], None]


class Components(NamedTuple):
    """The strongly connected components, in the order of their lowest states."""

    labels: NDArray[np.int32]  # (n,)
    number: int
    recurrent: NDArray[np.bool_]  # (number,) no arrow leaves it


def strong_components(probabilities: NDArray[Any], *, progress: Progress | None = None) -> Components:
    """Strongly connected components of a full-length table ``(V^K, V)``.

    An arrow is a probability above 0. Needs 13 bytes a state.

    Source
    ------
    Pearce, A space-efficient algorithm for finding strongly connected components, Inf. Process. Lett. 116 (2016) 47-52.
    """
    n, probabilities = checked_table(probabilities)
    found = np.zeros(n, dtype=np.int32)  # (n,) order of discovery while under way, then n - number of the component
    stack = np.empty(n, dtype=np.int32)  # (n,) the path grows from the left, states that wait from the right
    is_root = np.empty(n, dtype=np.bool_)  # (n,)
    cursor = np.array([0, 0, n, 1, n, 0, 0], dtype=np.int64)
    while not _search(probabilities, found, stack, is_root, cursor, _portion(probabilities)):
        _tell(progress, "communicating classes", int(cursor[6]), n)
    number = n - int(cursor[4])
    del is_root
    _renumber(found, stack, number)
    del stack
    recurrent = np.ones(number, dtype=np.bool_)
    _mark_left(probabilities, found, recurrent)
    return Components(found, number, recurrent)


def cyclic_levels(
    probabilities: NDArray[Any], labels: NDArray[np.int32], number: int, *, progress: Progress | None = None
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Levels of a breadth-first search inside each component, ``(n,)``, and the periods ``(number,)``.

    A search begins at the lowest state of its component. Modulo the period, the level is the cyclic class. A component
    without an arrow has period 0. Needs 8 bytes a state.
    """
    n, probabilities = checked_table(probabilities)
    levels = np.full(n, -1, dtype=np.int32)  # (n,)
    queue = np.empty(n, dtype=np.int32)  # (n,)
    periods = np.zeros(number, dtype=np.int64)  # (number,)
    cursor = np.zeros(3, dtype=np.int64)
    while not _spread(probabilities, labels, levels, queue, periods, cursor, _portion(probabilities)):
        _tell(progress, "periods", int(cursor[1]), n)
    return levels, periods


def states_by_label(labels: NDArray[np.int32], number: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """States sorted by label, ascending within one ``(n,)``, and where each label begins ``(number + 1,)``."""
    order = np.empty(len(labels), dtype=np.int32)  # (n,)
    starts = np.zeros(number + 1, dtype=np.int64)  # (number + 1,)
    _count_and_place(labels, order, starts)
    return order, starts


def checked_table(probabilities: NDArray[Any]) -> tuple[int, NDArray[Any]]:
    """Number of states, and a view that cannot be written to: one compiled version for arrays that can or cannot."""
    n = len(probabilities)
    if n >= 2**31:
        raise NotComputedError(f"Graphs are searched up to 2^31 - 1 states: got {n:,}.", n_states=n)
    view = np.ascontiguousarray(probabilities).view()
    view.setflags(write=False)
    return n, view


def _tell(progress: Progress | None, what: str, done: int, total: int) -> None:
    if progress is not None:
        progress(what, done, total)


def _portion(probabilities: NDArray[Any]) -> int:
    """Number of states that makes a portion of arrows."""
    return int(_PORTION // probabilities.shape[1] + 1)


@compiled
def _search(
    probabilities: NDArray[Any],
    found: NDArray[np.int32],
    stack: NDArray[np.int32],
    is_root: NDArray[np.bool_],
    cursor: NDArray[np.int64],
    portion: int,
) -> bool:
    """Go on with the depth-first search for a portion of states; whether it is done."""
    n, V = probabilities.shape
    rest = n // V
    start, depth, waiting, index, label, token, finished = cursor
    for _ in range(portion):
        if depth == 0:
            while start < n and found[start] != 0:
                start += 1
            if start == n:
                break
            stack[0] = start
            depth = 1
            found[start] = index
            is_root[start] = True
            index += 1
            token = 0
        state = stack[depth - 1]
        first = (state % rest) * V  # where token 0 leads
        deeper = False
        while token < V:
            if probabilities[state, token] > 0:
                target = first + token
                if found[target] == 0:
                    stack[depth] = target
                    depth += 1
                    found[target] = index
                    is_root[target] = True
                    index += 1
                    token = 0
                    deeper = True
                    break
                if found[target] < found[state]:
                    found[state] = found[target]
                    is_root[state] = False
            token += 1
        if deeper:
            continue
        depth -= 1
        finished += 1
        if is_root[state]:
            index -= 1
            while waiting < n and found[state] <= found[stack[waiting]]:
                found[stack[waiting]] = label
                waiting += 1
                index -= 1
            found[state] = label
            label -= 1
        else:
            waiting -= 1
            stack[waiting] = state
        token = state % V  # the arrow by which the path came here is looked at once more, now that its target is known
    cursor[:] = (start, depth, waiting, index, label, token, finished)
    return bool(depth == 0 and start == n)


@compiled
def _renumber(found: NDArray[np.int32], number_of: NDArray[np.int32], number: int) -> None:
    """Number the components in the order of their lowest states; ``number_of`` is scratch."""
    n = len(found)
    for i in range(number):
        number_of[i] = -1
    following = 0
    for state in range(n):
        old = n - found[state]
        if number_of[old] < 0:
            number_of[old] = following
            following += 1
        found[state] = number_of[old]


@compiled
def _mark_left(probabilities: NDArray[Any], labels: NDArray[np.int32], recurrent: NDArray[np.bool_]) -> None:
    n, V = probabilities.shape
    for state in range(n):
        label = labels[state]
        if recurrent[label]:
            first = (state % (n // V)) * V
            for token in range(V):
                if probabilities[state, token] > 0 and labels[first + token] != label:
                    recurrent[label] = False


@compiled
def _spread(
    probabilities: NDArray[Any],
    labels: NDArray[np.int32],
    levels: NDArray[np.int32],
    queue: NDArray[np.int32],
    periods: NDArray[np.int64],
    cursor: NDArray[np.int64],
    portion: int,
) -> bool:
    """Go on with the breadth-first searches for a portion of states; whether they are done."""
    n, V = probabilities.shape
    start, head, tail = cursor
    for _ in range(portion):
        if head == tail:
            while start < n and levels[start] >= 0:
                start += 1
            if start == n:
                break
            levels[start] = 0
            queue[tail] = start
            tail += 1
        state = queue[head]
        head += 1
        label = labels[state]
        first = (state % (n // V)) * V
        for token in range(V):
            target = first + token
            if probabilities[state, token] > 0 and labels[target] == label:
                if levels[target] < 0:
                    levels[target] = levels[state] + 1
                    queue[tail] = target
                    tail += 1
                else:
                    a, b = periods[label], abs(np.int64(levels[state]) + 1 - levels[target])
                    while b:
                        a, b = b, a % b
                    periods[label] = a
    cursor[0], cursor[1], cursor[2] = start, head, tail
    return bool(start == n and head == tail)


@compiled
def _count_and_place(labels: NDArray[np.int32], order: NDArray[np.int32], starts: NDArray[np.int64]) -> None:
    for label in labels:
        starts[label + 1] += 1
    for i in range(1, len(starts)):
        starts[i] += starts[i - 1]
    for state in range(len(labels)):
        order[starts[labels[state]]] = state
        starts[labels[state]] += 1
    for i in range(len(starts) - 1, 0, -1):  # every start has moved to the next
        starts[i] = starts[i - 1]
    starts[0] = 0
