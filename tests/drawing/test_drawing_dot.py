"""The DOT source says what the graph says, whatever the tokens are called."""

from __future__ import annotations

import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.typing import NDArray

from markovgpt.chain import MarkovChain
from markovgpt.drawing.dot import dot_skeleton, dot_source, node_id
from markovgpt.drawing.graph import StateGraph, state_graph
from markovgpt.drawing.style import arrow_label, radii
from markovgpt.table import chain_from_table

NASTY = [
    '"',
    "\\",
    "\\n",
    "\\N",
    "<b>",
    "<",
    "&",
    "&amp;",
    "{a|b}",
    "#1",
    "é",
    "你",
    "node",
    "->",
    ";",
    "a b",
    "",
    "%s",
]
"""Texts with a meaning in DOT, HTML or format strings; a blank and nothing are made visible by the vocabulary."""

_TO_SVG = """
import sys, pygraphviz
graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode("utf-8"))
sys.stdout.buffer.write(graph.draw(format="svg", prog="circo"))
"""


def texts_drawn_by_graphviz(source: str) -> list[str]:
    """Every text of the picture that real Graphviz makes of DOT source; in a process of its own, as it is talkative."""
    pytest.importorskip("pygraphviz")
    command = [sys.executable, "-P", "-W", "ignore", "-c", _TO_SVG]
    svg = subprocess.run(command, input=source.encode(), capture_output=True, check=True).stdout
    root = ElementTree.fromstring(svg)  # noqa: S314  our own text
    return [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]


def test_dot_labels_arrows_as_the_notebook_does(notebook: MarkovChain) -> None:
    """``label="1(79%)"`` on the arrow from 101 to 011."""
    assert 's5 -> s3 [label="1(79%)"' in dot_source(state_graph(notebook))


def test_dot_asks_for_the_engine(notebook: MarkovChain) -> None:
    """``dot -Tsvg file.dot`` is enough: the layout is an attribute."""
    assert "layout=circo" in dot_source(state_graph(notebook))
    assert "layout=neato" in dot_source(state_graph(notebook), engine="neato")


def test_dot_draws_exactly_unseen_states_dashed(notebook: MarkovChain, notebook_seen: NDArray[np.bool_]) -> None:
    """000, 001, 010 and 100."""
    lines = dot_source(state_graph(notebook, seen=notebook_seen)).splitlines()
    dashed = [line.split()[0] for line in lines if "dashed" in line]
    assert dashed == [node_id(state) for state in (0, 1, 2, 4)]


def test_dot_sizes_states_as_the_picture_does(notebook: MarkovChain) -> None:
    """``width`` is the diameter in inches."""
    graph = state_graph(notebook)
    for source in (dot_source(graph), dot_skeleton(graph)):
        widths = re.findall(r"\bwidth=([0-9.]+)", source)
        assert 36 * np.array(widths, dtype=float) == pytest.approx(radii(graph), abs=0.01)


def test_graphviz_shows_every_text_as_it_is() -> None:
    """Names of states, labels of arrows and the caption pass through real Graphviz unchanged."""
    V = len(NASTY)
    chain = chain_from_table(np.full((V, V), 1 / V), tokens=NASTY)
    every = state_graph(chain)
    graph = StateGraph(nodes=every.nodes, edges=every.edges[:V], names=every.names, n_states=V)  # one state's arrows
    texts = texts_drawn_by_graphviz(dot_source(graph, caption=NASTY[:-2]))
    expected = [node.label for node in graph.nodes] + [arrow_label(edge) for edge in graph.edges] + NASTY[:-2]
    assert sorted(texts) == sorted(expected)


def test_skeleton_holds_no_text_of_a_token() -> None:
    """So the fonts of a machine, or its lack of them, cannot move a state."""
    chain = chain_from_table(np.full((2, 2), 0.5), tokens=["hello", "world"])
    assert "hello" not in dot_skeleton(state_graph(chain))
