"""GTH elimination against exact fractions and mpmath: every entry is accurate, at least as accurate as it says."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from exact import exact_hitting_times, exact_matrix, exact_stationary
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from precise import precise_stationary, relative_error
from torture import TORTURE, torture_chains

from markovgpt import ArgumentError, NotComputedError
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
    assert _relative_error(found.stationary, [w / sum(weights) for w in weights]) <= found.relative_error < 1e-9
    assert _relative_error(found.hitting_times, times) < 1e-12


_TAME = [kind for kind in TORTURE if kind not in {"random, scale 300", "denormals"}]


@pytest.mark.parametrize("kind", TORTURE)
def test_relative_error_covers_the_true_one(kind: str) -> None:
    """In every entry, by mpmath with 60 digits; or there is none, where float64 underflows."""
    for P in torture_chains(kind, (2, 3), (3, 3), (5, 2), (2, 5)):
        try:
            found = gth(P)
        except (ArgumentError, NotComputedError):
            assert kind not in _TAME
            continue
        exact = precise_stationary(P, divide_rows=False)
        assert relative_error([mpmath.mpf(p) for p in found.stationary], exact) <= found.relative_error


@pytest.mark.parametrize("kind", _TAME)
def test_relative_error_is_small_however_ill_conditioned_the_chain_is(kind: str) -> None:
    """Between 4e-12 for 64 states and 2e-11 for 125: 10 n^2 u, be the escapes 1e-3 or 1e-14."""
    for P in torture_chains(kind, (4, 3), (5, 3)):
        assert gth(P).relative_error <= 10 * len(P) ** 2 * 2.0**-53


@pytest.mark.parametrize("between", [1.0, 1e-14], ids=["ordinary", "nearly decomposable"])
def test_relative_error_of_4096_states_proves_seven_digits(between: float) -> None:
    """And they are right: a symmetric matrix, its rows all the same small part of a chain's, has the uniform law."""
    n = 4096
    weights = np.random.default_rng(0).random((n, n))
    weights += weights.T
    weights[~_halves(n)] *= between
    found = gth(weights)
    assert abs(n * found.stationary - 1).max() <= found.relative_error < 1e-7


@given(data=st.data())
def test_relative_error_covers_the_true_one_whatever_the_entries(data: st.DataObject) -> None:
    """Zeros, denormals and anything between, where every product may underflow; a cycle makes the chain irreducible."""
    n = data.draw(st.integers(1, 5))
    entries = st.one_of(st.just(0.0), st.floats(0, 1), st.integers(-323, 0).map(lambda e: float(f"1e{e}")))
    P = data.draw(hnp.arrays(np.float64, (n, n), elements=entries))
    P = np.maximum(P, data.draw(st.sampled_from([5e-324, 1e-200, 1e-100])) * np.roll(np.eye(n), 1, axis=1))
    try:
        found = gth(P)
    except (ArgumentError, NotComputedError):
        return
    exact = precise_stationary(P, divide_rows=False)
    assert relative_error([mpmath.mpf(p) for p in found.stationary], exact) <= found.relative_error


@pytest.mark.parametrize("tiny", [1e-300, 5e-324])
def test_relative_error_is_small_for_two_states_that_hardly_swap(tiny: float) -> None:
    """Rows are scaled first: small ones do not underflow. Leaving with ``tiny`` and three times that, 3 to 1."""
    found = gth(np.array([[1.0, tiny], [3 * tiny, 1.0]]))
    assert found.relative_error < 1e-14
    assert found.stationary.tolist() == [0.75, 0.25]


def test_relative_error_is_small_where_what_underflows_does_not_count() -> None:
    """The way through state 3 adds 1e-400 to a probability of .1."""
    P = np.full((4, 4), 0.1)
    P[0, 3] = P[3, 1] = 1e-200
    found = gth(P)
    assert _relative_error(found.stationary, exact_stationary(_exact(P))) <= found.relative_error < 1e-14


def test_relative_error_is_infinite_where_what_underflows_may_count() -> None:
    """State 1 is reached with 1e-398, by way of 2, and left with 1e-300: it has 5e-99 of the time, not 0."""
    P = np.array([[0, 0, 1e-200, 0.5], [1e-300, 0, 0, 0], [0.01, 1e-200, 0, 0], [0.5, 0, 0, 0]])
    found = gth(P)
    assert (found.stationary[1], found.relative_error) == (0, math.inf)
    assert float(precise_stationary(P, divide_rows=False)[1]) == pytest.approx(5e-99)


def test_relative_error_is_infinite_where_the_law_itself_underflows() -> None:
    """Down a ladder with 1e-120 a step and up with 1/2: state 3 has 8e-360, and float64 0."""
    found = gth(np.diag(np.full(3, 1e-120), 1) + np.diag(np.full(3, 0.5), -1))
    assert (found.stationary[3], found.relative_error) == (0, math.inf)


def test_gth_refuses_what_overflows() -> None:
    """Up a ladder with 1/2 a step and down with 1e-200: state 2 is 2e399 times as likely as state 0."""
    with pytest.raises(NotComputedError, match="overflows double precision"):
        gth(np.diag(np.full(3, 0.5), 1) + np.diag(np.full(3, 1e-200), -1))
