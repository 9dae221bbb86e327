"""Mixing times against the definition: all powers of the matrix, in exact fractions where a tie could decide."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from exact import exact_matrix, exact_stationary

import markovgpt as mg
from markovgpt import MarkovChain, SparseChain
from markovgpt.analysis import mixing as mixing_module
from markovgpt.analysis.coupling import meeting_bound
from markovgpt.analysis.forgetting import (
    Goal,
    StepBounds,
    by_loops,
    by_powers,
    by_pushes,
    from_every_start,
    largest_loops,
)

_SHAPES = [(2, 1, "full"), (2, 3, "full"), (2, 5, "full"), (3, 2, "full"), (5, 1, "full"), (2, 3, "all"), (3, 2, "all")]
_CASES = [(*shape, scale, seed) for shape in _SHAPES for scale in (0.3, 1.0, 2.5) for seed in range(3)]


def _chain(V: int, K: int, lengths: str, scale: float, seed: int) -> MarkovChain:
    """Warm to cold rows without zeros: irreducible and aperiodic, but for shorter contexts."""
    n = mg.StateSpace(vocab_size=V, context_length=K, lengths=lengths).n_states
    weights = np.exp(scale * np.random.default_rng(seed).normal(size=(n, V)))
    return mg.chain_from_table(weights / weights.sum(axis=1, keepdims=True), lengths=lengths)


def _distances(chain: MarkovChain | SparseChain, most: int = 4000, eps: float = 0.01) -> list[float]:
    """d(0), d(1), ... by the definition, until one is at most ``eps``."""
    P = chain.to_numpy()
    pi = mg.stationary_distribution(chain).probabilities
    power, found = np.eye(len(P)), []
    for _ in range(most):
        found.append(float(abs(power - pi).sum(axis=1).max() / 2))
        if found[-1] <= eps:
            return found
        power = power @ P
    raise AssertionError("it takes longer")


def _first(distances: list[float], eps: float) -> int:
    return next(t for t, distance in enumerate(distances) if distance <= eps)


@pytest.mark.parametrize("eps", [0.25, 0.1, 0.45])
@pytest.mark.parametrize(("V", "K", "lengths", "scale", "seed"), _CASES)
def test_mixing_time_is_the_first_power_that_is_near(
    V: int, K: int, lengths: str, scale: float, seed: int, eps: float
) -> None:
    """Every power in turn; no tie in random rows. The start named is one of the slowest."""
    chain = _chain(V, K, lengths, scale, seed)
    found = mg.mixing_time(chain, mg.stationary_distribution(chain), eps=eps)
    expected = _first(_distances(chain), eps)
    assert (found.lower, found.upper, found.exact, found.reason) == (expected, expected, True, "")
    if expected:
        mu = np.eye(chain.n_states)[found.slowest_start]
        for _ in range(expected - 1):
            mu = chain.push(mu)
        assert abs(mu - mg.stationary_distribution(chain).probabilities).sum() / 2 > eps


@pytest.mark.parametrize(("V", "K", "lengths", "scale", "seed"), _CASES)
def test_bounds_for_large_chains_hold_for_small_ones(V: int, K: int, lengths: str, scale: float, seed: int) -> None:
    """Pushes and loops from below, meetings from above, and every start exactly."""
    chain = _chain(V, K, lengths, scale, seed)
    expected = _first(_distances(chain), 0.25)
    goal = Goal(mg.stationary_distribution(chain), 0.25)
    loops = largest_loops(chain)
    slow = [*by_pushes(chain, goal, loops), *by_loops(goal, loops)]
    best = max(slow, key=lambda found: found.lower)
    assert 0 < best.lower <= expected
    assert meeting_bound(chain, 0.25, at_least=best.lower) >= expected
    assert meeting_bound(chain, 0.25, at_least=0) >= expected
    found = from_every_start(chain, goal, best, most=math.inf, progress=None)
    assert found[:2] == (expected, expected)


@pytest.mark.parametrize("cells", [1, 40, 10**6])
def test_every_start_is_gone_through_in_blocks_of_any_size(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """One start at a time, a few, and all; from a lower bound of 0 and of the mixing time."""
    monkeypatch.setattr("markovgpt.analysis.forgetting._CELLS", cells)
    chain = _chain(2, 4, "all", 1.0, 1)
    expected = _first(_distances(chain), 0.25)
    goal = Goal(mg.stationary_distribution(chain), 0.25)
    for lower in (0, expected):
        found = from_every_start(chain, goal, StepBounds(lower, math.inf, -1), most=math.inf, progress=None)
        assert found[:2] == (expected, expected)
    stopped = from_every_start(chain, goal, StepBounds(0, math.inf, -1), most=expected - 1, progress=None)
    assert stopped.lower <= expected - 1
    assert stopped.upper == math.inf


@pytest.mark.parametrize("every_start", [False, True])
def test_larger_chains_are_bounded_or_gone_through(every_start: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path of large chains, on a chain whose powers can be looked at."""
    chain = _chain(2, 6, "full", 1.0, 0)
    pi = mg.stationary_distribution(chain)
    expected = mg.mixing_time(chain, pi).lower
    monkeypatch.setattr(mixing_module, "EXACT_LIMIT", 10)
    monkeypatch.setattr(mixing_module, "_AFFORDABLE", 0)
    calls: list[tuple[str, int, int]] = []
    found = mg.mixing_time(chain, pi, every_start=every_start, progress=lambda *call: calls.append(call))
    assert found.lower <= expected <= found.upper < math.inf
    assert found.exact == every_start
    assert found.method == ("every start" if every_start else "bounds")
    assert bool(found.reason) != every_start
    assert calls == ([("mixing time", 0, 64)] if every_start else [])


def _exact_mixing_time(chain: MarkovChain, eps: Fraction) -> int:
    """In fractions from the first digit to the last."""
    P = exact_matrix(chain.to_numpy())
    pi = exact_stationary(P)
    n, t = len(P), 0
    power = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
    while max(sum(abs(x - y) for x, y in zip(row, pi, strict=True)) / 2 for row in power) > eps:
        power = [[sum(row[k] * P[k][j] for k in range(n)) for j in range(n)] for row in power]
        t += 1
    return t


@pytest.mark.parametrize(
    ("table", "eps"),
    [
        ([[0.5, 0.5], [1.0, 0.0]], 1 / 4),
        ([[0.75, 0.25], [0.25, 0.75]], 1 / 8),  # d(t) = 2^-(t + 1): reached exactly
        ([[0.75, 0.25], [0.25, 0.75]], 1 / 4),
        ([[0.5, 0.5], [0.5, 0.5]] * 2, 1 / 4),
        ([[0.875, 0.125], [0.5, 0.5], [0.25, 0.75], [0.125, 0.875]], 1 / 16),
    ],
)
def test_mixing_time_of_dyadic_chains_includes_that_of_exact_fractions(table: list[list[float]], eps: float) -> None:
    """Where a distance is the very number, two steps stay open; else the answer is that of the fractions."""
    chain = mg.chain_from_table(table)
    found = mg.mixing_time(chain, mg.stationary_distribution(chain), eps=eps)
    expected = _exact_mixing_time(chain, Fraction(eps))
    assert found.lower <= expected <= found.upper <= expected + 1


def test_mixing_time_of_a_walk_is_that_of_its_matrix(babygpt: mg.LanguageModel) -> None:
    """A sparse chain: every reachable context, none cut off, and so all eight."""
    walk = mg.reachable_chain(babygpt, "111")
    found = mg.mixing_time(walk, mg.stationary_distribution(walk))
    assert found.exact
    assert found.lower == _first(_distances(walk), 0.25)


def test_large_walk_has_a_lower_bound_only(babygpt: mg.LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says why."""
    walk = mg.reachable_chain(babygpt, "111")
    exact = mg.mixing_time(walk, mg.stationary_distribution(walk)).lower
    monkeypatch.setattr(mixing_module, "EXACT_LIMIT", 1)
    found = mg.mixing_time(walk, mg.stationary_distribution(walk))
    assert 0 < found.lower <= exact
    assert found.upper == math.inf
    assert found.reason == "upper bounds are known for chains over all contexts"


def test_powers_stop_where_rounding_decides() -> None:
    """Switching once in 1e15 steps: 2^53 steps of doubles prove nothing; loops and meetings still bound it."""
    rate = 1e-15
    chain = mg.chain_from_table([[1 - rate, rate], [rate, 1 - rate]])
    exact_rate = Fraction(rate) / (Fraction(rate) + Fraction(1 - rate))
    pi = mg.stationary_distribution(chain)
    assert by_powers(chain.to_numpy(), Goal(pi, 0.25)).upper == math.inf
    found = mg.mixing_time(chain, pi)
    expected = math.log(0.5) / math.log1p(-2 * float(exact_rate))  # (1 - 2 rate)^t / 2 = 1/4
    assert not found.exact
    assert found.lower <= expected <= found.upper
    assert found.lower >= 0.8 * expected
    assert found.upper <= 2.1 * expected
    assert "rounding" in found.reason


def test_unproven_distribution_proves_no_lower_bound_but_meetings_do_the_upper() -> None:
    """An error bound of infinity."""
    from dataclasses import replace

    chain = _chain(2, 3, "full", 0.3, 0)
    pi = mg.stationary_distribution(chain)
    exact = mg.mixing_time(chain, pi).lower
    found = mg.mixing_time(chain, replace(pi, error_bound=math.inf))
    assert (found.lower, found.slowest_start) == (0, -1)
    assert exact <= found.upper < math.inf
    assert found.reason == "the error of the stationary distribution that is proven is too large"
