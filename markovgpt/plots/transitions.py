"""Is every transition as likely in the model as in the data? A dot for each, and a strip for contexts never seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.errors import ArgumentError
from markovgpt.figures import INK, MUTED
from markovgpt.plots.checks import one_name_each, real_numbers
from markovgpt.plots.dots import name_dots
from markovgpt.plots.plot import Plot
from markovgpt.plots.style import GREY, SMALL, headline, shortened, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import FigureBase

__all__ = ["Transitions", "draw_transitions", "plot_transitions"]

_FEW, _LONGEST = 24, 8  # transitions that are named, and letters of each half of a name
_TICKS = (0.0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
_EDGE, _ZEROS = 0.05, -0.045  # room at the ends of an axis; where a crowd of zeros stands
_SIZE, _STRIP_SIZE = (300.0, 300.0), (60.0, 300.0)
_BINS, _STRIP_COLOUR = 50, "#8fa3b8"
_CLASSES, _PALE_TO_DARK = 32, ("#c6d5e3", "#7fb0d3", "#0072b2", "#16324f")


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Transitions:
    """Every transition, from m contexts that the data show and u that they do not, to V tokens.

    Attributes
    ----------
    share : (m, V) float64, 0 to 1
        Share of every token after every context in the data.
    probability : (m, V) float64, 0 to 1
        The model's, in the same places.
    counts : (m,) float64, at least 1
        How often each of these contexts occurs in the data.
    unseen : (u, V) float64, 0 to 1
        Probabilities of the model after contexts that never occur.
    contexts, unseen_contexts, tokens : tuple of str, optional
        Their m, u and V names; up to 24 transitions are named by them.
    """

    share: NDArray[np.float64]
    probability: NDArray[np.float64]
    counts: NDArray[np.float64]
    unseen: NDArray[np.float64]
    contexts: tuple[str, ...] = ()
    unseen_contexts: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        share = real_numbers("share", self.share, shape=(None, None), low=0, high=1)
        m, V = share.shape
        if not share.size:
            raise ArgumentError("share must have at least one context that occurs in the data: got none.")
        probability = real_numbers("probability", self.probability, shape=(m, V), low=0, high=1)
        counts = real_numbers("counts", self.counts, shape=(m,), low=1)
        unseen = real_numbers("unseen", self.unseen, shape=(None, V), low=0, high=1)
        named = (("contexts", self.contexts, m), ("unseen_contexts", self.unseen_contexts, len(unseen)))
        for name, texts, n in (*named, ("tokens", self.tokens, V)):
            if texts or self.tokens:
                one_name_each(name, texts, n)
        arrays = {"share": share, "probability": probability, "counts": counts, "unseen": unseen}
        for name, array in arrays.items():
            object.__setattr__(self, name, array)

    @property
    def are_few(self) -> bool:
        """Whether every transition can be told apart, and named."""
        return self.share.size + self.unseen.size <= _FEW


def plot_transitions(transitions: Transitions, *, title: str = "") -> Plot:
    """One dot a transition: its share in the data, and its probability in the model.

    Both axes are stretched towards 0 by the square root, so that rare transitions are seen beside common ones. Dots of
    contexts that occur often are large and dark, and lie on top. Tokens that never follow a context in the data stand
    side by side over the 0 where there are many. Contexts that never occur have a strip of their own.
    """
    return Plot(draw=lambda figure: draw_transitions(figure, transitions), size=(8.0, 7.2), title=title)


def draw_transitions(figure: FigureBase, transitions: Transitions) -> None:
    """Draw them into a figure or a part of one."""
    widths = (5, 1) if transitions.unseen.size else (1,)
    axes, *strip = figure.subplots(1, len(widths), squeeze=False, sharey=True, width_ratios=widths)[0]
    _draw_seen(axes, transitions)
    if strip:
        _draw_unseen(strip[0], transitions)
    if np.ptp(transitions.counts):
        _add_counts(figure, axes, transitions.counts)


def _draw_seen(axes: Axes, transitions: Transitions) -> None:
    from matplotlib.patheffects import withStroke

    m, V = transitions.share.shape
    counts = np.repeat(transitions.counts, V)  # (m V,)
    order = np.argsort(counts, kind="stable")  # the best known on top
    x, y = np.sqrt(transitions.share.ravel()[order]), np.sqrt(transitions.probability.ravel()[order])
    low, high = transitions.counts.min(), transitions.counts.max()
    weight = np.log(counts[order] / low) / np.log(high / low) if high > low else np.ones(m * V)  # 0 to 1, ascending
    few = transitions.are_few
    if few:
        axes.scatter(x, y, s=50 + 60 * weight, c=_colours()(weight), linewidths=0.6, edgecolors=INK, zorder=2)
    else:
        _widen_zeros(x)
        _draw_crowd(axes, x, y, weight)
    halo = [withStroke(linewidth=2.5, foreground="white", alpha=0.8)]
    axes.plot((0, 1), (0, 1), color=INK, linewidth=0.8, path_effects=halo, zorder=1 if few else 3)
    axes.set_xlim(-_EDGE if few else _ZEROS - _EDGE, 1 + _EDGE)
    axes.set_ylim(-_EDGE, 1 + _EDGE)
    same = "" if high > low else f"; each occurs {low:,.0f}×"
    axes.set_xlabel(f"share in the data (contexts: {m:,}; transitions: {m * V:,}{same})")
    axes.set_ylabel("probability in the model (both axes: square-root scale)")
    tidy(axes, grid="both")
    ticks, names = np.sqrt(_TICKS), [_percent(tick) for tick in _TICKS]
    axes.set_yticks(ticks, names)
    axes.set_xticks([0.0 if few else _ZEROS, *ticks[1:]], names)
    headline(axes, "Transitions from contexts of the data")
    said: dict[str, Any] = {"color": MUTED, "fontsize": SMALL, "transform": axes.transAxes}
    axes.text(0.02, 0.98, "likelier in the model", ha="left", va="top", **said)
    axes.text(0.98, 0.02, "rarer in the model", ha="right", va="bottom", **said)
    if few and transitions.tokens:
        names = [_name(context, token) for context in transitions.contexts for token in transitions.tokens]
        name_dots(axes, x, y, [names[k] for k in order.tolist()], size=_SIZE)


def _draw_crowd(axes: Axes, x: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64]) -> None:
    """Dots as pixels, in classes of one size and colour each, which is quick for millions of them."""
    ends = np.searchsorted(weight, np.linspace(0, 1, _CLASSES + 1)[1:-1])
    for k, class_ in enumerate(np.split(np.arange(len(x)), ends)):
        middle = (k + 0.5) / _CLASSES
        axes.plot(
            x[class_],
            y[class_],
            linestyle="none",
            marker="o",
            markersize=np.sqrt(2 + 16 * middle),
            markeredgewidth=0,
            color=_colours()(middle),
            alpha=0.7,
            rasterized=True,
            zorder=2,
        )


def _widen_zeros(x: NDArray[np.float64]) -> None:
    """Put the dots at 0 side by side left of it, in place: evenly, and the same every time."""
    zeros = np.flatnonzero(x == 0)
    golden = (np.sqrt(5) - 1) / 2
    x[zeros] = _ZEROS + 0.7 * _EDGE * (np.arange(len(zeros)) * golden % 1 - 0.5)


def _draw_unseen(strip: Axes, transitions: Transitions) -> None:
    y = np.sqrt(transitions.unseen.ravel())  # (u V,)
    if transitions.are_few:
        strip.scatter(np.zeros(len(y)), y, s=40, facecolors="white", edgecolors=MUTED, linewidths=0.8)
        strip.set_xlim(-0.3, 1)
        if transitions.tokens:
            names = [_name(context, token) for context in transitions.unseen_contexts for token in transitions.tokens]
            name_dots(strip, np.zeros(len(y)), y, names, size=_STRIP_SIZE)
    else:
        mass, edges = np.histogram(y, bins=_BINS, range=(0, 1), weights=y**2)  # (bins,)
        strip.stairs(mass, edges, orientation="horizontal", fill=True, color=_STRIP_COLOUR, linewidth=0)
    strip.set_xticks([])
    tidy(strip, grid="y")
    what = "" if transitions.are_few else "share of the steps\nfrom "
    strip.set_xlabel(f"{what}contexts\nnever seen: {len(transitions.unseen):,}")


def _add_counts(figure: FigureBase, axes: Axes, counts: NDArray[np.float64]) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LogNorm

    mapping = ScalarMappable(norm=LogNorm(counts.min(), counts.max()), cmap=_colours())
    bar = figure.colorbar(mapping, ax=axes, location="bottom", aspect=40, shrink=0.6)
    low, high = int(counts.min()), int(counts.max())
    step = 1 + int(np.log10(high / low)) // 5  # every power of 10, or every other, ...
    between = [10**k for k in range(0, len(str(high)), step) if 3**step * low <= 10**k <= high / 3**step]
    ticks = [low, *between, high]
    bar.set_ticks(ticks, labels=[f"{tick:,}" for tick in ticks])
    bar.ax.minorticks_off()
    bar.ax.tick_params(labelsize=SMALL, labelcolor=MUTED, color=GREY)
    bar.set_label("how often the context occurs", fontsize=SMALL, color=MUTED)
    bar.outline.set_visible(False)


def _colours() -> Colormap:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("counts", _PALE_TO_DARK)


def _name(context: str, token: str) -> str:
    return f"{shortened(context, longest=_LONGEST)}→{shortened(token, longest=_LONGEST)}"


def _percent(share: float) -> str:
    return f"{share:.0%}" if share else "0"
