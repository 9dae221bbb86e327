"""Where do the states stand on a circle of our own? In the order of likely walks, with equal gaps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from markovgpt.drawing.graph import StateGraph
from markovgpt.drawing.style import gap, radii

__all__ = ["circle_positions", "circle_size", "walk_order"]

_MOST_IMPROVED, _SWEEPS = 64, 6


def circle_positions(graph: StateGraph) -> NDArray[np.float64]:
    """Positions ``(m, 2)`` in points, y upwards: the heaviest state on top, likely walks go clockwise."""
    m = len(graph.nodes)
    if m == 1:
        return np.zeros((1, 2))
    order = walk_order(graph)  # (m,)
    radius = radii(graph)[order]  # (m,) along the ring
    chord = radius + np.roll(radius, -1) + gap(graph)  # (m,) to the next one
    ring = _ring_radius(chord)
    steps = 2 * np.arcsin(np.minimum(1, chord / (2 * ring)))  # (m,) radians to the next one
    angles = np.pi / 2 - np.concatenate(([0.0], np.cumsum(steps)[:-1])) * (2 * np.pi / steps.sum())  # (m,)
    positions = np.empty((m, 2))
    positions[order] = ring * np.column_stack((np.cos(angles), np.sin(angles)))
    return positions


def circle_size(graph: StateGraph) -> float:
    """About the diameter of the circle, in points, without finding the order."""
    return float((2 * radii(graph) + gap(graph)).sum() / np.pi)


def walk_order(graph: StateGraph) -> NDArray[np.int64]:
    """Nodes in the order in which they stand on the ring, ``(m,)``.

    A walk from the heaviest state along the likeliest arrows to new states; where there is none, it goes on from the
    latest state that has one. Then single states move as long as that shortens the arrows, weighted by probability.
    """
    weight = _weights(graph)  # (m, m)
    start = graph.nodes.index(graph.heaviest)
    order: list[int] = []
    stack: list[int] = []
    left = set(range(len(graph.nodes)))
    following = start
    while left:
        order.append(following)
        stack.append(following)
        left.remove(following)
        while stack and not (fresh := [t for t in np.flatnonzero(weight[stack[-1]]).tolist() if t in left]):
            stack.pop()
        if stack:
            here = weight[stack[-1]]
            following = max(fresh, key=lambda t: (here[t], -t))
        elif left:
            following = min(left)
    if len(order) > _MOST_IMPROVED:
        return np.array(order)
    return _clockwise(_improved(order, weight + weight.T, start=start), weight)


def _weights(graph: StateGraph) -> NDArray[np.float64]:
    places = graph.places()
    weight = np.zeros((len(graph.nodes), len(graph.nodes)))
    for edge in graph.edges:
        weight[places[edge.source], places[edge.target]] += edge.probability
    return weight


def _improved(order: list[int], weight: NDArray[np.float64], *, start: int) -> NDArray[np.int64]:
    m = len(order)
    apart = np.abs(np.subtract.outer(np.arange(m), np.arange(m)))
    apart = np.minimum(apart, m - apart)  # (m, m) steps along the ring

    def cost(candidate: list[int]) -> float:
        return float((weight[np.ix_(candidate, candidate)] * apart).sum())

    best = cost(order)
    for _ in range(_SWEEPS):
        improved = False
        for node in range(m):
            rest = [other for other in order if other != node]
            candidates = [[*rest[:place], node, *rest[place:]] for place in range(m)]
            costs = [cost(candidate) for candidate in candidates]
            if min(costs) < best - 1e-9:
                best, order, improved = min(costs), candidates[int(np.argmin(costs))], True
        if not improved:
            break
    first = order.index(start)
    return np.array(order[first:] + order[:first])


def _clockwise(order: NDArray[np.int64], weight: NDArray[np.float64]) -> NDArray[np.int64]:
    """The order or its mirror image: neighbours' arrows rather lead forward, as the first state stays the first."""
    forward = weight[order, np.roll(order, -1)].sum()
    backward = weight[np.roll(order, -1), order].sum()
    return order if forward >= backward else np.roll(order[::-1], 1)


def _ring_radius(chord: NDArray[np.float64]) -> float:
    """Radius of a circle on which consecutive chords of these lengths just close: ``sum 2 asin(c / 2R) = 2 pi``."""
    low, high = float(chord.max()) / 2, float(chord.sum())
    for _ in range(60):
        middle = (low + high) / 2
        if 2 * np.arcsin(np.minimum(1, chord / (2 * middle))).sum() > 2 * np.pi:
            low = middle
        else:
            high = middle
    return high
