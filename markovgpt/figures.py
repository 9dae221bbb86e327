"""How does a figure become a file? The same bytes for the same contents, whatever the user's own settings are.

Figures are made by matplotlib's ``Figure`` alone: no pyplot, no global state, no fonts of the system that an SVG needs.
"""

from __future__ import annotations

import io
import logging
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from markovgpt.errors import DrawingError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["INK", "MUTED", "Format", "render", "save_by_suffix", "text_width", "with_own_settings"]

Format = Literal["svg", "png", "pdf"]

INK, MUTED = "#1f2933", "#52606d"
"""Colours of text, and of text that explains."""

_EAST_ASIAN = ("Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "WenQuanYi Zen Hei", "Arial Unicode MS")
_DPI, _MOST_PIXELS = 200, 5000
_PLAIN = {"svg": {"Date": None}, "png": {"Software": None}, "pdf": {"CreationDate": None}}
_WIDE_LETTERS = "mwMW%@…—"


def render(make: Callable[[], Figure], *, to: Format) -> bytes:
    """A figure as SVG, PNG or PDF; images have 200 pixels an inch, fewer beyond 5,000 pixels."""
    with with_own_settings(to):
        figure = make()
        dpi = min(_DPI, _MOST_PIXELS / max(figure.get_size_inches()))
        stream = io.BytesIO()
        figure.savefig(stream, format=to, dpi=dpi, facecolor="white", metadata=_PLAIN[to])
    return stream.getvalue()


@contextmanager
def with_own_settings(to: Format) -> Iterator[None]:
    """The defaults of matplotlib and a few settings of ours; the user's settings come back afterwards."""
    import matplotlib as mpl
    from matplotlib.font_manager import fontManager

    families = ["DejaVu Sans"]  # comes with matplotlib
    if to == "png":  # for signs that it lacks; an SVG keeps the text and leaves that to its viewer
        families += [name for name in _EAST_ASIAN if name in fontManager.get_font_names()]
    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()
        mpl.rcParams.update({"font.family": families, "text.parse_math": False})
        mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "markovgpt"})
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # a box is drawn in its place
        logger = logging.getLogger("matplotlib.font_manager")  # it reports each weight that a fallback font lacks
        level = logger.level
        logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            logger.setLevel(level)


def save_by_suffix(path: str | PathLike[str], writers: Mapping[str, Callable[[], str | bytes]]) -> None:
    """Write a picture to a file; its suffix, in any case of letters, says which writer makes the contents.

    Raises
    ------
    DrawingError
        There is no such writer, or the file cannot be written.
    """
    path = Path(path)
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise DrawingError(
            f"A picture is saved as {', '.join(writers)}: got {path.suffix or 'no suffix'!r} in {str(path)!r}.",
            path=path,
        )
    content = writer()
    try:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    except OSError as error:
        raise DrawingError(
            f"The picture cannot be written to {str(path)!r}: {error.strerror or error}.", path=path
        ) from error


def text_width(text: str, size: float) -> float:
    """Width of a line of text in DejaVu Sans, good enough to make room for it, without loading a font."""
    return size * sum(map(_letter_width, text))


def _letter_width(letter: str) -> float:
    if letter in _WIDE_LETTERS or unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    return 0.76 if letter.isupper() else 0.64
