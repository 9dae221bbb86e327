"""Where does an arrow's label stand? On its arrow, where it hides least; the likeliest arrows choose first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from markovgpt.drawing.arrows import Arrow
from markovgpt.drawing.graph import StateGraph
from markovgpt.drawing.style import ARROW_FONT, arrow_label, radii
from markovgpt.figures import text_width

__all__ = ["Label", "place_labels"]

_MOST_LABELS = 400
_PLACES = 0.5 + np.array([(-1) ** k * 0.03 * ((k + 1) // 2) for k in range(25)])  # from the middle to 0.14 and 0.86
_BLOCKED = 1e6


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Label:
    """A placed label: its arrow, its text, and the rectangle ``(x0, y0, x1, y1)`` in points that it fills."""

    arrow: Arrow
    text: str
    box: tuple[float, float, float, float]


class _Crowd:
    """Points of many arrows, sorted so that those in a rectangle are found quickly."""

    def __init__(self, points: Sequence[NDArray[np.float64]]) -> None:
        everything = np.vstack([np.empty((0, 2)), *points])  # (k, 2)
        owners = np.repeat(np.arange(len(points)), [len(p) for p in points])  # (k,)
        order = np.argsort(everything[:, 0], kind="stable")
        self._points, self._owners = everything[order], owners[order]

    def inside(self, box: NDArray[np.float64], *, but: int) -> int:
        """How many arrows other than ``but`` have a point in the rectangle."""
        first, last = np.searchsorted(self._points[:, 0], box[[0, 2]])
        height = self._points[first:last, 1]
        owners = self._owners[first:last][(height > box[1]) & (height < box[3])]
        return len(set(owners.tolist()) - {but})


def place_labels(graph: StateGraph, positions: NDArray[np.float64], arrows: Sequence[Arrow]) -> tuple[Label, ...]:
    """Labels that overlap no state and no other label; those that find no such place are left out.

    Beyond 400 arrows only the likeliest 400 are tried.
    """
    lines = _Crowd([arrow.at(np.linspace(0, 1, 41)) for arrow in arrows])
    heads = _Crowd([arrow.head for arrow in arrows])
    radius = radii(graph)  # (m,)
    taken = np.empty((0, 4))
    labels = []
    likeliest = sorted(range(len(arrows)), key=lambda k: -arrows[k].edge.probability)
    for k in likeliest[:_MOST_LABELS]:
        text = arrow_label(arrows[k].edge)
        boxes = _boxes(arrows[k], text)  # (c, 4)
        cost = np.arange(len(boxes)) * 0.5  # (c,)
        cost += _BLOCKED * _touches_circle(boxes, positions, radius + 1.5).any(axis=1)
        cost += _BLOCKED * _overlaps(boxes, taken).any(axis=1)
        own = k if arrows[k].outward is None else -1  # a label stands on its arc, but beside its loop
        cost += [30.0 * heads.inside(box, but=-1) + 12.0 * lines.inside(box, but=own) for box in boxes]
        best = int(np.argmin(cost))
        if cost[best] < _BLOCKED:
            taken = np.vstack((taken, boxes[best]))
            x0, y0, x1, y1 = boxes[best].tolist()
            labels.append(Label(arrow=arrows[k], text=text, box=(x0, y0, x1, y1)))
    return tuple(labels)


def _boxes(arrow: Arrow, text: str) -> NDArray[np.float64]:
    """Rectangles ``(c, 4)`` where the label could stand, best first."""
    size = np.array([text_width(text, ARROW_FONT) + 1.0, ARROW_FONT * 1.25])
    if arrow.outward is None:
        centres = arrow.at(_PLACES)  # (c, 2)
    else:  # beyond the apex of the loop: as far as the rim of the ellipse in the rectangle, and a little
        apex = arrow.at(np.array([0.5]))[0]
        depth = 1 / float(np.hypot(*(arrow.outward / (size / 2))))
        steps = np.array([3.0, 6.0, 9.0, 13.0, 18.0, 24.0])
        centres = apex + (steps + depth)[:, None] * arrow.outward  # (c, 2)
    return np.hstack((centres - size / 2, centres + size / 2))


def _overlaps(boxes: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which rectangles overlap, ``(c, 4), (k, 4) -> (c, k)``."""
    a, b = boxes[:, None], others[None]
    overlap: NDArray[np.bool_] = np.all((a[..., :2] < b[..., 2:]) & (b[..., :2] < a[..., 2:]), axis=2)
    return overlap


def _touches_circle(
    boxes: NDArray[np.float64], centres: NDArray[np.float64], radius: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Which rectangles reach into which circles, ``(c, 4), (m, 2), (m,) -> (c, m)``."""
    nearest = np.clip(centres, boxes[:, None, :2], boxes[:, None, 2:])  # (c, m, 2)
    touches: NDArray[np.bool_] = np.hypot(*(nearest - centres).transpose(2, 0, 1)) < radius
    return touches
