"""Classes, recurrence and periods against networkx and the definition."""

from __future__ import annotations

from math import gcd

import networkx as nx
import numpy as np
import pytest

import markovgpt as mg
from markovgpt import MarkovChain

_SEEDS = range(12)
_SHAPES = [(2, 3), (2, 4), (3, 2), (3, 3), (5, 1)]


def _sparse_chain(V: int, K: int, seed: int) -> MarkovChain:
    """Most entries are zero; every row has at least one that is not."""
    rng = np.random.default_rng(seed)
    weights = rng.random((V**K, V)) * (rng.random((V**K, V)) < rng.uniform(0.05, 0.6))
    weights[np.arange(V**K), rng.integers(0, V, V**K)] += 0.1
    return mg.chain_from_table(weights / weights.sum(axis=1, keepdims=True))


def _graph(chain: MarkovChain) -> nx.DiGraph:
    """An arrow from each context to the contexts that a possible token makes of it."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(chain.n_states))
    for state in range(chain.n_states):
        for token in np.flatnonzero(chain.probabilities[state]):
            graph.add_edge(state, chain.states.index((*chain.states.context(state)[1:], int(token))))
    return graph


def _period(graph: nx.DiGraph, states: list[int]) -> int:
    """Definition: gcd of the numbers of steps, up to the number of states, in which some state can return."""
    A = nx.to_numpy_array(graph, nodelist=states, weight=None) > 0
    reach, found = np.eye(len(states), dtype=bool), 0
    for steps in range(1, len(states) + 1):  # every simple cycle is at most that long
        reach = (reach.astype(int) @ A) > 0
        if reach.diagonal().any():
            found = gcd(found, steps)
    return found


@pytest.mark.parametrize("seed", _SEEDS)
@pytest.mark.parametrize(("V", "K"), _SHAPES)
def test_communicating_classes_are_the_strong_components(V: int, K: int, seed: int) -> None:
    """networkx finds the same sets of states."""
    chain = _sparse_chain(V, K, seed)
    found = {frozenset(c.states.tolist()) for c in mg.communicating_classes(chain)}
    assert found == set(map(frozenset, nx.strongly_connected_components(_graph(chain))))


@pytest.mark.parametrize("seed", _SEEDS)
@pytest.mark.parametrize(("V", "K"), _SHAPES)
def test_recurrent_classes_are_the_attracting_components(V: int, K: int, seed: int) -> None:
    """networkx calls a component attracting that is never left."""
    chain = _sparse_chain(V, K, seed)
    found = {frozenset(c.states.tolist()) for c in mg.recurrent_classes(chain)}
    assert found == set(map(frozenset, nx.attracting_components(_graph(chain))))


@pytest.mark.parametrize("seed", _SEEDS)
@pytest.mark.parametrize(("V", "K"), _SHAPES)
def test_period_of_a_class_is_the_gcd_of_its_return_times(V: int, K: int, seed: int) -> None:
    """Transient classes included; 0 for a state that cannot return."""
    chain = _sparse_chain(V, K, seed)
    graph = _graph(chain)
    for c in mg.communicating_classes(chain):
        assert c.period == _period(graph, c.states.tolist())


@pytest.mark.parametrize("seed", _SEEDS)
@pytest.mark.parametrize(("V", "K"), _SHAPES)
def test_is_irreducible_is_strong_connection(V: int, K: int, seed: int) -> None:
    """networkx agrees."""
    chain = _sparse_chain(V, K, seed)
    assert mg.is_irreducible(chain) == nx.is_strongly_connected(_graph(chain))


@pytest.mark.parametrize("seed", _SEEDS)
@pytest.mark.parametrize(("V", "K"), _SHAPES)
def test_is_aperiodic_asks_every_recurrent_class(V: int, K: int, seed: int) -> None:
    """networkx agrees, class by class."""
    chain = _sparse_chain(V, K, seed)
    graph = _graph(chain)
    classes = [graph.subgraph(states) for states in nx.attracting_components(graph)]
    assert mg.is_aperiodic(chain) == all(map(nx.is_aperiodic, classes))


def test_sparse_chains_are_of_many_kinds() -> None:
    """The tables above are reducible and not, periodic and not, so that the comparisons mean something."""
    drawn = [_sparse_chain(V, K, seed) for V, K in _SHAPES for seed in _SEEDS]
    kinds = {
        (mg.is_irreducible(chain), len(mg.recurrent_classes(chain)) > 1, mg.is_aperiodic(chain)) for chain in drawn
    }
    assert {(True, False, True), (False, False, True), (False, False, False), (False, True, False)} <= kinds
