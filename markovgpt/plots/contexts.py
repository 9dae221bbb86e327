"""After which contexts does the model lose the most bits?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.figures import INK, MUTED
from markovgpt.plots.checks import one_name_each, real_numbers
from markovgpt.plots.plot import Plot
from markovgpt.plots.style import ORANGE, SMALL, headline, name_bars, shortened, tidy

if TYPE_CHECKING:
    from matplotlib.figure import FigureBase

__all__ = ["ContextExcess", "draw_contexts", "plot_contexts"]

_LEAST = 8  # bars that there is room for


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ContextExcess:
    """What the model loses after each of m contexts.

    Attributes
    ----------
    names : tuple of m str
        The contexts.
    excess : (m,) float64, at least 0
        Bits per token of all the data that are lost there: share of the context in the data, times the divergence of
        the model after it. Infinite where the model excludes what occurs.
    counts : (m,) float64, at least 0
        How often the context occurs in the data.
    """

    names: tuple[str, ...]
    excess: NDArray[np.float64]
    counts: NDArray[np.float64]

    def __post_init__(self) -> None:
        excess = real_numbers("excess", self.excess, shape=(None,), low=0, infinite=True)
        counts = real_numbers("counts", self.counts, shape=excess.shape, low=0)
        one_name_each("names", self.names, len(excess))
        for name, array in (("excess", excess), ("counts", counts)):
            object.__setattr__(self, name, array)


def plot_contexts(contexts: ContextExcess, *, top: int = 12, title: str = "") -> Plot:
    """One bar a context, the ``top`` worst of them, with how often each occurs."""
    height = 1.1 + 0.26 * max(_LEAST, min(top, len(contexts.names)))
    return Plot(draw=lambda figure: draw_contexts(figure, contexts, top=top), size=(7.0, height), title=title)


def draw_contexts(figure: FigureBase, contexts: ContextExcess, *, top: int = 12) -> None:
    """Draw them into a figure or a part of one."""
    axes = figure.subplots()
    order = np.argsort(-contexts.excess, kind="stable")[:top]
    excess = contexts.excess[order]
    high = excess[np.isfinite(excess)].max(initial=0.0) or 1.0
    end = 1.5 * high
    places = np.arange(len(order), dtype=np.float64)
    bars = axes.barh(places, np.minimum(excess, 1.1 * high), height=0.7, color=ORANGE, linewidth=0)
    name_bars(axes, bars, excess)
    for place, count in zip(places, contexts.counts[order], strict=True):
        axes.text(end, place, f"{count:,.0f}×", ha="right", va="center", fontsize=SMALL, color=MUTED)
    axes.set_xlim(0, end)
    axes.set_yticks(places, [shortened(contexts.names[k]) for k in order.tolist()])
    axes.set_ylim(max(_LEAST, len(order)) - 0.4, -0.6)  # few bars are no thicker than many
    axes.set_xlabel("bits per token of the data lost here; right: how often the context occurs")
    tidy(axes, grid="x")
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    headline(axes, "Contexts that cost the most")
