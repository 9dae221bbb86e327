"""GTH elimination against exact fractions: every entry is accurate, however small it is."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from exact import exact_hitting_times, exact_matrix, exact_stationary

from markovgpt.solvers.gth import gth

_KINDS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "dense": lambda rng, n: rng.random((n, n)),
    "scales 1e-12 to 1": lambda rng, n: 10.0 ** rng.uniform(-12, 0, (n, n)),
    "scales 1e-30 to 1": lambda rng, n: 10.0 ** rng.uniform(-30, 0, (n, n)),
    "nearly decomposable": lambda rng, n: np.where(_halves(n), rng.random((n, n)), 1e-14 * rng.random((n, n))),
    "nearly periodic": lambda rng, n: np.roll(np.eye(n), 1, axis=1) + 1e-13 * rng.random((n, n)),
    "hardly moves": lambda rng, n: np.eye(n) + 1e-15 * rng.random((n, n)),
    "sparse": lambda rng, n: np.roll(np.eye(n), 1, axis=1) * 1e-3 + rng.random((n, n)) * (rng.random((n, n)) < 0.3),
}


def _halves(n: int) -> np.ndarray:
    """Which pairs of states lie in the same half, ``(n, n)``."""
    half = np.arange(n) < n // 2
    return half[:, None] == half


def _matrix(kind: str, seed: int, n: int = 7) -> np.ndarray:
    weights = _KINDS[kind](np.random.default_rng(seed), n)
    return weights / weights.sum(axis=1, keepdims=True)


def _exact(P: np.ndarray) -> list[list[Fraction]]:
    """The chain that GTH means: off-diagonal entries as they are, the diagonal what they lack to 1."""
    exact = exact_matrix(P)
    for i, row in enumerate(P):
        exact[i] = [Fraction(float(entry)) for entry in row]
        exact[i][i] = 1 - sum(entry for j, entry in enumerate(exact[i]) if j != i)
    return exact


def _relative_error(found: np.ndarray, exact: list[Fraction]) -> float:
    """Largest ``|found - exact| / exact`` over the entries that are not 0, which must be 0 in both."""
    assert all(f == 0 for f, e in zip(found, exact, strict=True) if e == 0)
    return max(float(abs(Fraction(float(f)) - e) / e) for f, e in zip(found, exact, strict=True) if e != 0)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", _KINDS)
def test_gth_stationary_is_accurate_in_every_entry(kind: str, seed: int) -> None:
    """Within 1e-14 of every entry, relative to that entry: 45 units of rounding for 7 states."""
    P = _matrix(kind, seed)
    assert _relative_error(gth(P).stationary, exact_stationary(_exact(P))) < 1e-14


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", _KINDS)
def test_gth_hitting_times_are_accurate_in_every_entry(kind: str, seed: int) -> None:
    """Expected steps to state 0, within 1e-14 of each, from 1 to 1e30 steps."""
    P = _matrix(kind, seed)
    assert _relative_error(gth(P).hitting_times, exact_hitting_times(_exact(P), 0)) < 1e-14


def test_gth_does_not_read_the_diagonal() -> None:
    """It is what a row lacks to 1: here .5 and .75, replaced by nonsense."""
    found = gth(np.array([[np.nan, 0.5], [0.25, -7.0]])).stationary
    np.testing.assert_allclose(found, [1 / 3, 2 / 3], rtol=1e-15)


def test_gth_leaves_its_input_alone() -> None:
    """The matrix is the caller's."""
    P = _matrix("dense", 0)
    before = P.copy()
    gth(P)
    np.testing.assert_array_equal(P, before)


def test_gth_of_one_state_is_certain() -> None:
    """All time is spent in the only state, which is reached in no step."""
    found = gth(np.ones((1, 1)))
    assert (found.stationary.tolist(), found.hitting_times.tolist()) == ([1.0], [0.0])


@pytest.mark.parametrize("n", [127, 128, 129, 130, 257, 300])
def test_gth_of_a_weighted_graph_is_its_degrees(n: int) -> None:
    """A walk on a graph with symmetric weights spends time by degrees; sizes around the solver's block of 128."""
    rng = np.random.default_rng(n)
    weights = 10.0 ** rng.uniform(-6, 0, (n, n))
    weights += weights.T
    degrees = weights.sum(axis=1)
    found = gth(weights / degrees[:, None]).stationary
    np.testing.assert_allclose(found, degrees / degrees.sum(), rtol=1e-12)


@pytest.mark.parametrize("n", [2, 129, 300])
def test_gth_of_a_birth_death_chain_is_the_product_formula(n: int) -> None:
    """``pi_k / pi_{k-1} = up_{k-1} / down_k``; steps from k down to k - 1 are ``(1 + up_k steps_{k+1}) / down_k``."""
    rng = np.random.default_rng(n)
    up, down = 2.0 ** -rng.integers(2, 9, n), 2.0 ** -rng.integers(2, 9, n)
    P = np.diag(up[:-1], 1) + np.diag(down[1:], -1)
    weights, descents = [Fraction(1)], [Fraction(0)] * (n + 1)
    for k in range(1, n):
        weights.append(weights[-1] * Fraction(up[k - 1]) / Fraction(down[k]))
    for k in range(n - 1, 0, -1):
        rise = Fraction(up[k]) if k < n - 1 else Fraction(0)
        descents[k] = (1 + rise * descents[k + 1]) / Fraction(down[k])
    times = [sum(descents[1 : k + 1], Fraction(0)) for k in range(n)]
    found = gth(P)
    assert _relative_error(found.stationary, [w / sum(weights) for w in weights]) < 1e-12
    assert _relative_error(found.hitting_times, times) < 1e-12
