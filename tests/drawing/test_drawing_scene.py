"""Arrows run from rim to rim, and no label hides a state or another label."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from hypothesis import given
from strategies import chains

from markovgpt.chain import MarkovChain
from markovgpt.drawing.circle import circle_positions
from markovgpt.drawing.graph import state_graph
from markovgpt.drawing.layout import Renderer, lay_out
from markovgpt.drawing.scene import Scene, compose
from markovgpt.table import chain_from_table

_pygraphviz = pytest.param(
    "pygraphviz",
    marks=pytest.mark.skipif(importlib.util.find_spec("pygraphviz") is None, reason="pygraphviz is optional"),
)


def overlapping(scene: Scene) -> list[str]:
    """Labels that overlap another label or reach into a state, by the definition."""
    found = []
    for k, label in enumerate(scene.labels):
        x0, y0, x1, y1 = label.box
        for other in scene.labels[:k]:
            u0, v0, u1, v1 = other.box
            if x0 < u1 and u0 < x1 and y0 < v1 and v0 < y1:
                found.append(f"{label.text} and {other.text}")
        for node, (x, y), r in zip(scene.graph.nodes, scene.positions, scene.radius, strict=True):
            if np.hypot(x - min(max(x, x0), x1), y - min(max(y, y0), y1)) < r:
                found.append(f"{label.text} and state {node.label}")
    return found


@pytest.mark.parametrize("renderer", [_pygraphviz, "circle"])
def test_picture_of_the_notebook_has_all_labels_and_none_overlaps(notebook: MarkovChain, renderer: Renderer) -> None:
    """16 arrows, 16 labels."""
    graph = state_graph(notebook)
    scene = compose(graph, lay_out(graph, renderer=renderer).positions)
    assert len(scene.labels) == 16
    assert overlapping(scene) == []


@pytest.mark.parametrize("renderer", [_pygraphviz, "circle"])
@pytest.mark.parametrize(("V", "n", "lengths"), [(2, 14, "all"), (3, 27, "full"), (2, 2, "full"), (5, 5, "full")])
def test_pictures_of_some_dozen_arrows_have_all_labels(V: int, n: int, lengths: str, renderer: Renderer) -> None:
    """Random chains: room is found for every label."""
    table = np.random.default_rng(3).dirichlet(np.ones(V), size=n)
    graph = state_graph(chain_from_table(table, lengths=lengths))  # type: ignore[arg-type]
    scene = compose(graph, lay_out(graph, renderer=renderer).positions)
    assert len(scene.labels) == len(graph.edges)


@given(chain=chains())
def test_labels_never_overlap(chain: MarkovChain) -> None:
    """What finds no room is left out, not drawn over something."""
    graph = state_graph(chain)
    assert overlapping(compose(graph, circle_positions(graph))) == []


@given(chain=chains())
def test_arrows_lead_from_the_rim_of_their_source_to_the_rim_of_their_target(chain: MarkovChain) -> None:
    """One arrow an edge; both ends within 2 points of the rim."""
    graph = state_graph(chain)
    scene = compose(graph, circle_positions(graph))
    places = graph.places()
    assert {arrow.edge for arrow in scene.arrows} == set(graph.edges)
    for arrow in scene.arrows:
        for point, state in ((arrow.curve[0], arrow.edge.source), (arrow.head[0], arrow.edge.target)):
            k = places[state]
            assert abs(np.hypot(*(point - scene.positions[k])) - scene.radius[k]) < 2


def test_loops_point_outwards(notebook: MarkovChain) -> None:
    """The loops of 000 and 111 lead away from the middle of the picture."""
    graph = state_graph(notebook)
    scene = compose(graph, circle_positions(graph))
    loops = [arrow for arrow in scene.arrows if arrow.outward is not None]
    assert [arrow.edge.source for arrow in loops] == [0, 7]
    for arrow in loops:
        assert arrow.outward is not None
        away = scene.positions[arrow.edge.source] - scene.positions.mean(axis=0)
        assert arrow.outward @ away > 0.5 * np.hypot(*away)


def test_arrows_there_and_back_run_apart(notebook: MarkovChain) -> None:
    """The arrows between 010 and 101 are at least 8 points apart in their middles."""
    graph = state_graph(notebook)
    scene = compose(graph, circle_positions(graph))
    half = np.array([0.5])
    there, back = (arrow.at(half)[0] for arrow in scene.arrows if {arrow.edge.source, arrow.edge.target} == {2, 5})
    assert np.hypot(*(there - back)) > 8


def test_extent_holds_everything(notebook: MarkovChain) -> None:
    """Every circle and every label lies in it."""
    graph = state_graph(notebook)
    scene = compose(graph, circle_positions(graph))
    low, high = scene.extent()
    assert (scene.positions - scene.radius[:, None] >= low).all()
    assert (scene.positions + scene.radius[:, None] <= high).all()
    boxes = np.array([label.box for label in scene.labels])
    assert (boxes[:, :2] >= low).all()
    assert (boxes[:, 2:] <= high).all()


def test_labels_are_left_out_when_there_are_too_many_arrows() -> None:
    """A picture of 40 states and 1,600 arrows cannot label them all, and draws at most 400."""
    graph = state_graph(chain_from_table(np.random.default_rng(0).dirichlet(np.ones(40), size=40)))
    scene = compose(graph, circle_positions(graph))
    assert 0 < len(scene.labels) <= 400
    assert overlapping(scene) == []
