"""How does the picture read in the DOT language? As text that any Graphviz program lays out and draws."""

from __future__ import annotations

from collections.abc import Sequence

from markovgpt.drawing.colours import arrow_colour, is_dotted, text_colour
from markovgpt.drawing.graph import StateGraph
from markovgpt.drawing.style import (
    ARROW_FONT,
    NODE_FONT,
    STATE_FILL,
    STATE_LINE,
    arrow_label,
    arrow_width,
    is_dashed,
    label_lines,
    radii,
)
from markovgpt.figures import INK

__all__ = ["dot_skeleton", "dot_source", "node_id"]

_FONT = "DejaVu Sans,Helvetica,Arial,sans-serif"
_POINTS_PER_INCH = 72


def node_id(state: int) -> str:
    """Name of a state in DOT: its number, since a text could need quoting."""
    return f"s{state}"


def dot_source(graph: StateGraph, *, engine: str = "circo", caption: Sequence[str] = ()) -> str:
    """DOT source of a graph.

    Parameters
    ----------
    graph : StateGraph
        What is drawn.
    engine : str
        The Graphviz layout that the source asks for.
    caption : sequence of str
        Lines under the picture.
    """
    from graphviz import Digraph

    source = Digraph(
        graph_attr={
            "layout": engine,
            "outputorder": "edgesfirst",
            "overlap": "false",
            "mindist": "1.2",
            "bgcolor": "white",
            "fontname": _FONT,
            "fontsize": f"{ARROW_FONT:g}",
            "fontcolor": INK,
        },
        node_attr={
            "shape": "circle",
            "fixedsize": "true",
            "style": "filled",
            "color": STATE_LINE,
            "fillcolor": STATE_FILL,
            "penwidth": "1.3",
            "fontname": _FONT,
            "fontsize": f"{NODE_FONT:g}",
            "fontcolor": INK,
        },
        edge_attr={"fontname": _FONT, "fontsize": f"{ARROW_FONT:g}", "arrowsize": "0.7"},
    )
    if caption:
        source.attr("graph", label=_literal(*caption), labelloc="b")
    for node, radius in zip(graph.nodes, radii(graph), strict=True):
        dashed = {"style": "filled,dashed", "fillcolor": "white"} if is_dashed(node) else {}
        source.node(node_id(node.state), label=_literal(*label_lines(node.label)), width=_inches(2 * radius), **dashed)
    for edge in graph.edges:
        source.edge(
            node_id(edge.source),
            node_id(edge.target),
            label=_literal(arrow_label(edge)),
            color=arrow_colour(edge, graph),
            fontcolor=text_colour(edge, graph),
            penwidth=f"{arrow_width(edge):.2f}",
            **({"style": "dotted"} if is_dotted(edge, graph) else {}),
        )
    return str(source.source)


def dot_skeleton(graph: StateGraph) -> str:
    """Only what a layout depends on: no text, so that the fonts of the system have no say.

    The least distance is small, so that the layout may be scaled afterwards.
    """
    from graphviz import Digraph

    source = Digraph(
        graph_attr={"mindist": "0.2", "overlap": "false"},
        node_attr={"shape": "circle", "fixedsize": "true", "label": ""},
    )
    for node, radius in zip(graph.nodes, radii(graph), strict=True):
        source.node(node_id(node.state), width=_inches(2 * radius))
    for edge in graph.edges:
        source.edge(node_id(edge.source), node_id(edge.target))
    return str(source.source)


def _inches(points: float) -> str:
    return f"{points / _POINTS_PER_INCH:.4f}"


def _literal(*lines: str) -> str:
    """Lines of text of which DOT takes every character as it stands: no escapes, entities or HTML."""
    from graphviz import escape, nohtml

    literal: str = nohtml("\\n".join(escape(line.replace("&", "&amp;")) for line in lines))
    return literal
