"""Where does the name of a dot stand? Beside it; the names of dots that touch stand in a column, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from markovgpt.figures import INK, text_width
from markovgpt.plots.style import GREY, SMALL, spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["name_dots", "place_names"]

_RADIUS, _AWAY, _LINE = 5.0, 4.0, 1.3 * SMALL
_TOUCH = 2 * _RADIUS + _LINE
_SHIFTS = sorted(product((0, 1, 2, 3, 4), (0, 1, -1, 2, -2, 3, -3, 4, -4)), key=lambda s: (abs(s[0]) + abs(s[1]), s))
_TAKEN = 1e3


def name_dots(
    axes: Axes, x: NDArray[np.float64], y: NDArray[np.float64], names: Sequence[str], *, size: tuple[float, float]
) -> None:
    """Write k names beside dots at ``x, y`` (k,); ``size`` is about that of the axes, in points, rather too small."""
    limits = np.array([axes.get_xlim(), axes.get_ylim()])  # (2, 2)
    places = (np.column_stack((x, y)) - limits[:, 0]) / np.ptp(limits, axis=1) * size  # (k, 2)
    widths = np.array([text_width(name, SMALL) for name in names])
    for k, (dx, dy) in enumerate(place_names(places, widths, size=size).tolist()):
        line = {"arrowstyle": "-", "color": GREY, "linewidth": 0.7, "shrinkA": 1, "shrinkB": 0}
        text = axes.annotate(
            names[k],
            (x[k], y[k]),
            (dx, dy),
            textcoords="offset points",
            ha="left" if dx > 0 else "right",
            va="center",
            fontsize=SMALL,
            color=INK,
            arrowprops={**line, "relpos": (0 if dx > 0 else 1, 0.5)},
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.8},
            zorder=1.5,
        )
        text.set_in_layout(False)


def place_names(
    places: NDArray[np.float64], widths: NDArray[np.float64], *, size: tuple[float, float]
) -> NDArray[np.float64]:
    """Where each name begins (to the right of its dot) or ends (to the left), from the dot, ``(k, 2)`` points.

    Parameters
    ----------
    places : (k, 2) float64
        Dots, in points from a corner.
    widths : (k,) float64
        Of the names.
    size : (width, height)
        Within which names should stand.
    """
    offsets = np.empty_like(places)
    taken = np.hstack((places - _RADIUS, places + _RADIUS))  # (k, 4) what names should not cover: dots, then names too
    for group in _touching(places):
        height = places[group, 1]  # (g,)
        lines = spread(height.tolist(), gap=_LINE, low=_LINE / 2, high=size[1] - _LINE / 2)  # (g,)
        best, least = offsets[group], np.inf
        boxes = np.empty((len(group), 4))
        for rank, (column, row) in enumerate(_SHIFTS):
            for side in (1, -1):
                rim = places[group, 0].max() if side > 0 else places[group, 0].min()
                start = rim + side * (_RADIUS + _AWAY + column * _LINE)
                ends = np.sort(np.column_stack((np.full(len(group), start), start + side * widths[group])), axis=1)
                middle = lines + row * _LINE
                tried = np.column_stack((ends[:, 0], middle - _LINE / 2, ends[:, 1], middle + _LINE / 2))  # (g, 4)
                cost = rank + _TAKEN * _covered(tried, taken, size)
                if cost < least:
                    least, boxes = cost, tried
                    best = np.column_stack((start - places[group, 0], middle - height))
        offsets[group] = best
        taken = np.vstack((taken, boxes))
    return offsets


def _touching(places: NDArray[np.float64]) -> list[list[int]]:
    """Groups of dots that touch or nearly do, the largest first."""
    groups: list[list[int]] = []
    for k, place in enumerate(places):
        near = [group for group in groups if (np.hypot(*(places[group] - place).T) < _TOUCH).any()]
        groups = [group for group in groups if group not in near] + [[k, *(j for group in near for j in group)]]
    return sorted(groups, key=lambda group: (-len(group), group))


def _covered(boxes: NDArray[np.float64], taken: NDArray[np.float64], size: tuple[float, float]) -> int:
    """How many things the boxes ``(g, 4)`` cover, and how many of them reach beyond the borders."""
    outside = (boxes[:, :2] < 0) | (boxes[:, 2:] > size)  # (g, 2)
    apart = (boxes[:, None, :2] >= taken[:, 2:]) | (boxes[:, None, 2:] <= taken[:, :2])  # (g, k, 2)
    return int(outside.any(axis=1).sum() + (~apart.any(axis=2)).sum())
