"""How does the SVG stand in a page? As one element without prolog and without ids, with tooltips."""

from __future__ import annotations

import re
from html import escape

from markovgpt.drawing.graph import StateGraph

__all__ = ["PROLOG", "embeddable"]

PROLOG = '<?xml version="1.0" encoding="UTF-8"?>\n'
"""What a file has before the element; inside HTML it would be an error."""

_FONTS = "font-family: 'DejaVu Sans', Verdana, sans-serif"  # Verdana has the same widths
_UNWANTED = re.compile(r"^.*?(?=<svg )|<metadata>.*?</metadata>\s*|<defs>\s*<style.*?</style>\s*</defs>\s*", re.DOTALL)
_PART = re.compile(r'<g id="(state|name|arrow|label)-([0-9-]+)">')


def embeddable(svg: str, graph: StateGraph, *, name: str) -> str:
    """A painted picture as an SVG element for HTML.

    Removed are the prolog, the metadata, ids (two pictures on one page would share them) and the style sheet (it would
    apply to the whole page). Added are classes, and tooltips with every name and probability in full.

    Parameters
    ----------
    svg : str
        As painted.
    graph : StateGraph
        What it shows.
    name : str
        What a screen reader says.
    """
    tips = _tips(graph)

    def part(match: re.Match[str]) -> str:
        kind = {"name": "state", "label": "arrow"}.get(match[1], match[1])
        return f'<g class="{kind}"><title>{escape(tips[f"{kind}-{match[2]}"])}</title>'

    svg = _UNWANTED.sub("", svg)
    svg = svg.replace("<svg ", f'<svg role="img" aria-label="{escape(name)}" style="max-width: 100%; height: auto" ', 1)
    svg = _PART.sub(part, svg)
    svg = re.sub(r'<g id="[^"]*">', "<g>", svg)
    svg = re.sub(r' transform="rotate\(-0 [^"]*"', "", svg)
    return svg.replace("font-family: 'DejaVu Sans'", _FONTS)


def _tips(graph: StateGraph) -> dict[str, str]:
    labels = {node.state: node.label for node in graph.nodes}
    where = "training" if graph.difference_scale is None else graph.compared_with
    tips = {}
    for node in graph.nodes:
        known = [f"state {node.label}"]
        if node.mass is not None:
            known.append(f"stationary probability {node.mass:.6g}")
        if node.seen is not None:
            known.append(f"seen in {where}" if node.seen else f"never seen in {where}")
        tips[f"state-{node.state}"] = ", ".join(known)
    for edge in graph.edges:
        way = f"{labels[edge.source]} → {labels[edge.target]}"
        token = f"token {edge.name}, " if edge.name else ""
        tip = f"{way}: {token}probability {edge.probability:.6g}"
        if edge.difference is not None:
            tip += f", share in {graph.compared_with} {abs(edge.probability - edge.difference):.6g}"
        tips[f"arrow-{edge.source}-{edge.target}"] = tip
    return tips
