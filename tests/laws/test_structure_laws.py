"""What holds for the graph of every chain: classes, phases, greedy loops, ends."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from strategies import chains

import markovgpt as mg
from markovgpt import MarkovChain
from markovgpt.analysis import classes as classes_module


@given(chains())
def test_phases_advance_by_one_inside_a_class(chain: MarkovChain) -> None:
    """An arrow that stays in its class leads from phase r to r + 1, modulo the period."""
    classes = mg.communicating_classes(chain)
    sources, targets = chain.to_scipy().nonzero()
    inside = classes.class_of[sources] == classes.class_of[targets]
    sources, targets = sources[inside], targets[inside]
    period = classes.periods[classes.class_of[sources]]
    assert ((classes.phases[sources] + 1 - classes.phases[targets]) % period == 0).all()


@given(chains())
def test_cyclic_classes_part_a_class(chain: MarkovChain) -> None:
    """As many as the period, none empty, the lowest state in the first, every state in one."""
    for c in mg.communicating_classes(chain):
        assert len(c.cyclic_classes) == max(c.period, 1)
        assert c.states[0] in c.cyclic_classes[0]
        assert sorted(np.concatenate(c.cyclic_classes).tolist()) == c.states.tolist()


@given(chains())
def test_classes_of_a_chain_can_only_be_read(chain: MarkovChain) -> None:
    """Every array of the result is locked."""
    classes = mg.communicating_classes(chain)
    arrays = [classes.class_of, classes.recurrent, classes.periods, classes[0].states, classes[0].phases]
    assert not any(array.flags.writeable for array in arrays)


@given(chains())
def test_table_without_zeros_is_answered_as_by_search(chain: MarkovChain) -> None:
    """A little of every token everywhere: the same classes and periods as those that SciPy finds in the matrix."""
    p = chain.probabilities + 0.01
    positive = mg.chain_from_table(p / p.sum(axis=1, keepdims=True), lengths=chain.states.lengths)
    ours = mg.communicating_classes(positive)
    theirs = classes_module._assembled(classes_module._of_matrix(positive))
    for name in ("class_of", "recurrent", "periods", "phases", "sizes"):
        assert getattr(ours, name).tolist() == getattr(theirs, name).tolist()


@given(chains())
def test_every_greedy_orbit_ends_in_one_loop(chain: MarkovChain) -> None:
    """Basins part the states; a loop lies in its own basin; the largest basin comes first."""
    loops = mg.greedy_loops(chain)
    assert loops.basin_sizes.sum() == chain.n_states
    assert (np.diff(loops.basin_sizes) <= 0).all()
    for number, loop in enumerate(loops):
        assert (loops.loop_of[loop.states] == number).all()
        assert (loops.depth[loop.states] == 0).all()


@given(chains())
def test_escape_time_agrees_with_the_odds_of_a_turn(chain: MarkovChain) -> None:
    """After k tokens to the end of a turn or less, at most L a turn: times are from 1 to L / escape, or infinite."""
    for loop in mg.greedy_loops(chain):
        assert abs(loop.turn_probability + loop.escape_probability - 1) < 1e-14
        if loop.escape_probability == 0:
            assert np.isinf(loop.expected_escape_times).all()
        else:
            assert (loop.expected_escape_times >= 1).all()
            assert loop.expected_escape_times.max() <= len(loop) / loop.escape_probability * (1 + 1e-12)


@given(chains())
def test_greedy_chain_has_the_loops_as_its_recurrent_classes(chain: MarkovChain) -> None:
    """Of the chain that always takes the likeliest token: classes, and their periods are the lengths."""
    loops = mg.greedy_loops(chain)
    greedy = mg.decode(chain, mg.Decoding(greedy=True))
    found = {tuple(c.states.tolist()): c.period for c in mg.recurrent_classes(greedy)}
    assert found == {tuple(sorted(loop.states.tolist())): len(loop) for loop in loops}


@given(chains())
def test_greedy_chain_ends_in_its_loop_for_sure(chain: MarkovChain) -> None:
    """From the uniform law, in proportion to the basins."""
    loops = mg.greedy_loops(chain)
    greedy = mg.decode(chain, mg.Decoding(greedy=True))
    found = mg.absorption_probabilities(greedy, "uniform")
    by_loop = {int(loops.loop_of[c.states[0]]): p for c, p in zip(found.classes, found.probabilities, strict=True)}
    for number, basin in enumerate(loops.basin_sizes.tolist()):
        assert abs(by_loop[number] - basin / chain.n_states) < 1e-12


@given(chains())
def test_absorption_is_a_distribution_within_its_bounds(chain: MarkovChain) -> None:
    """Sums to 1; certain from a recurrent state."""
    found = mg.absorption_probabilities(chain, "uniform")
    assert abs(found.probabilities.sum() - 1) < 1e-9
    assert (found.lower <= found.probabilities).all()
    assert (found.probabilities <= found.upper).all()
    for number, c in enumerate(found.classes):
        assert mg.absorption_probabilities(chain, int(c.states[0])).probabilities[number] == 1.0
