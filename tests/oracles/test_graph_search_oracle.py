"""The compiled searches of large tables against networkx, and against SciPy's path through the same question."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

import markovgpt as mg
from markovgpt import MarkovChain
from markovgpt.analysis import classes as classes_module
from markovgpt.analysis import orbits as orbits_module
from markovgpt.kernels.graph import cyclic_levels, states_by_label
from markovgpt.kernels.graph import strong_components as found_components

_CASES = [(2, 4, "full"), (3, 3, "full"), (5, 1, "full"), (1, 3, "full"), (2, 5, "all"), (4, 2, "all"), (1, 3, "all")]
_SEEDS = range(8)


def _chain(V: int, K: int, lengths: str, seed: int) -> MarkovChain:
    """Most entries are zero; every row has at least one that is not."""
    rng = np.random.default_rng(seed)
    n = mg.StateSpace(vocab_size=V, context_length=K, lengths=lengths).n_states
    weights = rng.random((n, V)) * (rng.random((n, V)) < rng.uniform(0.05, 0.6))
    weights[np.arange(n), rng.integers(0, V, n)] += 0.1
    return mg.chain_from_table(weights / weights.sum(axis=1, keepdims=True), lengths=lengths)


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every table with a zero is large."""
    monkeypatch.setattr(classes_module, "COMPILED_ABOVE", 0)
    monkeypatch.setattr(orbits_module, "COMPILED_ABOVE", 0)


def _graph(table: np.ndarray) -> nx.DiGraph:
    n, V = table.shape
    graph = nx.DiGraph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from((s, (s * V + t) % n) for s in range(n) for t in range(V) if table[s, t] > 0)
    return graph


@pytest.mark.parametrize("seed", _SEEDS)
@pytest.mark.parametrize(("V", "K"), [(2, 5), (3, 3), (4, 2)])
def test_strong_components_are_those_of_networkx(V: int, K: int, seed: int) -> None:
    """In the order of their lowest states; recurrent are those that networkx calls attracting."""
    table = _chain(V, K, "full", seed).probabilities
    graph = _graph(table)
    labels, number, recurrent = found_components(table)
    order, starts = states_by_label(labels, number)
    assert np.split(order, starts[1:-1])[0][0] == 0
    found = [part.tolist() for part in np.split(order, starts[1:-1])]
    assert found == sorted(sorted(part) for part in nx.strongly_connected_components(graph))
    attracting = {frozenset(part) for part in nx.attracting_components(graph)}
    assert recurrent.tolist() == [frozenset(part) in attracting for part in found]


@pytest.mark.parametrize("seed", _SEEDS)
@pytest.mark.parametrize(("V", "K", "lengths"), _CASES)
@pytest.mark.usefixtures("compiled")
def test_compiled_search_and_scipy_agree(V: int, K: int, lengths: str, seed: int) -> None:
    """Classes, recurrence, periods and phases, state by state."""
    chain = _chain(V, K, lengths, seed)
    ours, theirs = mg.communicating_classes(chain), classes_module._assembled(classes_module._of_matrix(chain))
    for name in ("class_of", "recurrent", "periods", "sizes", "phases"):
        assert getattr(ours, name).tolist() == getattr(theirs, name).tolist(), name
    assert [c.states.tolist() for c in ours] == [c.states.tolist() for c in theirs]


@pytest.mark.usefixtures("compiled")
def test_searches_go_on_where_a_portion_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Portions of a few states, between which Ctrl-C is seen, change nothing; progress counts up to n."""
    from markovgpt.kernels import graph

    chain = _chain(2, 8, "full", 1)
    told: list[tuple[str, int, int]] = []
    whole = mg.communicating_classes(chain)
    loops = mg.greedy_loops(chain)
    monkeypatch.setattr(graph, "_PORTION", 12)
    portions = mg.communicating_classes(chain, progress=lambda *what: told.append(what))
    loops_in_portions = mg.greedy_loops(chain, progress=lambda *what: told.append(what))
    assert portions.class_of.tolist() == whole.class_of.tolist()
    assert portions.phases.tolist() == whole.phases.tolist()
    assert loops_in_portions.loop_of.tolist() == loops.loop_of.tolist()
    assert loops_in_portions.depth.tolist() == loops.depth.tolist()
    assert {what for what, _, _ in told} == {"communicating classes", "periods", "greedy orbits"}
    assert all(0 <= done <= total == 256 for _, done, total in told)


def test_interrupt_is_seen_between_two_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A KeyboardInterrupt that is raised while progress is told ends the search."""
    from markovgpt.kernels import graph

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(graph, "_PORTION", 12)
    with pytest.raises(KeyboardInterrupt):
        found_components(_chain(2, 8, "full", 1).probabilities, progress=stop)


@pytest.mark.parametrize("seed", _SEEDS)
def test_levels_lead_round_the_cyclic_classes(seed: int) -> None:
    """Inside a component every arrow leads from level l to l + 1, modulo the period."""
    table = _chain(2, 5, "full", seed).probabilities
    labels, number, _ = found_components(table)
    levels, periods = cyclic_levels(table, labels, number)
    for u, v in _graph(table).edges:
        if labels[u] == labels[v]:
            assert (levels[u] + 1 - levels[v]) % periods[labels[u]] == 0


def test_period_of_a_long_cycle_is_its_length() -> None:
    """A de Bruijn cycle visits all 2^17 contexts once: one class, period 2^17, each phase one state."""
    K = 17
    n = 2**K
    prefer_one = np.zeros((n, 2))
    seen = np.zeros(n, dtype=bool)
    state = 0
    for _ in range(n):  # prefer 1 to 0 where that context is new: a de Bruijn sequence (Martin 1934)
        seen[state] = True
        after = (2 * state + 1) % n
        token = int(not seen[after])
        prefer_one[state, token] = 1.0
        state = (2 * state + token) % n
    classes = mg.communicating_classes(mg.chain_from_table(prefer_one))
    assert (len(classes), classes[0].period) == (1, n)
    assert np.array_equal(np.sort(classes[0].phases), np.arange(n))


@pytest.mark.parametrize("K", [16, 17])
def test_large_table_without_zeros_needs_no_search(K: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """One class, period 1: neither the matrix is made nor the graph walked."""

    def fail(*_: object) -> None:
        raise AssertionError("searched")

    monkeypatch.setattr(MarkovChain, "to_scipy", fail)
    monkeypatch.setattr(classes_module, "_of_large_table", fail)
    chain = mg.chain_from_table(np.full((2**K, 2), 0.5))
    assert mg.is_irreducible(chain)
    assert mg.period(chain) == 1
    assert mg.is_aperiodic(chain)


def test_large_table_with_zeros_makes_no_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    """2^17 states; the answers agree with the matrix, which is made afterwards."""
    chain = _chain(2, 17, "full", 3)

    def fail(*_: object) -> None:
        raise AssertionError("made")

    with monkeypatch.context() as without:
        without.setattr(MarkovChain, "to_scipy", fail)
        classes = mg.communicating_classes(chain)
    theirs = classes_module._assembled(classes_module._of_matrix(chain))
    assert np.array_equal(classes.class_of, theirs.class_of)
    assert np.array_equal(classes.periods, theirs.periods)
    assert np.array_equal(classes.phases, theirs.phases)
