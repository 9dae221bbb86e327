"""What do size and line mean? One visual language for DOT and the painted picture; lengths are points, 1/72 inch."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from markovgpt.drawing.caption import percent
from markovgpt.drawing.graph import GraphEdge, GraphNode, StateGraph
from markovgpt.figures import text_width

__all__ = [
    "ARROW_FONT",
    "NODE_FONT",
    "STATE_FILL",
    "STATE_LINE",
    "arrow_label",
    "arrow_width",
    "gap",
    "is_dashed",
    "label_lines",
    "radii",
]

NODE_FONT, ARROW_FONT = 12.0, 9.0
STATE_LINE, STATE_FILL = "#3d5a80", "#e8eff7"

_MEAN_RADIUS, _MOST_RADIUS = 28.0, 48.0
_LONGEST_LABEL, _LONGEST_LINE = 48, 6


def radii(graph: StateGraph) -> NDArray[np.float64]:
    """Radius of every node, ``(m,)``: area proportional to mass, but never too small for the name.

    The scale is one for all: a state of average mass gets a radius of 28 points, or less where the heaviest would
    otherwise get more than 48.
    """
    least = np.array([_least_radius(node) for node in graph.nodes])  # (m,)
    masses = np.array([math.nan if node.mass is None else node.mass for node in graph.nodes])  # (m,)
    if graph.mass_shown is None:
        wanted = np.full(len(least), _MEAN_RADIUS * 0.8)
    else:
        wanted = np.sqrt(masses * min(_MEAN_RADIUS**2 / masses.mean(), _MOST_RADIUS**2 / masses.max()))
    radius: NDArray[np.float64] = np.maximum(least, wanted)
    return radius


def gap(graph: StateGraph) -> float:
    """Room between the circles of neighbours: for a label, less in large pictures, more where arrows are many."""
    label: float = max((text_width(arrow_label(edge), ARROW_FONT) for edge in graph.edges), default=0.0)
    few = min(1.0, math.sqrt(32 / len(graph.nodes)))
    dense = min(2.0, max(1.0, math.sqrt(len(graph.edges) / len(graph.nodes) / 2)))  # two arrows a state need no more
    return 18.0 + (14.0 + min(label, 80.0)) * few * dense


def is_dashed(node: GraphNode) -> bool:
    """Whether a node is dashed: it is known that training never visited it."""
    return node.seen is False


def label_lines(label: str) -> tuple[str, ...]:
    """A state's name cut into lines of about equal length, so that it fits a circle; very long ones lose their middle.

    >>> label_lines("011"), label_lines("01101001"), label_lines("the cat sat")
    (('011',), ('0110', '1001'), ('the', 'cat', 'sat'))
    """
    if len(label) > _LONGEST_LABEL:
        half = _LONGEST_LABEL // 2
        label = f"{label[:half]}…{label[-half:]}"
    if len(label) <= _LONGEST_LINE:
        return (label,)
    if " " in label:
        return _packed(label.split(" "))
    n_lines = max(2, round(math.sqrt(len(label) / 2.2)))
    length = math.ceil(len(label) / n_lines)
    return tuple(label[start : start + length] for start in range(0, len(label), length))


def arrow_label(edge: GraphEdge) -> str:
    """Token and percent as in the notebook, ``1(79%)``."""
    return f"{edge.name}({percent(edge.probability)})" if edge.name else percent(edge.probability)


def arrow_width(edge: GraphEdge) -> float:
    """Width of an arrow's line: 0.7 to 2.7 points."""
    return 0.7 + 2.0 * edge.probability


def _least_radius(node: GraphNode) -> float:
    lines = label_lines(node.label)
    width = max(text_width(line, NODE_FONT) for line in lines)
    return max(14.0, math.hypot(width, 1.2 * NODE_FONT * len(lines) * 0.8) / 2 + 3)


def _packed(words: list[str]) -> tuple[str, ...]:
    longest = max(max(map(len, words)), round(math.sqrt(2.2 * sum(map(len, words)))))
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + 1 + len(word) <= longest:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return tuple(lines)
