"""How is the picture painted? With matplotlib's figure alone: no pyplot, no settings of the user, no system fonts."""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from markovgpt.drawing.arrows import Arrow, route
from markovgpt.drawing.graph import StateGraph
from markovgpt.drawing.labels import place_labels
from markovgpt.drawing.style import (
    ARROW_FONT,
    INK,
    NODE_FONT,
    STATE_FILL,
    STATE_LINE,
    arrow_colour,
    arrow_width,
    is_dashed,
    label_lines,
    radii,
    text_colour,
)

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

__all__ = ["Format", "paint"]

Format = Literal["svg", "png", "pdf"]

_MARGIN, _LINE, _TITLE_FONT, _CAPTION_FONT = 10.0, 1.45, 13.0, 9.0
_LEAST_WIDTH = 330.0
_PNG_DPI, _MOST_PIXELS = 200, 8000
_PLAIN = {"svg": {"Date": None}, "png": {"Software": None}, "pdf": {"CreationDate": None}}


def paint(
    graph: StateGraph,
    positions: NDArray[np.float64],
    *,
    to: Format,
    title: str = "",
    caption: Sequence[str] = (),
) -> bytes:
    """The picture as SVG, PNG or PDF: the same bytes for the same chain.

    Parameters
    ----------
    graph : StateGraph
        m nodes.
    positions : (m, 2) float64
        Where they stand, in points, y upwards.
    to : "svg", "png" or "pdf"
        The format.
    title, caption : str, sequence of str
        Text above and below; the caption is wrapped to the width of the picture.
    """
    with _own_settings():
        figure = _figure(graph, positions, title, caption)
        dpi = min(_PNG_DPI, _MOST_PIXELS / max(figure.get_size_inches())) if to == "png" else 72
        stream = io.BytesIO()
        figure.savefig(stream, format=to, dpi=dpi, facecolor="white", metadata=_PLAIN[to])
    return stream.getvalue()


@contextmanager
def _own_settings() -> Iterator[None]:
    import matplotlib as mpl

    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()
        mpl.rcParams.update(
            {
                "font.family": ["DejaVu Sans"],
                "svg.fonttype": "none",
                "svg.hashsalt": "markovgpt",
                "pdf.fonttype": 42,
                "path.simplify": False,
            }
        )
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # a box is drawn; SVG keeps the text
        yield


def _figure(graph: StateGraph, positions: NDArray[np.float64], title: str, caption: Sequence[str]) -> Figure:
    from matplotlib.figure import Figure
    from matplotlib.transforms import Affine2D

    radius, arrows = radii(graph), route(graph, positions)
    labels = place_labels(graph, positions, arrows)
    low, high = _extent(positions, radius, arrows, [label.box for label in labels])
    spare = max(0.0, _LEAST_WIDTH - (high[0] - low[0]))
    low, high = low - [_MARGIN + spare / 2, _MARGIN], high + [_MARGIN + spare / 2, _MARGIN]
    width = high[0] - low[0]
    small = [piece for line in caption for piece in _wrapped(line, width - 2 * _MARGIN)]
    below = (len(small) * _CAPTION_FONT * _LINE + _MARGIN) if small else 0.0
    above = _TITLE_FONT * _LINE + _MARGIN if title else 0.0
    size = np.array([width, high[1] - low[1] + below + above])
    figure = Figure(figsize=tuple(size / 72))
    page = Affine2D().scale(1 / 72) + figure.dpi_scale_trans  # points from the lower left corner
    to_page = np.array([-low[0], below - low[1]])
    for artist in (*_arrow_artists(graph, arrows, to_page), *_state_artists(graph, positions + to_page, radius)):
        artist.set_transform(page)
        figure.add_artist(artist)

    def write(x: float, y: float, text: str, font: float, colour: str = INK, **options: object) -> None:
        figure.text(x, y, text, transform=page, fontsize=font, color=colour, parse_math=False, **options)

    for node, (x, y) in zip(graph.nodes, positions + to_page, strict=True):
        lines = label_lines(node.label)
        for k, line in enumerate(lines):
            drop = (k - (len(lines) - 1) / 2) * NODE_FONT * 1.15 + NODE_FONT * 0.36
            write(x, y - drop, line, NODE_FONT, ha="center", va="baseline", gid=f"name-{node.state}")
    for label in labels:
        x, y = np.reshape(label.box, (2, 2)).mean(axis=0) + to_page
        edge = label.arrow.edge
        box = {"facecolor": "white", "edgecolor": "none", "boxstyle": "square,pad=0.12"}
        gid = f"label-{edge.source}-{edge.target}"
        y -= ARROW_FONT * 0.36
        write(x, y, label.text, ARROW_FONT, text_colour(edge, graph), ha="center", va="baseline", bbox=box, gid=gid)
    for k, line in enumerate(small):
        write(_MARGIN, below - (k + 1) * _CAPTION_FONT * _LINE, line, _CAPTION_FONT, "#52606d")
    if title:
        write(size[0] / 2, size[1] - _MARGIN, title, _TITLE_FONT, ha="center", va="top", weight="bold")
    return figure


def _arrow_artists(graph: StateGraph, arrows: Sequence[Arrow], shift: NDArray[np.float64]) -> Iterator[Artist]:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    for arrow in sorted(arrows, key=lambda arrow: arrow.edge.probability):  # the likeliest on top
        edge, colour = arrow.edge, arrow_colour(arrow.edge, graph)
        gid = f"arrow-{edge.source}-{edge.target}"
        line = Path(arrow.curve + shift, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
        yield PathPatch(line, fill=False, edgecolor=colour, linewidth=arrow_width(edge), gid=gid)
        head = Path(np.vstack((arrow.head, arrow.head[:1])) + shift, closed=True)
        yield PathPatch(head, facecolor=colour, linewidth=0, gid=gid)


def _state_artists(graph: StateGraph, centres: NDArray[np.float64], radius: NDArray[np.float64]) -> Iterator[Artist]:
    from matplotlib.patches import Circle

    for node, (x, y), r in zip(graph.nodes, centres, radius, strict=True):
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


def _extent(
    positions: NDArray[np.float64],
    radius: NDArray[np.float64],
    arrows: Sequence[Arrow],
    boxes: Sequence[tuple[float, float, float, float]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    corners = [positions - radius[:, None], positions + radius[:, None]]
    corners += [arrow.at(np.linspace(0, 1, 33)) for arrow in arrows]
    corners.append(np.reshape(boxes, (-1, 2)))
    points = np.vstack(corners)  # (k, 2)
    return points.min(axis=0), points.max(axis=0)


def _wrapped(line: str, width: float) -> list[str]:
    return textwrap.wrap(line, width=max(20, int(width / (_CAPTION_FONT * 0.5))))
