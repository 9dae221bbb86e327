"""How far does each arc bend? So far that it passes no other state, and leaves room for the arcs beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["choose_bends", "quadratic"]

Points = NDArray[np.float64]

_BENDS = np.array([0.14, 0.05, 0.24, 0.34, 0.44, -0.06, -0.16, -0.28])
_CLEARANCE, _APART = 8.0, 11.0
_ROUNDS, _MOST_WORK = 3, 100_000


def quadratic(start: Points, end: Points, bend: float, t: NDArray[np.float64]) -> Points:
    """Points ``(k, 2)`` of the arc at parameters ``t`` (k,): its control point stands ``bend`` lengths to the left."""
    control = _control(start, end, bend)
    s, t = 1 - t[:, None], t[:, None]
    points: Points = s**2 * start + 2 * s * t * control + t**2 * end
    return points


def choose_bends(
    positions: Points, radius: NDArray[np.float64], ends: Sequence[tuple[int, int]]
) -> NDArray[np.float64]:
    """A bend for every arc, ``(E,)``, positive to its left.

    By default arcs bend a little to their left, so that two arrows between the same states stand apart. Each takes in
    turn the bend with the least cost: points within 8 of another state, arcs that meet a state within 11 points of
    another arc's end, and the bend itself. In a very large picture (arcs times states above 100,000) all bend alike.

    Parameters
    ----------
    positions : (m, 2) float64
        Centres of the states, in points.
    radius : (m,) float64
        Their radii.
    ends : sequence of E (source, target)
        Places of two different states.
    """
    if len(ends) * len(positions) > _MOST_WORK:
        return np.full(len(ends), _BENDS[0])
    chosen = np.zeros(len(ends), dtype=np.int64)  # (E,) index of the bend
    own = np.empty((len(ends), len(_BENDS)))  # (E, b) cost that depends on no other arc
    rims = np.empty((len(ends), 2, len(_BENDS)))  # (E, 2, b) angle at which the arc meets its source and its target
    at_state: dict[int, list[tuple[int, int]]] = {}
    for k, (i, j) in enumerate(ends):
        own[k], rims[k] = _measure(positions, radius, i, j)
        at_state.setdefault(i, []).append((k, 0))
        at_state.setdefault(j, []).append((k, 1))
    for _ in range(_ROUNDS):
        before = chosen.copy()
        for k, pair in enumerate(ends):
            cost = own[k].copy()  # (b,)
            for side, state in enumerate(pair):
                others = [rims[e, s, chosen[e]] for e, s in at_state[state] if e != k]
                cost += _crowding(rims[k, side], np.array(others), radius[state])
            chosen[k] = np.argmin(cost)
        if (chosen == before).all():
            break
    return _BENDS[chosen]


def _control(start: Points, end: Points, bend: float) -> Points:
    along = end - start
    control: Points = (start + end) / 2 + bend * np.array([-along[1], along[0]])
    return control


def _measure(
    positions: Points, radius: NDArray[np.float64], i: int, j: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    start, end, t = positions[i], positions[j], np.linspace(0, 1, 41)
    points = np.array([quadratic(start, end, bend, t) for bend in _BENDS])  # (b, k, 2)
    cost = 6.0 * np.abs(_BENDS - _BENDS[0])  # (b,)
    others = np.delete(np.arange(len(positions)), [i, j])
    if len(others):
        distance = np.hypot(*(points[:, :, None] - positions[others]).transpose(3, 0, 1, 2))  # (b, k, others)
        room = (distance - radius[others]).min(axis=(1, 2))  # (b,)
        cost += 2.0 * np.maximum(0, _CLEARANCE - room)
    rims = np.empty((2, len(_BENDS)))
    for side, (state, way) in enumerate(((i, points), (j, points[:, ::-1]))):
        offset = way - positions[state]  # (b, k, 2)
        leaves = np.argmax(np.hypot(*offset.transpose(2, 0, 1)) >= radius[state] + 4, axis=1)  # (b,)
        at_rim = offset[np.arange(len(_BENDS)), leaves]  # (b, 2)
        rims[side] = np.arctan2(at_rim[:, 1], at_rim[:, 0])
    return cost, rims


def _crowding(rim: NDArray[np.float64], others: NDArray[np.float64], radius: float) -> NDArray[np.float64]:
    """Cost ``(b,)`` of meeting the rim at these angles, where other arcs do at ``others``."""
    if not len(others):
        return np.zeros(len(rim))
    apart = np.abs(np.angle(np.exp(1j * (rim[:, None] - others)))) * (radius + 4)  # (b, others) points along the rim
    cost: NDArray[np.float64] = (np.maximum(0, _APART - apart) / _APART * 4.0).sum(axis=1)
    return cost
