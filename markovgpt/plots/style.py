"""How do all plots look? Light axes, few lines, text that is easy to read, colours of the Okabe-Ito set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from markovgpt.figures import INK, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import BarContainer

__all__ = [
    "BLUE",
    "COLOURS",
    "GREY",
    "ORANGE",
    "SMALL",
    "bits",
    "headline",
    "name_bars",
    "order_name",
    "shortened",
    "spread",
    "tidy",
]

BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#b4bcc6"
COLOURS = (BLUE, ORANGE, "#009e73", "#cc79a7", "#e69f00", "#56b4e9", INK)
SMALL = 8.0
_LINE = "#d5dae0"


def tidy(axes: Axes, *, grid: Literal["x", "y", "both"]) -> None:
    """Only two quiet spines, small ticks, and thin lines behind the numbers of one axis or of both."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GREY)
    axes.tick_params(labelsize=SMALL, labelcolor=MUTED, color=GREY, length=3)
    axes.xaxis.label.set(color=MUTED, fontsize=9)
    axes.yaxis.label.set(color=MUTED, fontsize=9)
    axes.set_axisbelow(True)
    axes.grid(axis=grid, color=_LINE, linewidth=0.6)


def headline(axes: Axes, text: str, *, above_legend: bool = False) -> None:
    """What the plot shows, in plain words, above its left edge."""
    pad = 22.0 if above_legend else 6.0
    axes.set_title(text, loc="left", fontsize=10, color=INK, weight="bold", pad=pad)


def bits(value: float) -> str:
    """A number of bits, with three decimals or two digits.

    >>> bits(0.8125), bits(0.00042), bits(0.0), bits(float("inf"))
    ('0.812', '0.00042', '0', 'infinite')
    """
    if np.isinf(value):
        return "infinite"
    if value == 0:
        return "0"
    return (f"{value:.3f}" if abs(value) >= 0.01 else f"{value:.2g}").replace("-", "−")


def name_bars(axes: Axes, bars: BarContainer, values: NDArray[np.float64]) -> None:
    """Write bits behind horizontal bars; those that are infinite, and end somewhere, are hatched."""
    axes.bar_label(bars, [bits(value) for value in values], padding=3, fontsize=SMALL, color=INK)
    for bar, value in zip(bars.patches, values, strict=True):
        if np.isinf(value):
            bar.set(edgecolor=bar.get_facecolor(), facecolor="white", hatch="////")


def order_name(order: int) -> str:
    """How far back a context of this length reaches, in words."""
    return ("no context", "1 token back")[order] if order < 2 else f"{order} tokens back"


def shortened(name: str, *, longest: int = 24) -> str:
    """The end of a name that is too long: the last tokens of a context tell the most.

    >>> shortened("the cat sat", longest=8)
    '…cat sat'
    """
    return name if len(name) <= longest else f"…{name[1 - longest :]}"


def spread(places: Sequence[float], *, gap: float, low: float, high: float) -> NDArray[np.float64]:
    """Places moved as little as needed to be ``gap`` apart and within ``[low, high]``, as far as they all fit.

    The least squares solution, by pooling those that are in each other's way.

    >>> spread([0.0, 0.1, 5.0], gap=1.0, low=-9.0, high=9.0).tolist()
    [-0.45, 0.55, 5.0]
    """
    order = np.argsort(places, kind="stable")
    steps = np.arange(len(order)) * gap
    pools: list[tuple[float, int]] = []  # mean and size of each, ascending
    for wanted in np.asarray(places, dtype=np.float64)[order] - steps:
        mean, size = float(wanted), 1
        while pools and pools[-1][0] >= mean:
            before, n = pools.pop()
            mean, size = (before * n + mean * size) / (n + size), n + size
        pools.append((mean, size))
    moved = np.repeat([mean for mean, _ in pools], [size for _, size in pools])
    result = np.empty(len(order))
    result[order] = np.clip(moved, low, max(low, high - steps[-1] if len(steps) else low)) + steps
    return result
