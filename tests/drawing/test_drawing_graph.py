"""The drawn graph is the chain: its states, its arrows, its masses, or an honest part of them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray
from scipy.sparse import csr_array
from strategies import chains

from markovgpt.analysis import stationary_distribution
from markovgpt.chain import MarkovChain
from markovgpt.drawing.graph import state_graph
from markovgpt.drawing.style import arrow_label
from markovgpt.errors import ArgumentError
from markovgpt.sparse_chain import END, SparseChain
from markovgpt.table import chain_from_table
from markovgpt.vocabulary import Vocabulary

PERCENTS = {
    "000": (27, 73),
    "001": (22, 78),
    "010": (24, 76),
    "011": (20, 80),
    "100": (25, 75),
    "101": (21, 79),
    "110": (22, 78),
    "111": (55, 45),
}
"""P(0) and P(1) as the notebook prints them."""


def test_arrow_labels_are_those_of_the_notebook(notebook: MarkovChain) -> None:
    """Every state has the arrows ``0(p%)`` and ``1(p%)`` of the notebook's picture."""
    graph = state_graph(notebook)
    found = {(notebook.label(edge.source), arrow_label(edge)) for edge in graph.edges}
    assert found == {(state, f"{t}({p}%)") for state, both in PERCENTS.items() for t, p in enumerate(both)}


def test_graph_has_a_node_a_state_and_an_arrow_a_token(notebook: MarkovChain) -> None:
    """8 states, each named by its context, and 16 arrows."""
    graph = state_graph(notebook)
    assert [node.label for node in graph.nodes] == list(PERCENTS)
    assert len(graph.edges) == 16


def test_masses_are_the_stationary_distribution_when_none_is_given(notebook: MarkovChain) -> None:
    """They are computed for a small chain with one recurrent class."""
    masses = [node.mass for node in state_graph(notebook).nodes]
    assert masses == pytest.approx(stationary_distribution(notebook).probabilities.tolist(), abs=1e-12)


@given(chain=chains())
def test_arrows_are_the_entries_of_the_matrix_above_zero(chain: MarkovChain) -> None:
    """One arrow for every ``P[i, j] > 0``, with that probability; short contexts included."""
    matrix = chain.to_numpy()
    graph = state_graph(chain)
    found = {(edge.source, edge.target): edge.probability for edge in graph.edges}
    assert len(found) == len(graph.edges)
    assert found == {(int(i), int(j)): matrix[i, j] for i, j in zip(*np.nonzero(matrix), strict=True)}


def test_graph_draws_short_states_without_mass_when_lengths_are_all() -> None:
    """The 6 states shorter than K=3 are never come back to: mass 0."""
    chain = chain_from_table(np.full((14, 2), 0.5), lengths="all")
    graph = state_graph(chain)
    assert [node.mass for node in graph.nodes[:6]] == [0.0] * 6
    assert sum(node.mass or 0.0 for node in graph.nodes) == pytest.approx(1)


def test_masses_are_unknown_when_there_are_two_recurrent_classes() -> None:
    """The identity has two stationary distributions, and none is preferred."""
    graph = state_graph(chain_from_table(np.eye(2)))
    assert [node.mass for node in graph.nodes] == [None, None]
    assert graph.mass_shown is None


def test_seen_is_kept_for_every_node(notebook: MarkovChain, notebook_seen: NDArray[np.bool_]) -> None:
    """A node knows whether training visited it; without data nobody knows."""
    assert [node.seen for node in state_graph(notebook, seen=notebook_seen).nodes] == notebook_seen.tolist()
    assert {node.seen for node in state_graph(notebook).nodes} == {None}


def test_part_is_the_heaviest_states_when_there_are_more_than_max_nodes(sizeable: MarkovChain) -> None:
    """The 10 of 81 states of the greatest stationary probability, in their own order."""
    pi = stationary_distribution(sizeable).probabilities
    graph = state_graph(sizeable, max_nodes=10)
    assert [node.state for node in graph.nodes] == sorted(sorted(range(81), key=lambda s: -pi[s])[:10])


def test_shares_of_a_part_agree_with_the_definition(sizeable: MarkovChain) -> None:
    """Share: sum of pi over the part. Leaving: sum of pi_i P_ij over i in, j out, divided by the share."""
    pi, matrix = stationary_distribution(sizeable).probabilities, sizeable.to_numpy()
    graph = state_graph(sizeable, stationary=pi, max_nodes=10)
    inside = [node.state for node in graph.nodes]
    outside = [s for s in range(81) if s not in inside]
    share = sum(pi[i] for i in inside)
    leaving = sum(pi[i] * matrix[i, j] for i in inside for j in outside) / share
    assert (graph.mass_shown, graph.leaving) == pytest.approx((share, leaving))


def test_arrows_of_a_part_stay_within_it(sizeable: MarkovChain) -> None:
    """Exactly the arrows with both ends drawn."""
    graph = state_graph(sizeable, max_nodes=10)
    inside = {node.state for node in graph.nodes}
    matrix = sizeable.to_numpy()
    expected = {(i, j) for i in inside for j in inside if matrix[i, j] > 0}
    assert {(edge.source, edge.target) for edge in graph.edges} == expected


def test_part_is_chosen_by_steps_and_gets_no_masses_when_no_stationary_distribution_is_known() -> None:
    """Two absorbing states, 0000 and 1111: after 64 steps all probability is there, and it is not called stationary."""
    table = np.full((16, 2), 0.5)
    table[0], table[-1] = (1, 0), (0, 1)
    graph = state_graph(chain_from_table(table), max_nodes=2)
    assert [node.label for node in graph.nodes] == ["0000", "1111"]
    assert (graph.steps, graph.mass_shown) == (64, None)
    assert graph.share == pytest.approx(1, abs=0.02)


def test_graph_remembers_that_a_stationary_distribution_is_not_certified(notebook: MarkovChain) -> None:
    """A result whose ``certified`` is False is drawn, and marked."""
    guess = SimpleNamespace(probabilities=np.full(8, 1 / 8), certified=False)
    assert not state_graph(notebook, stationary=guess).vouched
    assert state_graph(notebook, stationary=stationary_distribution(notebook)).vouched


def test_graph_of_a_sparse_chain_names_tokens_and_special_states() -> None:
    """Context "a" ends with 1/4 (no single token) and else repeats itself; the end stays where it is."""
    chain = SparseChain(
        matrix=csr_array(np.array([[0.75, 0.25], [0, 1]])),
        arrow_tokens=np.array([0, -1, -1]),
        contexts=np.array([[0]]),
        special=(END,),
        cut=np.zeros(2),
        vocabulary=Vocabulary(tokens=("a", "b")),
    )
    graph = state_graph(chain)
    assert [node.label for node in graph.nodes] == ["a", END]
    assert [arrow_label(edge) for edge in graph.edges] == ["a(75%)", "25%", "100%"]


@pytest.mark.parametrize("wrong", [0, -1, 2.5, True], ids=repr)
def test_max_nodes_refuses_what_is_no_count(notebook: MarkovChain, wrong: int) -> None:
    """At least one state is drawn."""
    with pytest.raises(ArgumentError, match="max_nodes must be a whole number of at least 1: got"):
        state_graph(notebook, max_nodes=wrong)


@pytest.mark.parametrize("wrong", [np.ones(7, bool), np.ones(8), [0, 3]], ids=["shape", "numbers", "states"])
def test_seen_refuses_what_is_not_a_flag_a_state(notebook: MarkovChain, wrong: object) -> None:
    """A list of visited states is easily mistaken for flags."""
    with pytest.raises(ArgumentError, match="seen must hold True or False for each of the 8 states: got"):
        state_graph(notebook, seen=wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (np.full(7, 1 / 7), r"each of the 8 states: got shape \(7,\)"),
        (np.full(8, 1 / 4), "sums to 1: got sum 2"),
        (np.array([-1, 2, 0, 0, 0, 0, 0, 0]), "smallest entry -1"),
        (np.full(8, np.nan), "got sum nan"),
        ("abc", "is an array of 8 numbers"),
    ],
    ids=["shape", "sum", "sign", "nan", "text"],
)
def test_stationary_refuses_what_is_no_distribution(notebook: MarkovChain, wrong: object, said: str) -> None:
    """Sizes must not be drawn from numbers that are no probabilities."""
    with pytest.raises(ArgumentError, match=said):
        state_graph(notebook, stationary=wrong)
