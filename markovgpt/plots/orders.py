"""How many bits does each further token of context tell, and how many of them has the model still to learn?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.errors import ArgumentError
from markovgpt.figures import INK
from markovgpt.plots.checks import real_numbers
from markovgpt.plots.plot import Plot
from markovgpt.plots.style import BLUE, ORANGE, SMALL, headline, name_bars, order_name, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

__all__ = ["BitsByOrder", "draw_orders", "plot_orders"]

_THICK = 0.36


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class BitsByOrder:
    """Bits per token of the data, split by the length of context that they belong to, 0 to K.

    Attributes
    ----------
    told : (K + 1,) float64
        What one more token of context tells about the next: ``H[j - 1] - H[j]`` of the conditional entropies of the
        data, where ``H[-1] = log2 V``.
    missing : (K + 1,) float64
        What of it the model has still to learn: ``D[j] - D[j - 1]`` of its divergences from the data, where
        ``D[-1] = 0``. Infinite where the model excludes what occurs.
    """

    told: NDArray[np.float64]
    missing: NDArray[np.float64]

    def __post_init__(self) -> None:
        told = real_numbers("told", self.told, shape=(None,))
        if not len(told):
            raise ArgumentError("told must have a number of bits for every order from 0: got none.")
        missing = real_numbers("missing", self.missing, shape=told.shape, infinite=True)
        for name, array in (("told", told), ("missing", missing)):
            object.__setattr__(self, name, array)


def plot_orders(by_order: BitsByOrder, *, title: str = "") -> Plot:
    """Two bars an order: the bits that it tells, and those of them that the model has still to learn."""
    height = 1.3 + 0.5 * len(by_order.told)
    return Plot(draw=lambda figure: draw_orders(figure, by_order), size=(7.0, height), title=title)


def draw_orders(figure: FigureBase, by_order: BitsByOrder) -> None:
    """Draw them into a figure or a part of one."""
    axes = figure.subplots()
    places = np.arange(len(by_order.told), dtype=np.float64)
    finite = np.concatenate([by_order.told, by_order.missing[np.isfinite(by_order.missing)], [0.0]])
    low, high = finite.min(), finite.max() or 1.0
    margin = 0.12 * (high - low)  # for the numbers
    _bars(axes, places - _THICK / 2, by_order.told, colour=BLUE, name="told by the data", end=high + margin / 2)
    _bars(axes, places + _THICK / 2, by_order.missing, colour=ORANGE, name="still to learn", end=high + margin / 2)
    axes.set_xlim(low - margin if low < 0 else 0.0, high + 1.5 * margin)
    axes.set_yticks(places, [order_name(j) for j in range(len(places))])
    axes.invert_yaxis()
    axes.set_xlabel("bits per token")
    tidy(axes, grid="x")
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, fontsize=SMALL, borderpad=0.2)
    headline(axes, "What each token of context is worth", above_legend=True)


def _bars(
    axes: Axes, places: NDArray[np.float64], values: NDArray[np.float64], *, colour: str, name: str, end: float
) -> None:
    bars = axes.barh(places, np.minimum(values, end), height=_THICK, color=colour, label=name, linewidth=0)
    name_bars(axes, bars, values)
