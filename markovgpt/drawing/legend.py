"""What do the colours of the arrows mean, at a glance? A strip from rarer to likelier, with its ends in numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from markovgpt.drawing.caption import points
from markovgpt.drawing.colours import difference_colour, is_dotted
from markovgpt.drawing.graph import StateGraph

__all__ = ["DOTS", "DOTTED_COLOUR", "Legend", "Swatch", "legend_of"]

DOTS = (0.1, 2.2)
"""Length of a dot and of the gap, in widths of the line; its ends are round."""

DOTTED_COLOUR = difference_colour(0.0)

_CELL, _CELLS, _THICK = 24.0, 9, 9.0
_BAR_FLOOR, _LABEL_FLOOR, _HEAD_FLOOR, _HEIGHT = 14.0, 3.0, 27.0, 38.0
_GAP, _SAMPLE = 26.0, 30.0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Swatch:
    """A filled rectangle ``(x, y, width, height)``."""

    box: tuple[float, float, float, float]
    colour: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Legend:
    """A legend in points from its lower left corner.

    Attributes
    ----------
    height : float
        Of the whole.
    swatches : tuple of Swatch
        The strip of colours, from the step that is rarer in the model to the one that is likelier.
    texts : tuple of (x, y, alignment, text)
        Where the baseline of each text starts, ends ("right") or has its middle ("center").
    sample : tuple of two points, optional
        Ends of a dotted line.
    """

    height: float
    swatches: tuple[Swatch, ...]
    texts: tuple[tuple[float, float, str, str], ...]
    sample: tuple[tuple[float, float], tuple[float, float]] | None = None


def legend_of(graph: StateGraph) -> Legend | None:
    """The legend of a picture; None where it is compared with no data, or no drawn state occurs in them."""
    if graph.difference_scale is None or all(edge.difference is None for edge in graph.edges):
        return None
    ends = (points(-graph.difference_scale), "0", points(graph.difference_scale))
    width = _CELL * _CELLS
    texts = [(0.0, _HEAD_FLOOR, "left", "rarer in the model"), (width, _HEAD_FLOOR, "right", "likelier in the model")]
    texts += [(x, _LABEL_FLOOR, "center", text) for x, text in zip(_ticks(), ends, strict=True)]
    texts.append((width + 4, _LABEL_FLOOR, "left", "percentage points"))
    sample = None
    if any(is_dotted(edge, graph) for edge in graph.edges):
        start, middle = width + _GAP, _HEAD_FLOOR + 3
        sample = ((start, middle), (start + _SAMPLE, middle))
        texts.append((start + _SAMPLE + 6, middle - 3, "left", f"state not in {graph.compared_with}"))
    return Legend(height=_HEIGHT, swatches=tuple(_swatches()), texts=tuple(texts), sample=sample)


def _swatches() -> Iterator[Swatch]:
    for k in range(_CELLS):
        strength = 2 * k / (_CELLS - 1) - 1
        yield Swatch(box=(k * _CELL, _BAR_FLOOR, _CELL, _THICK), colour=difference_colour(strength))


def _ticks() -> tuple[float, float, float]:
    """Middles of the first, the middle and the last swatch."""
    return _CELL / 2, _CELL * _CELLS / 2, _CELL * (_CELLS - 0.5)
