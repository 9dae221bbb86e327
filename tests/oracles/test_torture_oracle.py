"""Both solvers against 70-digit elimination, on the chains that lead solvers astray: right, or not certified."""

from __future__ import annotations

import warnings
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from exact import exact_hitting_times, exact_matrix, exact_stationary
from hypothesis import given, settings
from hypothesis import strategies as st
from precise import decimal_distance, decimal_hitting_times, decimal_stationary
from torture import LARGE

import markovgpt as mg
from markovgpt import MarkovChain
from markovgpt.solvers import matrix_system
from markovgpt.solvers.extended import extended_gth
from markovgpt.solvers.iterative import solve_iteratively
from markovgpt.solvers.matrix_system import MatrixSystem
from markovgpt.solvers.solution import Solution
from markovgpt.solvers.system import System
from markovgpt.solvers.table_system import TableSystem

SIZES = [(2, 1), (2, 2), (2, 3), (2, 4), (2, 5), (2, 6), (3, 1), (3, 2), (3, 3), (4, 2), (5, 1), (5, 2), (27, 1)]
UNDERFLOWS = {"random, scale 60", "random, scale 300", "denormals", "all sizes to 1e-300", "metastable sets"}
"""Products of a few of these probabilities are below 1e-308: no answer, or one without proof, is allowed."""

TOLERANCE = 1e-8
_COLD = {"random, scale 30", "all sizes to 1e-20"} | UNDERFLOWS


def _chain(kind: str, V: int, K: int, seed: int = 0) -> MarkovChain:
    return mg.chain_from_table(LARGE[kind](np.random.default_rng([seed, V, K]), V, V**K))


def _block(chain: MarkovChain, states: np.ndarray) -> Any:
    return chain.to_scipy()[states][:, states].tocsr()


def _systems(chain: MarkovChain) -> list[System]:
    """The first recurrent class as a matrix, and as a table where it is the whole chain."""
    states = mg.recurrent_classes(chain)[0].states
    matrix = MatrixSystem(_block(chain, states))
    return [matrix, TableSystem(chain.probabilities)] if len(states) == chain.n_states else [matrix]


def _law(chain: MarkovChain) -> np.ndarray:
    return decimal_stationary(_block(chain, mg.recurrent_classes(chain)[0].states).toarray())


def _solve(system: System) -> Solution:
    with warnings.catch_warnings():  # where probabilities underflow, iterations may overflow: the bound must know
        warnings.simplefilter("ignore", RuntimeWarning)
        return solve_iteratively(system, tolerance=TOLERANCE, report=lambda _: None)


@pytest.fixture
def _compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small matrices take the loops of large ones."""
    monkeypatch.setattr(matrix_system, "_COMPILED_FROM", 1)


@pytest.mark.parametrize("n", [1, 2, 5, 9])
def test_decimal_elimination_is_that_of_fractions(n: int) -> None:
    """The oracle itself, against Gauss-Jordan elimination: law and hitting times to 60 digits."""
    rng = np.random.default_rng(n)
    P = rng.dirichlet(np.ones(n), size=n) * 10.0 ** rng.uniform(-9, 0, size=(n, 1))
    Q = exact_matrix(P)
    laws = decimal_stationary(P), exact_stationary(Q)
    times = decimal_hitting_times(P, n // 2), exact_hitting_times(Q, n // 2)
    for found, exact in (laws, times):
        assert all(abs(Fraction(f) - e) <= Fraction(1, 10**60) * e for f, e in zip(found, exact, strict=True))


@pytest.mark.parametrize("kind", LARGE)
def test_elimination_of_tortured_chains_is_within_its_bound(kind: str) -> None:
    """``||pi - exact||_1 <= error_bound`` in every recurrent class, and certified where nothing underflows."""
    for V, K in SIZES:
        chain = _chain(kind, V, K)
        try:
            found = mg.stationary_distributions(chain)
        except mg.NotComputedError:
            assert kind in UNDERFLOWS
            continue
        for pi in found[:3]:
            exact = decimal_stationary(_block(chain, pi.states).toarray())
            assert decimal_distance(pi.probabilities[pi.states], exact) <= pi.error_bound
            assert pi.certified or kind in UNDERFLOWS


@pytest.mark.parametrize(("V", "K"), [(2, 10), (3, 6)])
@pytest.mark.parametrize(
    "kind",
    ["random, scale 10", "two hold, 1e-14", "halves, 1e-10", "orbit of a word, 1e-14", "two hold symmetrically, 1e-10"],
)
def test_elimination_of_a_thousand_states_agrees_with_extended_precision(kind: str, V: int, K: int) -> None:
    """1,024 and 729 states against pairs of doubles, which have a bound of their own."""
    chain = _chain(kind, V, K)
    pi, other = mg.stationary_distribution(chain), extended_gth(chain.to_numpy())
    assert pi.certified
    assert abs(pi.probabilities - other.stationary).sum() <= pi.error_bound + other.relative_error + 1e-15


@pytest.mark.parametrize("temperature", [5.0, 2.0, 1.0, 0.5, 0.2, 0.1, 0.05])
def test_law_of_babygpt_at_any_temperature_is_within_its_bound(babygpt: Any, temperature: float) -> None:
    """Both solvers, 8 states, from nearly uniform to nearly deterministic: exact fractions of the decoded table."""
    chain = mg.build_chain(babygpt, decoding=mg.Decoding(temperature=temperature))
    exact = _law(chain)
    pi = mg.stationary_distribution(chain)
    assert decimal_distance(pi.probabilities, exact) <= pi.error_bound < 1e-6
    for system in _systems(chain):
        found = _solve(system)
        assert decimal_distance(found.law, exact) <= found.error_bound


@pytest.mark.usefixtures("_compiled")
@pytest.mark.parametrize("kind", LARGE)
def test_iterative_solver_is_within_its_bound_on_tortured_chains(kind: str) -> None:
    """``||law - exact||_1 <= error_bound``, as a matrix and as a table, for 2 seeds of every size."""
    for V, K in SIZES:
        for seed in range(2):
            chain = _chain(kind, V, K, seed)
            exact = _law(chain)
            for system in _systems(chain):
                found = _solve(system)
                assert np.isfinite(found.law).all()
                assert decimal_distance(found.law, exact) <= found.error_bound, (V, K, seed, type(system).__name__)


@pytest.mark.usefixtures("_compiled")
@pytest.mark.parametrize("kind", sorted(LARGE.keys() - _COLD))
def test_iterative_solver_proves_what_it_finds(kind: str) -> None:
    """Wherever no probability is extreme: ``error_bound <= tolerance``, for matrices and tables of up to 125 states."""
    for V, K in [(2, 2), (2, 5), (2, 7), (3, 3), (5, 3)]:
        for system in _systems(_chain(kind, V, K)):
            assert _solve(system).error_bound <= TOLERANCE, (V, K, type(system).__name__)


@pytest.mark.parametrize("kind", LARGE)
def test_iterative_solver_is_within_its_bound_in_plain_numpy(kind: str) -> None:
    """As a small matrix, whose flows are summed in NumPy."""
    for V, K in [(2, 3), (3, 2), (2, 6), (5, 2)]:
        chain = _chain(kind, V, K, 7)
        found = _solve(_systems(chain)[0])
        assert decimal_distance(found.law, _law(chain)) <= found.error_bound


@pytest.mark.usefixtures("_compiled")
@pytest.mark.parametrize("kind", LARGE)
def test_iterative_solver_returns_a_distribution(kind: str) -> None:
    """At least 0 and of sum 1, also after corrections: a law of sum 1.2 is one, and is 0.2 off."""
    for V, K in [(2, 2), (3, 2), (3, 4), (2, 7)]:
        for seed in range(2):
            for system in _systems(_chain(kind, V, K, seed)):
                law = _solve(system).law
                assert law.min() >= 0
                assert law.sum() == pytest.approx(1, abs=1e-13), (V, K, seed, type(system).__name__)


@settings(max_examples=400)
@given(kind=st.sampled_from(sorted(LARGE)), size=st.sampled_from(SIZES[:-1]), seed=st.integers(0, 2**32))
def test_iterative_bound_covers_the_true_error_of_any_chain(kind: str, size: tuple[int, int], seed: int) -> None:
    """Four hundred chains of any kind and size."""
    chain = _chain(kind, *size, seed)
    exact = _law(chain)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matrix_system, "_COMPILED_FROM", 1)
        for system in _systems(chain):
            found = _solve(system)
            assert decimal_distance(found.law, exact) <= found.error_bound


@settings(max_examples=200)
@given(data=st.data(), n=st.integers(2, 8))
def test_iterative_bound_covers_the_true_error_of_any_matrix(data: st.DataObject, n: int) -> None:
    """Sparse or dense, of any order of magnitude; a cycle through all states makes it irreducible."""
    exponents = st.one_of(st.just(-999), st.integers(-25, 0))  # 10^-999 is 0
    P = 10.0 ** np.array(data.draw(st.lists(exponents, min_size=n * n, max_size=n * n))).reshape(n, n)
    P = np.maximum(P, 1e-25 * np.roll(np.eye(n), 1, axis=1))
    P /= P.sum(axis=1, keepdims=True)
    found = _solve(MatrixSystem(mg.chain_from_table(P).to_scipy()))
    assert decimal_distance(found.law, decimal_stationary(P)) <= found.error_bound


@pytest.mark.parametrize(("kind", "seed"), [("two hold equally, 1e-14", 14), ("two hold, 1e-14", 19)])
def test_corrected_law_is_a_distribution_within_its_bound(kind: str, seed: int) -> None:
    """128 states whose first law has too little mass in 000 and 111: what is added there is taken from the rest."""
    chain = mg.chain_from_table(LARGE[kind](np.random.default_rng([seed, 2]), 2, 2**7))
    found = _solve(TableSystem(chain.probabilities))
    assert decimal_distance(found.law, _law(chain)) <= found.error_bound <= TOLERANCE
