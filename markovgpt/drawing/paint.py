"""How is the picture painted? With matplotlib's figure alone: no pyplot, no settings of the user, no system fonts."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from markovgpt.drawing.arrows import Arrow
from markovgpt.drawing.colours import arrow_colour, is_dotted, text_colour
from markovgpt.drawing.legend import DOTS, DOTTED_COLOUR, Legend, legend_of
from markovgpt.drawing.scene import Scene
from markovgpt.drawing.style import (
    ARROW_FONT,
    NODE_FONT,
    STATE_FILL,
    STATE_LINE,
    arrow_width,
    is_dashed,
    label_lines,
)
from markovgpt.figures import INK, MUTED, Format, render

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure
    from matplotlib.transforms import Transform

__all__ = ["paint"]

_MARGIN, _LINE, _TITLE_FONT, _CAPTION_FONT = 10.0, 1.45, 13.0, 9.0
_WIDE = 700.0  # points; title and caption of a wider picture grow with it
_LEAST_WIDTH = 385.0


def paint(scene: Scene, *, to: Format, title: str = "", caption: Sequence[str] = ()) -> bytes:
    """The picture as SVG, PNG or PDF: the same bytes for the same chain.

    Parameters
    ----------
    scene : Scene
        Where everything stands.
    to : "svg", "png" or "pdf"
        The format.
    title, caption : str, sequence of str
        Text above and below, wrapped to the width of the picture, and larger for a large picture.
    """
    return render(lambda: _figure(scene, title, caption), to=to)


def _figure(scene: Scene, title: str, caption: Sequence[str]) -> Figure:
    from matplotlib.figure import Figure
    from matplotlib.transforms import Affine2D

    low, high = scene.extent()
    width = max(_LEAST_WIDTH, high[0] - low[0]) + 2 * _MARGIN
    grown = min(3.0, max(1.0, width / _WIDE))
    head_font, foot_font = _TITLE_FONT * grown, _CAPTION_FONT * grown
    head = _wrapped([title], width - 2 * _MARGIN, head_font * 0.64)
    foot = _wrapped(caption, width - 2 * _MARGIN, foot_font * 0.5)
    above, below = (
        len(lines) * font * _LINE + (_MARGIN if lines else 0) for lines, font in ((head, head_font), (foot, foot_font))
    )
    legend = legend_of(scene.graph)
    text_top = below
    if legend is not None:
        below += (legend.height + _MARGIN) * grown
    height = above + (high[1] - low[1]) + 2 * _MARGIN + below
    figure = Figure(figsize=(width / 72, height / 72))
    page = Affine2D().scale(1 / 72) + figure.dpi_scale_trans  # points from the lower left corner
    shift = np.array([width / 2 - (low[0] + high[0]) / 2, below + _MARGIN - low[1]])
    for artist in (*_arrow_artists(scene, shift), *_state_artists(scene, shift)):
        artist.set_transform(page)
        figure.add_artist(artist)
    if legend is not None:
        place = Affine2D().scale(grown).translate(_MARGIN, text_top + _MARGIN * grown) + page
        _paint_legend(figure, legend, place, font=foot_font)

    def write(x: float, y: float, text: str, size: float, **options: Any) -> None:
        """Text whose baseline starts, or for ha="center" is centred, at a point."""
        figure.text(x, y, text, **{"transform": page, "fontsize": size, "color": INK, **options})

    for text in _scene_texts(scene, shift):
        write(**text)
    for k, line in enumerate(foot):
        write(_MARGIN, text_top - (k + 0.8) * foot_font * _LINE, line, foot_font, color=MUTED)
    for k, line in enumerate(head):
        drop = _MARGIN + (k + 0.7) * head_font * _LINE
        write(width / 2, height - drop, line, head_font, ha="center", weight="bold")
    return figure


def _scene_texts(scene: Scene, shift: NDArray[np.float64]) -> Iterator[dict[str, Any]]:
    half = 0.36  # height of the middle of a digit above the baseline, in em
    for node, (x, y) in zip(scene.graph.nodes, scene.positions + shift, strict=True):
        lines = label_lines(node.label)
        for k, line in enumerate(lines):
            drop = ((k - (len(lines) - 1) / 2) * 1.15 + half) * NODE_FONT
            yield {"x": x, "y": y - drop, "text": line, "size": NODE_FONT, "ha": "center", "gid": f"name-{node.state}"}
    for label in scene.labels:
        x, y = np.reshape(label.box, (2, 2)).mean(axis=0) + shift
        edge = label.arrow.edge
        yield {
            "x": x,
            "y": y - half * ARROW_FONT,
            "text": label.text,
            "size": ARROW_FONT,
            "color": text_colour(edge, scene.graph),
            "ha": "center",
            "bbox": {"facecolor": "white", "edgecolor": "none", "boxstyle": "square,pad=0.12"},
            "gid": f"label-{edge.source}-{edge.target}",
        }


def _arrow_artists(scene: Scene, shift: NDArray[np.float64]) -> Iterator[Artist]:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    for arrow in sorted(scene.arrows, key=_rank):  # the largest difference, then the likeliest, on top
        edge, colour = arrow.edge, arrow_colour(arrow.edge, scene.graph)
        gid = f"arrow-{edge.source}-{edge.target}"
        line = Path(arrow.curve + shift, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
        way = PathPatch(line, fill=False, edgecolor=colour, linewidth=arrow_width(edge), gid=gid)
        if is_dotted(edge, scene.graph):
            way.set(linestyle=(0, DOTS), capstyle="round")
        yield way
        head = Path(np.vstack((arrow.head, arrow.head[:1])) + shift, closed=True)
        yield PathPatch(head, facecolor=colour, linewidth=0, gid=gid)


def _rank(arrow: Arrow) -> tuple[float, float]:
    return abs(arrow.edge.difference or 0.0), arrow.edge.probability


def _state_artists(scene: Scene, shift: NDArray[np.float64]) -> Iterator[Artist]:
    from matplotlib.patches import Circle

    for node, (x, y), r in zip(scene.graph.nodes, scene.positions + shift, scene.radius, strict=True):
        dashed = is_dashed(node)
        yield Circle(
            (x, y),
            r,
            facecolor="white" if dashed else STATE_FILL,
            edgecolor=STATE_LINE,
            linewidth=1.3,
            linestyle=(0, (3.2, 2.4)) if dashed else "solid",
            gid=f"state-{node.state}",
        )


def _paint_legend(figure: Figure, legend: Legend, place: Transform, *, font: float) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    for swatch in legend.swatches:
        x, y, width, height = swatch.box
        figure.add_artist(Rectangle((x, y), width, height, facecolor=swatch.colour, linewidth=0, transform=place))
    for x, y, alignment, text in legend.texts:
        figure.text(x, y, text, ha=alignment, fontsize=font, color=MUTED, transform=place)
    if legend.sample is not None:
        (x0, y0), (x1, y1) = legend.sample
        line = Line2D((x0, x1), (y0, y1), color=DOTTED_COLOUR, linewidth=2.0 * font / _CAPTION_FONT, transform=place)
        line.set(linestyle=(0, DOTS), dash_capstyle="round")
        figure.add_artist(line)


def _wrapped(texts: Sequence[str], width: float, letter: float) -> list[str]:
    return [line for text in texts for line in textwrap.wrap(text, width=max(20, int(width / letter)))]
