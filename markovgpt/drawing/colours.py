"""Which colour has an arrow: that of its token, or that of its difference from the data?

Colours are ``#rrggbb`` from the Okabe-Ito set, darkened where they are text until it is easy to read on white. Those of
tokens differ in lightness too, and every arrow also carries the name of its token.
"""

from __future__ import annotations

from markovgpt.drawing.graph import GraphEdge, StateGraph
from markovgpt.figures import MUTED

__all__ = ["arrow_colour", "difference_colour", "is_dotted", "text_colour"]

_TOKEN_COLOURS = ("#a84300", "#005a93", "#00694c", "#8a3a73")
_ONE_COLOUR = "#3a4a5e"
_RARER, _ALIKE, _LIKELIER = "#0072b2", "#b4bcc6", "#d55e00"
_RARER_TEXT, _LIKELIER_TEXT = "#005a93", "#a84300"


def arrow_colour(edge: GraphEdge, graph: StateGraph) -> str:
    """Colour of an arrow: of its difference where there are data, else of its token, the paler the less likely."""
    if graph.difference_scale is not None:
        return difference_colour((edge.difference or 0.0) / graph.difference_scale)
    return _mixed("#ffffff", _token_colour(edge, graph), 0.35 + 0.65 * edge.probability)


def text_colour(edge: GraphEdge, graph: StateGraph) -> str:
    """Colour of an arrow's label: like the arrow's, and always dark."""
    if graph.difference_scale is not None:
        strength = (edge.difference or 0.0) / graph.difference_scale
        return _mixed(MUTED, _LIKELIER_TEXT if strength > 0 else _RARER_TEXT, abs(strength))
    return _token_colour(edge, graph)


def difference_colour(strength: float) -> str:
    """Colour of a difference as a part of the scale: -1 rarer in the model, 0 alike, 1 likelier in the model."""
    return _mixed(_ALIKE, _LIKELIER if strength > 0 else _RARER, abs(strength))


def is_dotted(edge: GraphEdge, graph: StateGraph) -> bool:
    """Whether an arrow is dotted: the picture has data, which do not say what follows its source."""
    return graph.difference_scale is not None and edge.difference is None


def _token_colour(edge: GraphEdge, graph: StateGraph) -> str:
    """One a token for up to four tokens, else one for all."""
    if 1 < len(graph.names) <= len(_TOKEN_COLOURS) and edge.token >= 0:
        return _TOKEN_COLOURS[edge.token]
    return _ONE_COLOUR


def _mixed(weak: str, strong: str, strength: float) -> str:
    """A colour between two, 0 to 1: opaque, so that arrows which cross do not darken each other."""
    pairs = ((int(weak[i : i + 2], 16), int(strong[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(w - strength * (w - s)):02x}" for w, s in pairs)
