"""Attacks on the certificate: whatever law, low part, hitting times and target it is given, it is never too small."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest
from exact import exact_matrix, exact_stationary, l1_distance
from hypothesis import given, settings
from hypothesis import strategies as st
from precise import decimal_distance, decimal_hitting_times, decimal_stationary
from torture import LARGE

import markovgpt as mg
from markovgpt.solvers import matrix_system
from markovgpt.solvers.certificate import stationary_error_bound
from markovgpt.solvers.matrix_system import MatrixSystem
from markovgpt.solvers.system import System
from markovgpt.solvers.table_system import TableSystem

_HOW = ["table", "matrix", "compiled matrix"]


@pytest.fixture(params=_HOW)
def how(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A table, a matrix in NumPy, and one that takes the compiled loops."""
    monkeypatch.setattr(matrix_system, "_COMPILED_FROM", 1 if request.param == "compiled matrix" else 4097)
    return str(request.param)


def _system(table: np.ndarray, how: str) -> System:
    return TableSystem(table) if how == "table" else MatrixSystem(mg.chain_from_table(table).to_scipy())


def _matrix(table: np.ndarray) -> np.ndarray:
    """``P[s, (s V + t) mod n] = table[s, t]``."""
    n, V = table.shape
    P = np.zeros((n, n))
    for t in range(V):
        P[np.arange(n), (np.arange(n) * V + t) % n] = table[:, t]
    return P


def _irreducible(kind: str, V: int, K: int, seed: int) -> np.ndarray | None:
    chain = mg.chain_from_table(LARGE[kind](np.random.default_rng([seed, V, K]), V, V**K))
    return chain.probabilities if mg.is_irreducible(chain) else None


def _rounded(values: np.ndarray) -> np.ndarray:
    """Nearest numbers of float64; infinity above their range."""
    return np.array([float(v) for v in values])


def _planted(rng: np.random.Generator, law: np.ndarray) -> np.ndarray:
    """A law with an error in it: another mixture of its parts, a small shift, one wrong state, or another law."""
    size = 10.0 ** rng.uniform(-16, 0)
    kind = rng.integers(5)
    if kind == 0:
        q = law * np.where(rng.random(len(law)) < 0.5, 1 + size, 1)
    elif kind == 1:
        heavy = law > np.median(law)
        q = np.where(heavy, law * (1 - size), law * (1 + size * rng.random()))
    elif kind == 2:
        q = law.copy()
        q[rng.integers(len(law))] += size
    elif kind == 3:
        q = (1 - size) * law + size * rng.dirichlet(np.ones(len(law)))
    else:
        q = rng.dirichlet(np.ones(len(law)))
    return q / q.sum()


class _Case(NamedTuple):
    """A chain of eight states as every system there is, its law, and one with an error in it."""

    systems: tuple[System, ...]
    P: np.ndarray
    exact: np.ndarray
    q: np.ndarray


def _case(rng: np.random.Generator, kind: str, seed: int) -> _Case | None:
    """None where the chain is reducible."""
    table = _irreducible(kind, 2, 3, seed)
    if table is None:
        return None
    P = _matrix(table)
    exact = decimal_stationary(P)
    return _Case((_system(table, "table"), _system(table, "matrix")), P, exact, _planted(rng, _rounded(exact)))


@pytest.mark.parametrize("kind", LARGE)
def test_error_bound_covers_planted_errors_with_true_hitting_times(kind: str, how: str) -> None:
    """Errors of every size and shape, times that prove as much as any can, the likeliest state or any as target."""
    rng = np.random.default_rng(len(kind))
    for V, K in [(2, 1), (2, 3), (3, 2), (2, 4), (5, 1)]:
        table = _irreducible(kind, V, K, 0)
        if table is None:
            continue
        P = _matrix(table)
        exact, system = decimal_stationary(P), _system(table, how)
        for target in (int(_rounded(exact).argmax()), int(rng.integers(len(P)))):
            w = _rounded(decimal_hitting_times(P, target))
            for _ in range(4):
                q = _planted(rng, _rounded(exact))
                found = stationary_error_bound(system, q, hitting_times=w, target=target)
                assert decimal_distance(q, exact) <= found


@settings(max_examples=150)
@given(kind=st.sampled_from(sorted(LARGE)), seed=st.integers(0, 2**32), exponent=st.integers(-17, -1))
def test_error_bound_holds_with_any_low_part(kind: str, seed: int, exponent: int) -> None:
    """The low part is proven along with q, whether it is one or not: random, of any size, or zero where q is not."""
    rng = np.random.default_rng(seed)
    case = _case(rng, kind, seed)
    if case is None:
        return
    low, target = rng.normal(size=len(case.q)) * 10.0**exponent, int(case.q.argmax())
    w = _rounded(decimal_hitting_times(case.P, target))
    for system in case.systems:
        found = stationary_error_bound(system, case.q, low=low, hitting_times=w, target=target)
        assert decimal_distance(case.q, case.exact) <= found


def test_error_bound_is_not_fooled_by_low_parts_that_swallow_the_flows(how: str) -> None:
    """Two pairs that are left with 1e-19 and 2e-19, 2:1; half and half is 1/3 off, whatever is added to it and rounded.

    With 1/256 as the low part, 64 bits would be needed to see the flows between the pairs; pairs of doubles that are
    not the sum and its rounding have but 53.
    """
    a, b = 1e-19, 2e-19
    table = np.array([[0.5, 0.5, a, 0], [0.5, 0.5, 0, a], [b, 0, 0.5, 0.5], [0, b, 0.5, 0.5]])
    q, low = np.full(4, 0.25), np.array([1, 1, -1, -1]) / 256
    w = np.array([0, 2, 1 / b, 1 / b])
    found = stationary_error_bound(_system(table, how), q, low=low, hitting_times=w, target=0)
    assert l1_distance(q, exact_stationary(exact_matrix(table))) <= found


@pytest.mark.parametrize(
    "mass", [1e-9, 0.5, 0.999, 1 - 1e-9, 1 + 1e-9, 1 + 1e-6, 1.001, 1.1, 1.5, 2.0, 2.9, 10.0, 1e10]
)
def test_error_bound_covers_a_law_of_another_sum(mass: float, how: str) -> None:
    """``mass`` times the law is ``|mass - 1|`` off."""
    table = np.array([[0.5, 0.5], [0.25, 0.75]])
    q = mass * np.array([1 / 3, 2 / 3])
    found = stationary_error_bound(_system(table, how), q, hitting_times=np.array([0.0, 4.0]), target=0)
    assert l1_distance(q, [Fraction(1, 3), Fraction(2, 3)]) <= found


@pytest.mark.parametrize("shift", [1e-3, 1.0, 1e8])
def test_error_bound_covers_a_law_with_negative_entries(shift: float, how: str) -> None:
    """Of sum 1, and ``2 * shift`` off."""
    table = np.array([[0.5, 0.5], [0.25, 0.75]])
    q = np.array([1 / 3 - 0.5 - shift, 2 / 3 + 0.5 + shift])
    found = stationary_error_bound(_system(table, how), q, hitting_times=np.array([0.0, 4.0]), target=0)
    assert l1_distance(q, [Fraction(1, 3), Fraction(2, 3)]) <= found


@pytest.mark.parametrize("scale", [5e-324, 1e-322, 1e-320, 1e-310, 1e-300, 1e-290, 1.0, 1e300, 8e307])
def test_error_bound_holds_with_hitting_times_of_any_unit(scale: float, how: str) -> None:
    """State 1 is left with .51: 1 / .51 steps, in units in which products round to whole multiples of 5e-324."""
    table = np.array([[0.999, 0.001], [0.51, 0.49]])
    exact = exact_stationary(exact_matrix(table))
    q = np.array([float(p) for p in exact]) + np.array([1e-4, -1e-4])
    w = np.array([0.0, scale / 0.51])
    assert l1_distance(q, exact) <= stationary_error_bound(_system(table, how), q, hitting_times=w, target=0)


_BAD = st.sampled_from(
    [0.0, -0.0, 5e-324, 1e-310, 1e-30, 1.0, 1e15, 1e30, 1e300, 1.7e308, math.inf, math.nan, -1.0, -1e-300]
)


@settings(max_examples=150)
@given(data=st.data(), kind=st.sampled_from(sorted(LARGE)), seed=st.integers(0, 2**32))
def test_error_bound_holds_with_spoilt_hitting_times(data: st.DataObject, kind: str, seed: int) -> None:
    """True times of one target with some entries replaced, or all of them too small, given for any target."""
    case = _case(np.random.default_rng(seed), kind, seed)
    if case is None:
        return
    w = _rounded(decimal_hitting_times(case.P, data.draw(st.integers(0, 7)))) * data.draw(
        st.sampled_from([1.0, 0.5, 1e-3, 1e3])
    )
    for place in data.draw(st.lists(st.integers(0, 7), max_size=3)):
        w[place] = data.draw(_BAD)
    target = data.draw(st.integers(0, 7))
    with np.errstate(all="ignore"):
        for system in case.systems:
            found = stationary_error_bound(system, case.q, hitting_times=w, target=target)
            assert decimal_distance(case.q, case.exact) <= found


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_error_bound_of_a_law_that_is_no_number_is_infinite(bad: float, how: str) -> None:
    """Wherever it stands, in the law or in its low part."""
    system, w = _system(np.full((4, 2), 0.5), how), np.array([0.0, 6, 4, 6])
    for place in range(4):
        q, low = np.full(4, 0.25), np.zeros(4)
        q[place] = bad
        with np.errstate(invalid="ignore"):
            assert stationary_error_bound(system, q, hitting_times=w, target=0) == math.inf
        low[place] = bad
        with np.errstate(invalid="ignore"):
            assert stationary_error_bound(system, np.full(4, 0.25), low=low, hitting_times=w, target=0) == math.inf


def test_error_bound_covers_rows_that_do_not_sum_to_one(how: str) -> None:
    """The chain meant has rows divided by their sums, here 1 - 1e-7 and 1: a law of the flows is 1e-8 off or so."""
    table = np.array([[0.5 - 1e-7, 0.5], [0.25, 0.75]])
    exact = exact_stationary(exact_matrix(table))
    flows: Any = np.array([0.25, 0.5]) / 0.75  # balanced, for the rows as they are
    system = TableSystem(table) if how == "table" else MatrixSystem(mg.chain_from_table(table).to_scipy())
    assert l1_distance(flows, exact) <= stationary_error_bound(
        system, flows, hitting_times=np.array([0.0, 4]), target=0
    )
