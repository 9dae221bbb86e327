"""How do the arrows run? As gentle arcs from rim to rim, and loops that leave where no arc does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from markovgpt.drawing.bends import choose_bends, quadratic
from markovgpt.drawing.graph import GraphEdge, StateGraph
from markovgpt.drawing.style import arrow_width, radii

__all__ = ["Arrow", "route"]

Points = NDArray[np.float64]

_LOOP_REACH, _LOOP_WIDTH, _LOOP_FOOT, _LOOP_FREE = 36.0, 22.0, 9.0, 1.0
_START, _TIP = 0.8, 1.2  # distance of an arrow's ends from the rim


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Arrow:
    """The way of one arrow, in points.

    Attributes
    ----------
    edge : GraphEdge
        What it shows.
    curve : (4, 2)
        Cubic Bezier curve from the rim of the source to the base of the head.
    head : (3, 2)
        Triangle: tip on the rim of the target, then the two corners of the base.
    outward : (2,), or None
        For a loop: the direction in which it leaves.
    """

    edge: GraphEdge
    curve: Points
    head: Points
    outward: Points | None = None

    def at(self, t: NDArray[np.float64]) -> Points:
        """Points of the curve at parameters 0..1, ``(k,) -> (k, 2)``."""
        s = 1 - t
        basis = np.column_stack((s**3, 3 * s**2 * t, 3 * s * t**2, t**3))  # (k, 4)
        points: Points = basis @ self.curve
        return points


def route(graph: StateGraph, positions: Points) -> tuple[Arrow, ...]:
    """The ways of all arrows of a graph whose nodes stand at ``positions`` (m, 2): arcs, then loops."""
    radius, places = radii(graph), graph.places()
    arcs = [edge for edge in graph.edges if edge.source != edge.target]
    ends = [(places[edge.source], places[edge.target]) for edge in arcs]
    arrows: list[Arrow] = []
    taken: dict[int, list[Points]] = {}
    for edge, (i, j), bend in zip(arcs, ends, choose_bends(positions, radius, ends).tolist(), strict=True):
        arrow = _arc(edge, positions, radius, (i, j), bend)
        taken.setdefault(i, []).append(arrow.curve[0] - positions[i])
        taken.setdefault(j, []).append(arrow.head[0] - positions[j])
        arrows.append(arrow)
    for edge in graph.edges:
        if edge.source == edge.target:
            i = places[edge.source]
            outward = positions[i] - positions.mean(axis=0)
            angle = _free_angle(outward, np.reshape(taken.get(i, []), (-1, 2)))
            arrows.append(_loop(edge, positions[i], radius[i], angle))
    return tuple(arrows)


def _arc(edge: GraphEdge, positions: Points, radius: NDArray[np.float64], ends: tuple[int, int], bend: float) -> Arrow:
    start, end = positions[list(ends)]
    size = _head_length(edge)
    t = np.linspace(0, 1, 121)  # (k,)
    points = quadratic(start, end, bend, t)  # (k, 2)
    from_start, to_end = np.hypot(*(points - start).T), np.hypot(*(points - end).T)  # (k,)
    leaves = _when(from_start, radius[ends[0]] + _START, t)
    tip = 1 - _when(to_end[::-1], radius[ends[1]] + _TIP, t)
    base = max(1 - _when(to_end[::-1], radius[ends[1]] + _TIP + size, t), leaves + 1e-3)
    control = 2 * quadratic(start, end, bend, np.array([0.5]))[0] - (start + end) / 2
    curve = _piece(start, control, end, leaves, base)
    ends_of_head = quadratic(start, end, bend, np.array([tip, base]))  # (2, 2)
    return Arrow(edge=edge, curve=curve, head=_head(ends_of_head[0], ends_of_head[1], size))


def _when(distance: NDArray[np.float64], level: float, t: NDArray[np.float64]) -> float:
    """The first parameter at which a distance that starts below a level reaches it, by linear interpolation."""
    after = int(np.argmax(distance >= level))
    if after == 0:
        return 0.0
    return float(np.interp(level, distance[after - 1 : after + 1], t[after - 1 : after + 1]))


def _loop(edge: GraphEdge, centre: Points, radius: float, angle: float) -> Arrow:
    outward, left = _unit(angle), _unit(angle + np.pi / 2)
    half = min(0.62, _LOOP_FOOT / radius)  # radians
    apex = centre + (radius * np.cos(half) + _LOOP_REACH) * outward
    before, after = apex + _LOOP_WIDTH * left, apex - _LOOP_WIDTH * left
    tip = centre + (radius + _TIP) * _unit(angle - half)
    size = _head_length(edge)
    base = tip + size * (after - tip) / np.hypot(*(after - tip))
    curve = np.array([centre + (radius + _START) * _unit(angle + half), before, after, base])
    return Arrow(edge=edge, curve=curve, head=_head(tip, base, size), outward=outward)


def _free_angle(outward: Points, taken: Points) -> float:
    """Angle in which a loop leaves: away from the middle of the picture, and from the arcs ``(k, 2)`` of the state."""
    wanted = float(np.arctan2(outward[1], outward[0])) if np.hypot(*outward) > 1e-6 else np.pi / 2
    angles = wanted + np.linspace(-np.pi, np.pi, 48, endpoint=False)  # (48,), the wanted one among them
    score = np.cos(angles - wanted)
    if len(taken):
        arcs = np.arctan2(taken[:, 1], taken[:, 0])  # (k,)
        free = np.abs(np.angle(np.exp(1j * (angles[:, None] - arcs)))).min(axis=1)  # (48,)
        score += 1.5 * np.minimum(free, _LOOP_FREE)
    return float(angles[int(np.argmax(score))])


def _piece(a: Points, b: Points, c: Points, t0: float, t1: float) -> Points:
    """The part ``t0..t1`` of a quadratic Bezier curve, as a cubic one ``(4, 2)``: by blossoming."""

    def blossom(s: float, t: float) -> Points:
        value: Points = (1 - s) * (1 - t) * a + ((1 - s) * t + s * (1 - t)) * b + s * t * c
        return value

    first, middle, last = blossom(t0, t0), blossom(t0, t1), blossom(t1, t1)
    return np.array([first, (first + 2 * middle) / 3, (2 * middle + last) / 3, last])


def _head(tip: Points, base: Points, size: float) -> Points:
    along = (tip - base) / max(np.hypot(*(tip - base)), 1e-9)
    left = np.array([-along[1], along[0]])
    end = tip - size * 1.08 * along  # a little over the end of the line, so that no gap shows
    return np.array([tip, end + 0.42 * size * left, end - 0.42 * size * left])


def _head_length(edge: GraphEdge) -> float:
    return 4.6 + 1.7 * arrow_width(edge)


def _unit(angle: float) -> Points:
    return np.array([np.cos(angle), np.sin(angle)])
