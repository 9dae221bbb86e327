"""What can be done with a plot? Look at its figure, show it in a notebook, save it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any, final

from markovgpt.figures import INK, Format, render, save_by_suffix, text_width, with_own_settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure, FigureBase

__all__ = ["Plot"]

_TITLE_FONT, _PAD = 13.0, 0.1  # points; inches
_DIGITS = 6


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Plot:
    """A picture of numbers, drawn when it is shown or saved.

    Attributes
    ----------
    draw : callable
        Draws into an empty figure, or a part of one.
    size : (width, height), inches
        Of the whole.
    title : str
        Stands above; may be empty.
    """

    draw: Callable[[Any], None]
    size: tuple[float, float]
    title: str = ""

    def figure(self) -> Figure:
        """The figure, for a program that wants to change it."""
        with with_own_settings("svg"):
            return self._figure()

    def svg(self) -> bytes:
        """An SVG image with its text as text; crowds of dots are pixels."""
        return self._rendered("svg")

    def png(self) -> bytes:
        """A PNG image, 200 pixels an inch."""
        return self._rendered("png")

    def pdf(self) -> bytes:
        """A PDF page."""
        return self._rendered("pdf")

    def save(self, path: str | PathLike[str]) -> None:
        """Write the plot to a file; its suffix says how: ``.svg .png .pdf``.

        Raises
        ------
        DrawingError
            The suffix is none of these, or the file cannot be written.
        """
        save_by_suffix(path, {".svg": self.svg, ".png": self.png, ".pdf": self.pdf})

    def _rendered(self, to: Format) -> bytes:
        return render(self._figure, to=to)

    def _figure(self) -> Figure:
        from matplotlib.figure import Figure
        from matplotlib.layout_engine import ConstrainedLayoutEngine

        engine = ConstrainedLayoutEngine(h_pad=_PAD, w_pad=_PAD)
        figure = Figure(figsize=self.size, layout=engine)
        if self.title:
            letters = int(72 * self.size[0] / text_width("n", _TITLE_FONT))
            figure.suptitle(textwrap.fill(self.title, letters), fontsize=_TITLE_FONT, color=INK, weight="bold")
        self.draw(figure)
        engine.execute(figure)
        figure.set_layout_engine("none")
        _settle(figure)
        return figure

    def _repr_png_(self) -> bytes:
        return self.png()


def _settle(figure: Figure) -> None:
    """Round what the layout found: its last digits are others every time, and pixels would follow them."""
    from matplotlib.transforms import Bbox

    parts: list[FigureBase] = [figure]
    for part in parts:
        for inner in part.subfigs:
            inner.bbox_relative.set_points(inner.bbox_relative.get_points().round(_DIGITS))
            parts.append(inner)
    for axes in figure.axes:
        axes.set_position(Bbox(axes.get_position(original=True).get_points().round(_DIGITS)))
