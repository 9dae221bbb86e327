"""What does a model learn first? Quantities against the training step, in panels that share the steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from markovgpt.errors import ArgumentError
from markovgpt.figures import INK, MUTED, text_width
from markovgpt.plots.checks import real_numbers
from markovgpt.plots.plot import Plot
from markovgpt.plots.style import COLOURS, SMALL, headline, spread, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

__all__ = ["Curve", "Level", "Panel", "check_panels", "draw_curves", "plot_curves"]

_PANEL_HEIGHT = 2.8  # inches
_LINE = 1.3 * SMALL / 140  # of a name, to the height of the axes
_MARKED = 20  # steps that get a mark
_WIDTH = 260.0  # of the axes, in points, rather too small


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Curve:
    """A quantity at every step ``(T,)``; ``target`` is what the data say it should be, a dotted line."""

    name: str
    values: NDArray[np.float64]
    target: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", real_numbers(f"the values of {self.name!r}", self.values, shape=(None,)))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A value that does not depend on the step: a thin line with its name at the right."""

    name: str
    value: float


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Panel:
    """One plot of several.

    Attributes
    ----------
    title : str
        What it shows, in plain words.
    unit : str
        Stands at the vertical axis, "" for none.
    curves : tuple of Curve, at least 1
        Colours follow their order.
    levels : tuple of Level
        Lines beside them.
    stacked : bool
        Each curve is an area on top of those before it; no value may be negative.
    share : bool
        Values are shares of a whole: the axis runs from 0% to 100%.
    """

    title: str
    unit: str
    curves: tuple[Curve, ...]
    levels: tuple[Level, ...] = ()
    stacked: bool = False
    share: bool = False

    def __post_init__(self) -> None:
        if not self.curves:
            raise ArgumentError(f"The panel {self.title!r} must have at least one curve: got none.")
        if self.stacked and min(curve.values.min(initial=0.0) for curve in self.curves) < 0:
            raise ArgumentError(f"The curves of the panel {self.title!r} are stacked, so none may be negative.")


def check_panels(steps: ArrayLike, panels: Sequence[Panel]) -> NDArray[np.float64]:
    """The steps ``(T,)``, if they ascend from 0 or more and every curve has T values.

    Raises
    ------
    ArgumentError
        That is not so, or there is no step or panel.
    """
    steps = real_numbers("steps", steps, shape=(None,), low=0)
    if not len(steps) or not panels or not (np.diff(steps) > 0).all():
        raise ArgumentError(f"Learning curves need ascending steps and a panel: got {steps} and {len(panels)} panels.")
    for panel in panels:
        for curve in panel.curves:
            real_numbers(f"the values of {curve.name!r}", curve.values, shape=steps.shape)
    return steps


def plot_curves(steps: ArrayLike, panels: Sequence[Panel], *, title: str = "") -> Plot:
    """Panels that share one axis of steps, which is logarithmic from the first step after 0 and shows 0 as well."""
    steps = check_panels(steps, panels)
    rows = -(-len(panels) // 2)
    size = (6.0 * min(2, len(panels)) + 0.5, _PANEL_HEIGHT * rows + 0.5)
    return Plot(draw=lambda figure: draw_curves(figure, steps, panels), size=size, title=title)


def draw_curves(figure: FigureBase, steps: NDArray[np.float64], panels: Sequence[Panel], *, columns: int = 2) -> None:
    """Draw them into a figure or a part of one."""
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    grid = figure.subplots(rows, columns, sharex=True, squeeze=False)
    every = grid.ravel().tolist()
    for axes, panel in zip(every, panels, strict=False):
        _draw_panel(axes, steps, panel)
    for axes in every[len(panels) :]:
        axes.set_axis_off()
    _scale_steps(every[: len(panels)], steps)
    for axes in every[len(panels) - columns : len(panels)]:  # the lowest of each column
        axes.set_xlabel("training step")
        axes.tick_params(labelbottom=True)


def _draw_panel(axes: Axes, steps: NDArray[np.float64], panel: Panel) -> None:
    ends = _draw_stack(axes, steps, panel) if panel.stacked else _draw_lines(axes, steps, panel)
    names = [(curve.name, end, colour) for curve, (end, colour) in zip(panel.curves, ends, strict=True)]
    for level in panel.levels:
        axes.axhline(level.value, color=MUTED, linewidth=0.7)
        names.append((level.name, level.value, MUTED))
    if panel.share:
        axes.set_ylim(-0.02, 1.02)
        axes.set_yticks((0, 0.25, 0.5, 0.75, 1), ("0", "25%", "50%", "75%", "100%"))
    axes.set_ylabel(panel.unit)
    tidy(axes, grid="y")
    headline(axes, panel.title)
    if len(names) > 1:
        _name_ends(axes, names)


def _draw_lines(axes: Axes, steps: NDArray[np.float64], panel: Panel) -> list[tuple[float, str]]:
    ends = []
    for k, curve in enumerate(panel.curves):
        colour, dashed = COLOURS[k % len(COLOURS)], k // len(COLOURS) % 2
        mark = "o" if len(steps) <= _MARKED else None
        axes.plot(
            steps,
            curve.values,
            color=colour,
            linewidth=1.6,
            linestyle="--" if dashed else "-",
            marker=mark,
            markersize=3,
            clip_on=False,
        )
        if curve.target is not None:
            axes.axhline(curve.target, color=colour, linewidth=1.2, linestyle=(0, (1, 2)))
        ends.append((float(curve.values[-1]), colour))
    return ends


def _draw_stack(axes: Axes, steps: NDArray[np.float64], panel: Panel) -> list[tuple[float, str]]:
    colours = [COLOURS[k % len(COLOURS)] for k in range(len(panel.curves))]
    values = np.array([curve.values for curve in panel.curves])  # (c, T)
    axes.stackplot(steps, values, colors=colours, alpha=0.75, linewidth=0)
    axes.set_ylim(bottom=0)
    middles = np.cumsum(values[:, -1]) - values[:, -1] / 2  # (c,)
    return list(zip(middles.tolist(), colours, strict=True))


def _scale_steps(every: Sequence[Axes], steps: NDArray[np.float64]) -> None:
    from matplotlib.ticker import NullLocator

    positive = steps[steps > 0]
    first = float(positive[0]) if len(positive) else 1.0
    for axes in every:
        axes.set_xscale("symlog", linthresh=first, linscale=0.6)
    place = every[0].xaxis.get_transform().transform(steps)  # (T,)
    ticks = _with_room(steps, place * _WIDTH / max(float(np.ptp(place)), 1e-9))
    for axes in every:
        axes.set_xticks(ticks, [f"{tick:,.0f}" for tick in ticks])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlim(steps[0], steps[-1] if len(steps) > 1 else steps[0] + 1)


def _with_room(steps: NDArray[np.float64], place: NDArray[np.float64]) -> NDArray[np.float64]:
    """Steps whose numbers have room where they stand ``(T,)``, in points; the last is one of them."""
    half = np.array([text_width(f"{step:,.0f}", SMALL) for step in steps]) / 2 + 2  # (T,)
    shown: list[int] = []
    for k in (len(steps) - 1, *range(len(steps) - 1)):
        if all(abs(place[k] - place[j]) >= half[k] + half[j] for j in shown):
            shown.append(k)
    return steps[sorted(shown)]


def _name_ends(axes: Axes, names: Sequence[tuple[str, float, str]]) -> None:
    """Write names at the right of the axes, at the height of what they name, or as near as they fit."""
    low, high = axes.get_ylim()
    axes.set_ylim(low, high)  # from here on they stay
    line = min(_LINE, 1 / len(names))  # of the height
    heights = [(value - low) / (high - low) for _, value, _ in names]
    placed = spread(heights, gap=line, low=0.0, high=1.0)
    for (name, _, colour), height, place in zip(names, heights, placed.tolist(), strict=True):
        axes.annotate(
            name,
            (1.0, height),
            (1.045, place),
            xycoords="axes fraction",
            textcoords="axes fraction",
            va="center",
            fontsize=SMALL * line / _LINE,
            color=INK,
            arrowprops={
                "arrowstyle": "-",
                "color": colour,
                "linewidth": 1.4,
                "shrinkA": 1,
                "shrinkB": 0,
                "relpos": (0, 0.5),
            },
        )
