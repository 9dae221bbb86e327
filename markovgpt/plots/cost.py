"""How does the cost of enumeration grow with the context? Seconds, with their spread, and where the laws lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from markovgpt.benchmarking import EnumerationBenchmark, Growth, MeasuredCase
from markovgpt.errors import ArgumentError
from markovgpt.figures import MUTED
from markovgpt.plots.plot import Plot
from markovgpt.plots.style import COLOURS, SMALL, headline, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

__all__ = ["plot_benchmark"]

_BEYOND = 8  # tokens of context that a law is drawn beyond what was measured, at most
_WIDTH, _HEIGHT = 7.5, 5.0  # inches, of a panel
_UNITS = ((1e-6, 1e-9, "ns"), (1e-3, 1e-6, "µs"), (1.0, 1e-3, "ms"))


def plot_benchmark(found: EnumerationBenchmark, *, title: str = "") -> Plot:
    """A panel for each V: medians with their quartiles, the laws of growth, dashed where they are extrapolated.

    A dotted line grows as the number of states does.

    Parameters
    ----------
    found : EnumerationBenchmark
        With at least one case.
    title : str
        Stands above; the model and the machine if empty.

    Raises
    ------
    ArgumentError
        There is no case.
    """
    sizes = list(dict.fromkeys(case.key.vocab_size for case in found.cases))
    if not sizes:
        raise ArgumentError("A plot of a measurement needs at least one case: got none.")
    machine = f"{found.machine.processor}, {found.machine.n_processors} processors"

    def draw(figure: FigureBase) -> None:
        every = figure.subplots(1, len(sizes), squeeze=False, sharey=True)[0]
        for axes, V in zip(every, sizes, strict=True):
            _draw_panel(axes, found, V)

    return Plot(
        draw=draw,
        size=(_WIDTH * len(sizes), _HEIGHT),
        title=title or f"What it costs to enumerate {found.model}: {machine}",
    )


def _draw_panel(axes: Axes, found: EnumerationBenchmark, vocab_size: int) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    cases = [case for case in found.cases if case.key.vocab_size == vocab_size]
    strategies = list(dict.fromkeys(case.key.strategy for case in found.cases))
    until = max(case.key.context_length for case in cases) + _BEYOND
    for strategy in dict.fromkeys(case.key.strategy for case in cases):
        colour = COLOURS[strategies.index(strategy) % len(COLOURS)]
        own = [case for case in cases if case.key.strategy == strategy]
        _draw_points(axes, own, colour)
        for growth in found.growth:
            if (growth.vocab_size, growth.strategy) == (vocab_size, strategy):
                _draw_law(axes, growth, colour, until)
    _draw_states(axes, cases, until)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(numticks=12))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda seconds, _: _time(seconds)))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.set_xlabel("context length K, tokens")
    axes.set_ylabel("time for all V^K contexts")
    axes.yaxis.set_tick_params(labelleft=True)
    tidy(axes, grid="both")
    headline(axes, f"V = {vocab_size} tokens")
    axes.plot([], [], color=MUTED, linewidth=1.3, linestyle="--", label="extrapolated, with its range")
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=SMALL)


def _draw_points(axes: Axes, cases: list[MeasuredCase], colour: str) -> None:
    lengths = [case.key.context_length for case in cases]
    spreads = [case.spread for case in cases]
    medians = np.array([spread.median for spread in spreads])
    reach = np.array([[s.median - s.lower for s in spreads], [s.upper - s.median for s in spreads]])  # (2, m)
    axes.errorbar(
        lengths, medians, yerr=reach, fmt="o", color=colour, markersize=4, capsize=3, label=cases[0].key.strategy
    )


def _draw_law(axes: Axes, growth: Growth, colour: str, until: int) -> None:
    last = growth.measured[-1]
    lengths, seconds, low, high = (
        np.array(values) for values in (growth.context_lengths, growth.seconds, growth.low, growth.high)
    )
    within, beyond = lengths <= last, (lengths >= last) & (lengths <= until)
    axes.plot(lengths[within], seconds[within], color=colour, linewidth=1.3)
    if beyond.sum() > 1:
        axes.plot(lengths[beyond], seconds[beyond], color=colour, linewidth=1.3, linestyle="--")
        axes.fill_between(lengths[beyond], low[beyond], high[beyond], color=colour, alpha=0.15, linewidth=0)


def _draw_states(axes: Axes, cases: list[MeasuredCase], until: int) -> None:
    """A line that grows as V^K, below the quickest case of the largest size, from where it is not far below all."""
    V = cases[0].key.vocab_size
    lengths = [case.key.context_length for case in cases]
    quickest = min((case for case in cases if case.key.context_length == max(lengths)), key=lambda c: c.spread.median)
    every = np.arange(min(lengths), until + 1)
    seconds = quickest.spread.median / 3 * float(V) ** (every - max(lengths))
    shown = seconds >= min(case.spread.least for case in cases) / 3
    axes.plot(
        every[shown],
        seconds[shown],
        color=MUTED,
        linewidth=1.2,
        linestyle=(0, (1, 2)),
        label=f"grows as the states, {V}^K",
    )


def _time(seconds: float) -> str:
    """A power of ten of seconds, with a unit.

    >>> _time(1e-5), _time(0.01), _time(1.0), _time(1e4)
    ('10 µs', '10 ms', '1 s', '10,000 s')
    """
    for below, unit, name in _UNITS:
        if seconds < below * (1 - 1e-9):
            return f"{seconds / unit:,.0f} {name}"
    return f"{seconds:,.0f} s"
