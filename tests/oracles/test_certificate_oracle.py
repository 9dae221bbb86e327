"""The error bound against the true error in exact fractions: never too small, and not fooled by a small residual."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from exact import exact_hitting_times, exact_matrix, exact_stationary, l1_distance
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from strategies import chains, distributions

import markovgpt as mg
from markovgpt import MarkovChain
from markovgpt.solvers.certificate import stationary_error_bound
from markovgpt.solvers.matrix_system import MatrixSystem

Logits = Callable[[np.random.Generator, int, int], np.ndarray]

_KINDS: dict[str, Logits] = {
    "mild": lambda rng, n, V: rng.normal(size=(n, V)),
    "cold": lambda rng, n, V: 10 * rng.normal(size=(n, V)),
    "very cold": lambda rng, n, V: 60 * rng.normal(size=(n, V)),
    "one position decides": lambda rng, n, V: 30 * np.eye(V)[np.arange(n) // (n // V)] + rng.normal(size=(n, V)),
    "copies the last": lambda rng, n, V: 25 * np.eye(V)[np.arange(n) % V] + rng.normal(size=(n, V)),
    "order 1": lambda rng, n, V: 3 * rng.normal(size=(V, V))[np.arange(n) % V],
}


def _chain(kind: str, seed: int, V: int = 2, K: int = 3) -> MarkovChain:
    weights = np.exp(_KINDS[kind](np.random.default_rng(seed), V**K, V))
    return mg.chain_from_table(weights / weights.sum(axis=1, keepdims=True))


def _bound(chain: MarkovChain, q: np.ndarray, w: np.ndarray, target: int) -> float:
    return stationary_error_bound(MatrixSystem(chain.to_scipy()), q, hitting_times=w, target=target)


def _true_error(chain: MarkovChain, q: np.ndarray, states: np.ndarray | slice = slice(None)) -> float:
    """``||q - pi||_1`` of an irreducible chain, or of the closed class ``states``."""
    return float(l1_distance(q[states], exact_stationary(exact_matrix(chain.to_numpy()[states][:, states]))))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", _KINDS)
def test_error_bound_covers_the_true_error(kind: str, seed: int) -> None:
    """``||pi - exact||_1 <= error_bound``, whether or not a finite bound was found."""
    chain = _chain(kind, seed)
    pi = mg.stationary_distribution(chain)
    assert _true_error(chain, pi.probabilities) <= pi.error_bound


@pytest.mark.parametrize("scale", [100, 300, 700])
@pytest.mark.parametrize("seed", range(8))
def test_error_bound_is_right_or_refused_when_probabilities_underflow(seed: int, scale: int) -> None:
    """Logits of hundreds: products of two probabilities are 0 in float64; no answer then, or no small bound."""
    logits = scale * np.random.default_rng(seed).normal(size=(8, 2))  # (8, 2)
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    chain = mg.chain_from_table(weights / weights.sum(axis=1, keepdims=True))
    try:
        found = mg.stationary_distributions(chain)
    except mg.NotComputedError:
        return
    for pi in found:
        assert _true_error(chain, pi.probabilities, pi.states) <= pi.error_bound


@given(chain=chains().filter(lambda chain: chain.n_states <= 16))
def test_error_bound_covers_the_true_error_in_every_recurrent_class(chain: MarkovChain) -> None:
    """Of reducible and periodic chains too."""
    for pi in mg.stationary_distributions(chain):
        assert _true_error(chain, pi.probabilities, pi.states) <= pi.error_bound


@pytest.mark.parametrize("wrong_by", [0.0, 1e-15, 1e-9, 1e-3, 1.0])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", _KINDS)
def test_error_bound_covers_the_true_error_of_a_wrong_distribution(kind: str, seed: int, wrong_by: float) -> None:
    """q is the stationary law with an error planted in it; w are the exact hitting times, rounded."""
    chain = _chain(kind, seed)
    P = exact_matrix(chain.to_numpy())
    rng = np.random.default_rng(seed)
    q = np.array([float(p) for p in exact_stationary(P)])
    q = q * (1 - wrong_by) + wrong_by * rng.dirichlet(np.ones(len(q)))
    target = int(q.argmax())
    w = np.array([float(h) for h in exact_hitting_times(P, target)])
    assert _true_error(chain, q) <= _bound(chain, q, w, target)


@given(data=st.data(), seed=st.integers(0, 1000))
def test_error_bound_holds_with_any_hitting_times(data: st.DataObject, seed: int) -> None:
    """w and q may be anything: if w does not prove a bound, the bound is infinite."""
    chain = _chain("mild", seed)
    q = data.draw(distributions(chain.n_states))
    w = np.array(data.draw(st.lists(st.floats(0, 1e6), min_size=8, max_size=8)))
    assert _true_error(chain, q) <= _bound(chain, q, w, int(q.argmax()))


@pytest.mark.parametrize("switch", [1e-3, 1e-9, 1e-13])
def test_error_bound_is_not_fooled_by_a_small_residual(switch: float) -> None:
    """Two halves that hardly ever switch: nine parts of one and one of the other look stationary, and are .8 wrong."""
    chain = mg.chain_from_table([[1 - switch, switch], [switch, 1 - switch]])
    q = np.array([0.9, 0.1])
    assert abs(chain.push(q) - q).sum() < 2 * switch  # a residual that anyone would accept
    assert _bound(chain, q, np.array([0.0, 1 / switch]), 0) >= 0.8


@pytest.mark.parametrize("seed", range(4))
def test_error_bound_is_not_fooled_by_a_mixture_of_attractors(seed: int) -> None:
    """A cold chain that copies the last token stays on 000 or 111 for 1e10 steps: other shares of the two are wrong."""
    chain = _chain("copies the last", seed)
    exact = exact_stationary(exact_matrix(chain.to_numpy()))
    q = np.array([float(p) for p in exact])
    light = slice(0, 4) if q[:4].sum() < q[4:].sum() else slice(4, 8)
    q[light] *= 1e6
    q /= q.sum()
    assert abs(chain.push(q) - q).sum() < 1e-9  # a residual that anyone would accept
    assert _bound(chain, q, _exact_times(chain, 0), 0) >= _true_error(chain, q) > 0.1


def _exact_times(chain: MarkovChain, target: int) -> np.ndarray:
    return np.array([float(h) for h in exact_hitting_times(exact_matrix(chain.to_numpy()), target)])


@pytest.mark.parametrize(
    "w",
    [
        pytest.param([0, 0, 0, 0], id="zeros"),
        pytest.param([0, 1, 1, 1], id="too small"),
        pytest.param([0, np.nan, 9, 9], id="NaN"),
        pytest.param([0, np.inf, 9, 9], id="infinite"),
        pytest.param([0, -9, 9, 9], id="negative"),
    ],
)
def test_error_bound_is_infinite_when_w_proves_nothing(w: list[float]) -> None:
    """Uniform rows hit state 0 after 4 steps from anywhere; none of these is at least that."""
    chain = mg.chain_from_table(np.full((4, 2), 0.5))
    assert _bound(chain, np.full(4, 0.25), np.array(w, dtype=np.float64), 0) == math.inf


def test_error_bound_is_infinite_when_the_distribution_is_nan() -> None:
    """NaN is never certified."""
    chain = mg.chain_from_table(np.full((4, 2), 0.5))
    assert _bound(chain, np.array([np.nan, 0.5, 0.25, 0.25]), np.array([0.0, 4, 4, 4]), 0) == math.inf


def test_error_bound_sees_what_the_computed_residual_does_not() -> None:
    """q is 4e-9 off the exact (3/4, 1/4); qP - q is 1.6e-17, less than the rounding of computing it, which counts."""
    chain = mg.chain_from_table([[1 - 1e-9, 1e-9], [3e-9, 1 - 3e-9]])
    q = np.array([0.75 + 2e-9, 0.25 - 2e-9])
    assert abs(chain.push(q) - q).max() < 2e-16
    assert _true_error(chain, q) <= _bound(chain, q, _exact_times(chain, 0), 0)


def test_error_bound_does_not_take_rounding_for_proof() -> None:
    """Three states are left once in 1e20 steps; w = 1e17 there proves nothing, though w - P w is computed above 0.

    q, all mass on state 0, is 6e-10 off. With w taken for proven (times of 6e15 steps) the bound would be 4e-14.
    """
    w = np.array([0, 1e17, 1e17, 1e17])
    rows = np.column_stack([np.full(1000, 1e-20), np.random.default_rng(0).dirichlet(np.ones(3), size=1000)])
    rounded_down = rows[(rows * w).sum(axis=1) < 1e17]
    P = np.vstack([[1, 1e-30, 1e-30, 1e-30], rounded_down[:3]])
    q = np.array([1.0, 0, 0, 0])

    def pull(f: np.ndarray) -> np.ndarray:
        return (P * f).sum(axis=1)

    assert (w - pull(w))[1:].min() > 0  # rounding alone
    found = stationary_error_bound(MatrixSystem(csr_array(P)), q, hitting_times=w, target=0)
    assert float(l1_distance(q, exact_stationary(exact_matrix(P)))) <= found


@pytest.mark.parametrize("factor", [1e-6, 0.5, 3.0])
@pytest.mark.parametrize("seed", range(3))
def test_error_bound_does_not_depend_on_the_scale_of_w(seed: int, factor: float) -> None:
    """Hitting times in other units prove the same: w is divided by what it proves."""
    chain, q = _chain("mild", seed), np.full(8, 0.125)
    w = _exact_times(chain, 0)
    assert _bound(chain, q, factor * w, 0) == pytest.approx(_bound(chain, q, w, 0), rel=1e-6)


def test_error_bound_does_not_read_w_of_the_target() -> None:
    """A fair coin shows 00 after 6 flips from 01 and 11, 4 from 10; the 1 in its own place is not read, nor changed."""
    chain, q = mg.chain_from_table(np.full((4, 2), 0.5)), np.array([0.27, 0.25, 0.25, 0.23])
    w = np.array([1.0, 6, 4, 6])
    found = _bound(chain, q, w, 0)
    assert w[0] == 1.0
    assert found == _bound(chain, q, np.array([0.0, 6, 4, 6]), 0) < math.inf


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", ["mild", "order 1"])
def test_error_bound_is_small_for_easy_chains(kind: str, seed: int) -> None:
    """A bound of infinity would be true and useless: here it is below 1e-11."""
    pi = mg.stationary_distribution(_chain(kind, seed, V=3))
    assert pi.error_bound < 1e-11
    assert pi.certified


def test_error_bound_is_small_where_the_first_steps_mislead() -> None:
    """State 0 gathers the mass at first, but for good it is in state 1; times to reach 0 would give 5e-6."""
    chain = mg.chain_from_table([[1 - 1e-6, 1e-6, 0], [0, 1 - 1e-9, 1e-9], [1, 0, 0]])
    assert mg.stationary_distribution(chain).error_bound < 1e-10


@pytest.mark.parametrize("kind", _KINDS)
def test_stationary_distribution_is_accurate_in_every_entry(kind: str) -> None:
    """Within 1e-13 of each exact entry, relative to it, certified or not."""
    chain = _chain(kind, 11)
    exact = np.array([float(p) for p in exact_stationary(exact_matrix(chain.to_numpy()))])
    np.testing.assert_allclose(mg.stationary_distribution(chain).probabilities, exact, rtol=1e-13)
