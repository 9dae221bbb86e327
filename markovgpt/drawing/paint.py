"""How is the picture painted? With matplotlib's figure alone: no pyplot, no settings of the user, no system fonts."""

from __future__ import annotations

import io
import logging
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from markovgpt.drawing.scene import Scene
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
    text_colour,
)

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

__all__ = ["Format", "paint"]

Format = Literal["svg", "png", "pdf"]

_MARGIN, _LINE, _TITLE_FONT, _CAPTION_FONT = 10.0, 1.45, 13.0, 9.0
_WIDE = 700.0  # points; title and caption of a wider picture grow with it
_EAST_ASIAN = ("Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "WenQuanYi Zen Hei", "Arial Unicode MS")
_LEAST_WIDTH = 385.0
_PNG_DPI, _MOST_PIXELS = 200, 5000
_PLAIN = {"svg": {"Date": None}, "png": {"Software": None}, "pdf": {"CreationDate": None}}


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
    with _own_settings(to):
        figure = _figure(scene, title, caption)
        dpi = min(_PNG_DPI, _MOST_PIXELS / max(figure.get_size_inches())) if to == "png" else 72
        stream = io.BytesIO()
        figure.savefig(stream, format=to, dpi=dpi, facecolor="white", metadata=_PLAIN[to])
    return stream.getvalue()


@contextmanager
def _own_settings(to: Format) -> Iterator[None]:
    import matplotlib as mpl
    from matplotlib.font_manager import fontManager

    families = ["DejaVu Sans"]  # comes with matplotlib
    if to == "png":  # for signs that it lacks; an SVG keeps the text and leaves that to its viewer
        families += [name for name in _EAST_ASIAN if name in fontManager.get_font_names()]
    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()
        mpl.rcParams.update({"font.family": families, "svg.fonttype": "none", "svg.hashsalt": "markovgpt"})
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # a box is drawn in its place
        logger = logging.getLogger("matplotlib.font_manager")  # it reports each weight that a fallback font lacks
        level = logger.level
        logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            logger.setLevel(level)


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
    height = above + (high[1] - low[1]) + 2 * _MARGIN + below
    figure = Figure(figsize=(width / 72, height / 72))
    page = Affine2D().scale(1 / 72) + figure.dpi_scale_trans  # points from the lower left corner
    shift = np.array([width / 2 - (low[0] + high[0]) / 2, below + _MARGIN - low[1]])
    for artist in (*_arrow_artists(scene, shift), *_state_artists(scene, shift)):
        artist.set_transform(page)
        figure.add_artist(artist)

    def write(x: float, y: float, text: str, size: float, **options: Any) -> None:
        """Text whose baseline starts, or for ha="center" is centred, at a point."""
        figure.text(x, y, text, **{"transform": page, "fontsize": size, "parse_math": False, "color": INK, **options})

    for text in _scene_texts(scene, shift):
        write(**text)
    for k, line in enumerate(foot):
        write(_MARGIN, below - (k + 0.8) * foot_font * _LINE, line, foot_font, color="#52606d")
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

    for arrow in sorted(scene.arrows, key=lambda arrow: arrow.edge.probability):  # the likeliest on top
        edge, colour = arrow.edge, arrow_colour(arrow.edge, scene.graph)
        gid = f"arrow-{edge.source}-{edge.target}"
        line = Path(arrow.curve + shift, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
        yield PathPatch(line, fill=False, edgecolor=colour, linewidth=arrow_width(edge), gid=gid)
        head = Path(np.vstack((arrow.head, arrow.head[:1])) + shift, closed=True)
        yield PathPatch(head, facecolor=colour, linewidth=0, gid=gid)


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


def _wrapped(texts: Sequence[str], width: float, letter: float) -> list[str]:
    return [line for text in texts for line in textwrap.wrap(text, width=max(20, int(width / letter)))]
