"""Greedy loops against the definition: orbits followed one by one, and escapes in exact fractions."""

from __future__ import annotations

from fractions import Fraction

import networkx as nx
import numpy as np
import pytest

import markovgpt as mg
from markovgpt import GreedyLoop, MarkovChain
from markovgpt.analysis import orbits as orbits_module
from markovgpt.analysis.orbits import orbits

_SHAPES = [(2, 3, "full"), (2, 5, "full"), (3, 3, "full"), (4, 1, "full"), (2, 4, "all"), (1, 2, "all")]
_SEEDS = range(8)


def _chain(V: int, K: int, lengths: str, seed: int) -> MarkovChain:
    """Cold and warm rows, some with ties."""
    rng = np.random.default_rng(seed)
    n = mg.StateSpace(vocab_size=V, context_length=K, lengths=lengths).n_states
    weights = np.exp(rng.choice([1.0, 5.0, 40.0]) * rng.normal(size=(n, V)))
    weights[rng.random(n) < 0.2] = 1.0
    return mg.chain_from_table(weights / weights.sum(axis=1, keepdims=True), lengths=lengths)


def _successor(chain: MarkovChain, state: int) -> int:
    """Appends the first of the likeliest tokens, and drops the oldest of more than K."""
    context = chain.states.context(state)
    token = int(np.argmax(chain.probabilities[state]))
    return chain.states.index((*context, token)[-chain.context_length :])


@pytest.fixture(params=["doubling", "compiled"])
def method(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to follow orbits."""
    monkeypatch.setattr(orbits_module, "COMPILED_ABOVE", 0 if request.param == "compiled" else 2**40)


@pytest.mark.parametrize("seed", _SEEDS)
@pytest.mark.parametrize(("V", "K", "lengths"), _SHAPES)
@pytest.mark.usefixtures("method")
def test_loops_are_the_simple_cycles_of_the_greedy_map(V: int, K: int, lengths: str, seed: int) -> None:
    """networkx finds the same cycles, and as many states before each."""
    chain = _chain(V, K, lengths, seed)
    graph = nx.DiGraph([(s, _successor(chain, s)) for s in range(chain.n_states)])
    loops = mg.greedy_loops(chain)
    cycles = {frozenset(cycle): cycle for cycle in nx.simple_cycles(graph)}
    assert {frozenset(loop.states.tolist()) for loop in loops} == set(cycles)
    for number, loop in enumerate(loops):
        assert [_successor(chain, s) for s in loop.states.tolist()] == np.roll(loop.states, -1).tolist()
        basin = nx.ancestors(graph, int(loop.states[0])) | set(loop.states.tolist())
        assert loop.basin_size == len(basin) == loops.basin_sizes[number]
        assert np.flatnonzero(loops.loop_of == number).tolist() == sorted(basin)
        steps = {s: nx.shortest_path_length(graph, s, int(loop.states[0])) for s in basin}
        assert loop.longest_approach == max(loops.depth[s] for s in basin) <= max(steps.values())


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.usefixtures("method")
def test_orbits_meet_the_state_they_land_on(seed: int) -> None:
    """After n steps from a state and from its landing both are in the same place; depth counts the steps before."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 60))
    f = rng.integers(0, n, n).astype(np.int32)
    found = orbits(f)
    here, there = np.arange(n), found.loop_states[found.landing]
    for _ in range(n):
        here, there = f[here], f[there]
    assert np.array_equal(here, there)
    on_loop = np.isin(np.arange(n), found.loop_states)
    state, depth = np.arange(n), np.zeros(n, dtype=int)
    for _ in range(n):
        depth += ~on_loop[state]
        state = f[state]
    assert np.array_equal(found.depth, depth)
    for a, b in zip(found.loop_starts[:-1], found.loop_starts[1:], strict=True):
        loop = found.loop_states[a:b]
        assert np.array_equal(f[loop], np.roll(loop, -1))
        assert loop[0] == loop.min()


@pytest.mark.parametrize("seed", _SEEDS)
@pytest.mark.parametrize(("V", "K", "lengths"), _SHAPES)
def test_tokens_of_a_loop_lead_round_it_and_are_the_least_rotation(V: int, K: int, lengths: str, seed: int) -> None:
    """Each token is emitted where it stands, and no rotation comes before."""
    chain = _chain(V, K, lengths, seed)
    for loop in mg.greedy_loops(chain):
        assert [int(np.argmax(chain.row(s))) for s in loop.states.tolist()] == loop.tokens.tolist()
        rotations = [np.roll(loop.tokens, -i).tolist() for i in range(len(loop))]
        assert loop.tokens.tolist() == min(rotations)
        assert loop.text == chain.vocabulary.label(loop.tokens.tolist())


def _exact_escape(chain: MarkovChain, loop: GreedyLoop) -> tuple[Fraction, list[Fraction]]:
    """One minus the product of the followed shares, and the solution of ``E = 1 + p E'`` round the loop."""
    rows = [[Fraction(float(p)) for p in chain.row(s)] for s in loop.states.tolist()]
    shares = [row[t] / sum(row) for row, t in zip(rows, loop.tokens.tolist(), strict=True)]
    turn = Fraction(1)
    cost = Fraction(0)
    for share in shares:
        cost += turn
        turn *= share
    first = cost / (1 - turn)
    times = [first]
    for share in reversed(shares[1:]):
        times.insert(1, 1 + share * times[1 % len(times)])
    return 1 - turn, times


@pytest.mark.parametrize("seed", _SEEDS)
@pytest.mark.parametrize(("V", "K", "lengths"), [shape for shape in _SHAPES if shape[0] > 1])
def test_escape_is_exact_to_fourteen_digits(V: int, K: int, lengths: str, seed: int) -> None:
    """Of rows with probabilities down to 1e-70: escape and expected times, relative to exact fractions."""
    chain = _chain(V, K, lengths, seed)
    for loop in mg.greedy_loops(chain):
        if loop.escape_probability == 0:
            continue
        escape, times = _exact_escape(chain, loop)
        assert abs(Fraction(loop.escape_probability) / escape - 1) < 1e-14
        assert abs(Fraction(loop.turn_probability) - (1 - escape)) < 1e-14
        for found, exact in zip(loop.expected_escape_times.tolist(), times, strict=True):
            assert abs(Fraction(found) / exact - 1) < 1e-13


@pytest.mark.parametrize("rare", [1e-14, 1e-17, 1e-300])
def test_escape_keeps_its_digits_where_it_is_tiny(rare: float) -> None:
    """The loop 01 is left with ``rare`` from 0 and with 3 times that from 1: 4 of it a turn, and half a turn later."""
    chain = mg.chain_from_table([[rare, 1 - rare], [1 - 3 * rare, 3 * rare]])
    (loop,) = mg.greedy_loops(chain)
    assert loop.text == "01"
    assert loop.states.tolist() == [1, 0]
    assert loop.escape_probability == pytest.approx(4 * rare, rel=1e-13)
    assert loop.expected_escape_time == pytest.approx(2 / (4 * rare), rel=1e-13)


def test_loop_of_uniform_rows_is_all_ties() -> None:
    """Lowest token: 0 for ever, from everywhere; another token comes every other time, after 2 tokens on average."""
    loops = mg.greedy_loops(mg.chain_from_table(np.full((8, 2), 0.5)))
    assert [(loop.text, loop.basin_size, loop.ties.tolist()) for loop in loops] == [("0", 8, [0])]
    assert loops.ties.tolist() == list(range(8))
    assert loops[0].escape_probability == 0.5
    assert loops[0].expected_escape_time == 2.0


def test_loop_that_is_never_left_takes_for_ever() -> None:
    """A swap of two states: probability 1 a turn, escape exactly 0."""
    (loop,) = mg.greedy_loops(mg.chain_from_table([[0.0, 1.0], [1.0, 0.0]]))
    assert (loop.turn_probability, loop.escape_probability) == (1.0, 0.0)
    assert np.isinf(loop.expected_escape_times).all()


def test_absorbing_end_is_a_loop_by_name() -> None:
    """From 0 the end has 0.6, so greedy decoding ends; the end is never left."""
    model = mg.from_matrix([[0.4, 0.6], [0.5, 0.5]])
    loops = mg.greedy_loops(mg.reachable_chain(model, "0", end=1))
    assert [(loop.text, loop.tokens.tolist(), loop.basin_size) for loop in loops] == [("(end)", [-1], 2)]
    assert loops[0].escape_probability == 0.0


def test_what_was_cut_off_is_no_likeliest_token() -> None:
    """0.3 is kept, 0.7 in seven parts is cut to (elsewhere): greedy decoding stays with 0, sampling leaves with 0.7."""
    model = mg.from_matrix(np.tile([0.3, *[0.1] * 7], (8, 1)))
    chain = mg.reachable_chain(model, "0", min_probability=0.2, outside="absorb")
    loops = mg.greedy_loops(chain)
    assert sorted((loop.text, loop.basin_size) for loop in loops) == [("(elsewhere)", 1), ("0", 1)]
    stays = next(loop for loop in loops if loop.text == "0")
    assert stays.escape_probability == pytest.approx(0.7, rel=1e-14)
    assert mg.greedy_ties(chain).tolist() == []


def test_walk_and_table_have_the_same_loops(babygpt: mg.LanguageModel) -> None:
    """All eight contexts are reachable: same texts, basins and escapes."""
    table, walk = mg.build_chain(babygpt), mg.reachable_chain(babygpt, "000")
    ours, theirs = mg.greedy_loops(table), mg.greedy_loops(walk)
    assert [(a.text, a.basin_size) for a in ours] == [(b.text, b.basin_size) for b in theirs] == [("0111", 8)]
    assert ours[0].escape_probability == pytest.approx(theirs[0].escape_probability, rel=1e-12)
    assert [table.label(s) for s in ours[0].states] == [walk.label(s) for s in theirs[0].states]
