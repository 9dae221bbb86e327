"""Flows, sweeps, orders and lumps, the parts of the solver of large chains, against exact fractions and plain loops."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from exact import exact_hitting_times, exact_matrix, exact_stationary

import markovgpt as mg
from markovgpt.kernels.suffix import compose, condition
from markovgpt.solvers import matrix_system
from markovgpt.solvers.greedy import greedy_forest
from markovgpt.solvers.lumped import LumpedFlows
from markovgpt.solvers.matrix_system import MatrixSystem
from markovgpt.solvers.system import System
from markovgpt.solvers.table_system import TableSystem

SIZES = [(2, 1), (2, 4), (3, 1), (3, 3), (5, 2), (9, 1)]
_UNIT = Fraction(1, 2**53)


@pytest.fixture(params=["table", "matrix", "compiled matrix"])
def how(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A table, a matrix in NumPy, and one that takes the compiled loops."""
    monkeypatch.setattr(matrix_system, "_COMPILED_FROM", 1 if request.param == "compiled matrix" else 4097)
    return str(request.param)


def _chain(V: int, K: int) -> mg.MarkovChain:
    """Probabilities of 24 orders of magnitude, and zeros."""
    rng = np.random.default_rng([V, K])
    table = 10.0 ** rng.uniform(-24, 0, size=(V**K, V)) * (rng.random((V**K, V)) < 0.8)
    table[:, 0] += 1e-3
    return mg.chain_from_table(table / table.sum(axis=1, keepdims=True))


def _system(chain: mg.MarkovChain, how: str) -> System:
    return TableSystem(chain.probabilities) if how == "table" else MatrixSystem(chain.to_scipy())


def _arrows(chain: mg.MarkovChain) -> list[tuple[int, int, Fraction]]:
    """Source, target and probability of every arrow but self-loops."""
    n, V = chain.probabilities.shape
    every = [(s, (s * V + t) % n, Fraction(float(chain.probabilities[s, t]))) for s in range(n) for t in range(V)]
    return [arrow for arrow in every if arrow[0] != arrow[1]]


def _pair(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """A measure of many orders of magnitude, and what rounding left of it."""
    high = 10.0 ** rng.uniform(-30, 0, size=n)
    return high, (rng.random(n) - 0.5) * np.spacing(high)


@pytest.mark.parametrize("size", [0, 1e-17, 1e-10, 1e-3])
@pytest.mark.parametrize(("V", "K"), SIZES)
def test_balance_is_within_its_error(V: int, K: int, size: float, how: str) -> None:
    """Inflow minus outflow in exact fractions, of pairs and of low parts that are larger than what rounding leaves."""
    chain, rng = _chain(V, K), np.random.default_rng(0)
    high, low = _pair(rng, chain.n_states)
    low = low + size * rng.normal(size=len(low))
    exact = [Fraction(0)] * chain.n_states
    for s, y, p in _arrows(chain):
        flow = (Fraction(float(high[s])) + Fraction(float(low[s]))) * p
        exact[s] -= flow
        exact[y] += flow
    net, error = _system(chain, how).balance(high, low)
    assert all(abs(Fraction(float(a)) - e) <= Fraction(float(r)) for a, e, r in zip(net, exact, error, strict=True))


@pytest.mark.parametrize("how", ["table", "compiled matrix"], indirect=True)
@pytest.mark.parametrize(("V", "K"), [(2, 4), (3, 3)])
def test_balance_has_thirty_digits(V: int, K: int, how: str) -> None:
    """Of a law in pairs of doubles, what is computed to be missing is below 1e-29, and so is its error."""
    chain = mg.chain_from_table(np.random.default_rng(V).dirichlet(np.ones(V), size=V**K))
    exact = exact_stationary(_closed(chain))
    high = np.array([float(p) for p in exact])
    low = np.array([float(p - Fraction(float(h))) for p, h in zip(exact, high, strict=True)])
    net, error = _system(chain, how).balance(high, low)
    assert float((abs(net) + error).sum()) < 1e-29


def _closed(chain: mg.MarkovChain) -> list[list[Fraction]]:
    """The matrix whose diagonal is what the other entries lack to 1: balanced flows know no self-loops."""
    n = chain.n_states
    P = [[Fraction(0)] * n for _ in range(n)]
    for s, y, p in _arrows(chain):
        P[s][y] += p
    for s in range(n):
        P[s][s] = 1 - sum(P[s], Fraction(0))
    return P


@pytest.mark.parametrize(("V", "K"), SIZES)
@pytest.mark.parametrize("largest", [0, 6, 15, 25])
def test_drift_is_a_lower_bound(V: int, K: int, largest: int, how: str) -> None:
    """``sum_y P(x, y) (w(x) - w(y))`` in exact fractions is at least that, and not much more."""
    chain, rng = _chain(V, K), np.random.default_rng(largest)
    w = 10.0 ** rng.uniform(0, largest, size=chain.n_states)
    exact, size = [Fraction(0)] * chain.n_states, [Fraction(0)] * chain.n_states
    for x, y, p in _arrows(chain):
        term = p * (Fraction(float(w[x])) - Fraction(float(w[y])))
        exact[x] += term
        size[x] += abs(term)
    found = [Fraction(float(d)) for d in _system(chain, how).drift(w, np.zeros(len(w)))]
    assert all(d <= e for d, e in zip(found, exact, strict=True))
    assert all(
        e - d <= 2 * (V + 8) * _UNIT * s + Fraction(1, 10**300) for d, e, s in zip(found, exact, size, strict=True)
    )


@pytest.mark.parametrize(("V", "K"), SIZES)
def test_lump_flows_are_the_sums_of_flows(V: int, K: int, how: str) -> None:
    """Dense and sparse: ``sum mu(x) P(x, y)`` over x in A and y in B, to rounding; the diagonal is not compared."""
    chain, rng = _chain(V, K), np.random.default_rng(1)
    mu, lump = rng.random(chain.n_states), rng.integers(3, size=chain.n_states).astype(np.int32)
    exact = np.zeros((3, 3))
    for x, y, p in _arrows(chain):
        exact[lump[x], lump[y]] += mu[x] * float(p)
    system = _system(chain, how)
    off = ~np.eye(3, dtype=bool)
    np.testing.assert_allclose(system.lump_flows(mu, lump, 3)[off], exact[off], rtol=1e-13)
    np.testing.assert_allclose(system.lumped(mu, lump, 3).toarray()[off], exact[off], rtol=1e-13)


@pytest.mark.parametrize(("V", "K"), SIZES)
def test_sweeps_set_one_state_after_another(V: int, K: int, how: str) -> None:
    """Each to what its equation asks, from the newest values of the others: in order for measures, backwards else."""
    chain, rng = _chain(V, K), np.random.default_rng(2)
    n, system = chain.n_states, _system(chain, how)
    P = np.zeros((n, n))
    for x, y, p in _arrows(chain):
        P[x, y] += float(p)
    order = rng.permutation(n).astype(np.int32)
    source, start = rng.normal(size=n), rng.random(n)
    mu, f = start.copy(), start.copy()
    system.sweep_measure(mu, source, order)
    system.sweep_function(f, source, order)
    measure, function = start.copy(), start.copy()
    for y in order:
        if P[y].sum() > 0:
            measure[y] = (measure @ P[:, y] + source[y]) / P[y].sum()
    for x in order[::-1]:
        if P[x].sum() > 0:
            function[x] = (P[x] @ function + source[x]) / P[x].sum()
    np.testing.assert_allclose(mu, measure, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(f, function, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("V", "K"), SIZES)
def test_greedy_forest_follows_the_likeliest_tokens(V: int, K: int, how: str) -> None:
    """Lumps are loops and their basins, by following each state n steps; states stand before their successors."""
    chain = _chain(V, K)
    n, P = chain.n_states, chain.to_numpy()
    after = P.argmax(axis=1) if how != "table" else (np.arange(n) * V + chain.probabilities.argmax(axis=1)) % n
    forest = greedy_forest(_system(chain, how))
    names = []
    for s in range(n):
        orbit = [s]
        for _ in range(2 * n):
            orbit.append(int(after[orbit[-1]]))
        loop = frozenset(orbit[n:])
        names.append((loop, s in loop))
    lumps = {(name, int(lump)) for name, lump in zip(names, forest.lump, strict=True)}
    assert len(lumps) == len(set(names)) == forest.m == len(set(forest.lump.tolist()))
    place = np.argsort(forest.order)
    assert sorted(forest.order.tolist()) == list(range(n))
    assert all(place[s] < place[after[s]] for s in range(n) if not names[s][1])
    late = sum(place[s] >= place[after[s]] for s in range(n))
    assert late == len({loop for loop, _ in names})


@pytest.mark.parametrize("rows", [slice(0, 6), slice(2, 4)])
def test_suffix_pieces_split_a_measure_and_join_it_again(rows: slice) -> None:
    """Rows divided by their sums, and multiplied again; rows of zeros, and rows outside the piece, stay as they are."""
    joint = np.random.default_rng(0).random((6, 3))
    joint[3] = 0
    found, marginal = joint.copy(), np.full(6, -1.0)
    condition(rows.start, rows.stop, found, marginal)
    expected = joint.copy()
    sums = joint.sum(axis=1)
    expected[rows] /= np.where(sums > 0, sums, 1)[rows, None]
    np.testing.assert_allclose(found, expected, rtol=1e-15)
    np.testing.assert_allclose(marginal[rows], sums[rows], rtol=1e-15)
    assert (np.delete(marginal, np.arange(6)[rows]) == -1).all()
    compose(rows.start, rows.stop, found, marginal)
    np.testing.assert_allclose(found, joint, rtol=1e-15)


def _balanced(m: int) -> tuple[np.ndarray, np.ndarray, list[Fraction]]:
    """Flows of a stationary chain of m states, its matrix, and its law."""
    P = np.random.default_rng(m).dirichlet(np.ones(m), size=m)
    law = exact_stationary(exact_matrix(P))
    return np.array([float(p) for p in law])[:, None] * P, P, law


@pytest.mark.parametrize("m", [1, 2, 5, 9])
def test_lumped_factors_balance_the_flows(m: int) -> None:
    """Flows of any measure, times the factors: those of the stationary law, which are known in fractions."""
    _, P, law = _balanced(m)
    mu = np.random.default_rng(0).random(m) + 0.1
    shares = mu * LumpedFlows(mu[:, None] * P).stationary_factors()
    np.testing.assert_allclose(shares / shares.sum(), [float(p) for p in law], rtol=1e-13)


@pytest.mark.parametrize("m", [1, 2, 5, 9])
def test_lumped_function_solves_for_hitting_times(m: int) -> None:
    """``h = 1 + P h`` off state 0 is a system of flows with the law as the right side, but for state 0."""
    flows, P, law = _balanced(m)
    rho = np.array([float(p) for p in law])
    rho[0] -= 1
    times = exact_hitting_times(exact_matrix(P), 0)
    np.testing.assert_allclose(LumpedFlows(flows).function(rho), [float(h) for h in times], rtol=1e-11)


@pytest.mark.parametrize("m", [1, 2, 5, 9])
def test_lumped_measure_solves_its_equations(m: int) -> None:
    """What flows out of every lump less what flows in, of c times the measure, is rho; c of the first is 0."""
    flows, _, _ = _balanced(m)
    rho = np.random.default_rng(m).normal(size=m)
    rho -= rho.mean()
    c = LumpedFlows(flows).measure(rho)
    moved = c[:, None] * flows
    assert c[0] == 0
    np.testing.assert_allclose(moved.sum(axis=1) - moved.sum(axis=0), rho, atol=1e-12)
