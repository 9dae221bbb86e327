"""Our own circle: every state once, on one ring, likely walks next to each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from strategies import chains

from markovgpt.chain import MarkovChain
from markovgpt.drawing.circle import circle_positions, walk_order
from markovgpt.drawing.graph import state_graph
from markovgpt.drawing.style import radii
from markovgpt.table import chain_from_table


@given(chain=chains())
def test_order_holds_every_state_once(chain: MarkovChain) -> None:
    """Also where the chain falls into parts."""
    graph = state_graph(chain)
    assert sorted(walk_order(graph).tolist()) == list(range(chain.n_states))


@given(chain=chains())
def test_states_stand_on_one_ring_and_do_not_touch(chain: MarkovChain) -> None:
    """Equal distance from the middle; rims at least 18 points apart."""
    graph = state_graph(chain)
    positions, radius = circle_positions(graph), radii(graph)
    assert np.ptp(np.hypot(*positions.T)) == pytest.approx(0, abs=1e-6)
    i, j = np.triu_indices(len(positions), k=1)
    assert (np.hypot(*(positions[i] - positions[j]).T) - radius[i] - radius[j] >= 18 - 1e-6).all()


def test_order_follows_a_cycle() -> None:
    """0 > 2 > 1 > 3 > 0 as a chain of one token of context: neighbours on the ring, in that direction."""
    table = np.eye(4)[[2, 3, 1, 0]]
    order = walk_order(state_graph(chain_from_table(table))).tolist()
    assert order == [0, 2, 1, 3]


def test_heaviest_state_stands_on_top(notebook: MarkovChain) -> None:
    """111, with a stationary probability of 0.27."""
    graph = state_graph(notebook)
    positions = circle_positions(graph)
    assert graph.nodes[int(positions[:, 1].argmax())].label == "111"
    assert positions[7, 0] == pytest.approx(0, abs=1e-9)


def test_one_state_stands_in_the_middle() -> None:
    """A ring of one is a point."""
    assert circle_positions(state_graph(chain_from_table([[1.0]]))).tolist() == [[0, 0]]
