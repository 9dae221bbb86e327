"""Where does everything stand? States, arrows and labels of one picture, in points, y upwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from markovgpt.drawing.arrows import Arrow, route
from markovgpt.drawing.graph import StateGraph
from markovgpt.drawing.labels import Label, place_labels
from markovgpt.drawing.style import radii

__all__ = ["Scene", "compose"]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Scene:
    """A graph with a place for each of its parts: ``positions`` (m, 2) and ``radius`` (m,) of the m states."""

    graph: StateGraph
    positions: NDArray[np.float64]
    radius: NDArray[np.float64]
    arrows: tuple[Arrow, ...]
    labels: tuple[Label, ...]

    def extent(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower left and upper right corner ``(2,)`` of the smallest rectangle that holds everything."""
        along = np.linspace(0, 1, 33)
        corners = [self.positions - self.radius[:, None], self.positions + self.radius[:, None]]
        corners += [arrow.at(along) for arrow in self.arrows]
        corners += [np.reshape(label.box, (2, 2)) for label in self.labels]
        points = np.vstack(corners)  # (k, 2)
        return points.min(axis=0), points.max(axis=0)


def compose(graph: StateGraph, positions: NDArray[np.float64]) -> Scene:
    """Arrows and labels for states that stand at ``positions`` (m, 2)."""
    arrows = route(graph, positions)
    labels = place_labels(graph, positions, arrows)
    return Scene(graph=graph, positions=positions, radius=radii(graph), arrows=arrows, labels=labels)
