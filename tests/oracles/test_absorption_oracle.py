"""Absorption probabilities against exact fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from exact import exact_matrix

import markovgpt as mg
from markovgpt import MarkovChain
from markovgpt.analysis import absorption as absorption_module
from markovgpt.solvers.absorbing import Ending

_SEEDS = range(12)


def _chain(V: int, K: int, seed: int, *, lengths: str = "full", spread: float = 1.0) -> MarkovChain:
    """Mostly one or two arrows a state, so that there are several ends."""
    rng = np.random.default_rng(seed)
    n = mg.StateSpace(vocab_size=V, context_length=K, lengths=lengths).n_states
    weights = 10.0 ** (-spread * rng.random((n, V))) * (rng.random((n, V)) < 0.45)
    weights[np.arange(n), rng.integers(0, V, n)] += 0.05
    return mg.chain_from_table(weights / weights.sum(axis=1, keepdims=True), lengths=lengths)


def _exact(chain: MarkovChain) -> list[list[Fraction]]:
    """``B[i][j]``: probability of ending in recurrent class j from state i; ``B = P B``, by elimination of columns."""
    P = exact_matrix(chain.to_numpy())
    classes = mg.recurrent_classes(chain)
    in_class = {s: j for j, c in enumerate(classes) for s in c.states.tolist()}
    transient = [s for s in range(chain.n_states) if s not in in_class]
    rows = [
        [(x == y) - P[x][y] for y in transient]
        + [sum((P[x][s] for s in c.states.tolist()), Fraction(0)) for c in classes]
        for x in transient
    ]
    for k in range(len(rows)):
        pivot = next(i for i in range(k, len(rows)) if rows[i][k] != 0)
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [entry / rows[k][k] for entry in rows[k]]
        for i in range(len(rows)):
            if i != k and rows[i][k] != 0:
                rows[i] = [a - rows[i][k] * b for a, b in zip(rows[i], rows[k], strict=True)]
    B = [[Fraction(int(in_class.get(s) == j)) for j in range(len(classes))] for s in range(chain.n_states)]
    for s, row in zip(transient, rows, strict=True):
        B[s] = row[len(transient) :]
    return B


def _holds(found: mg.Absorption, exact: list[Fraction]) -> bool:
    bounds = zip(found.lower.tolist(), exact, found.upper.tolist(), strict=True)
    return all(Fraction(low) <= p <= Fraction(high) for low, p, high in bounds)


@pytest.fixture(params=["elimination", "pushing", "returning to the start"])
def method(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """All ways."""
    if request.param != "elimination":
        monkeypatch.setattr(absorption_module, "ELIMINATION_LIMIT", 0)
    if request.param == "returning to the start":
        monkeypatch.setattr(absorption_module, "absorb_by_pushing", _nothing_known)
    return str(request.param)


def _nothing_known(push: object, start: np.ndarray, class_of: np.ndarray, n_classes: int, **_: object) -> Ending:
    """Bounds as pushing returns them where the rest does not shrink at all."""
    unknown = np.full(n_classes, 1 / n_classes)
    return Ending(probabilities=unknown, lower=np.zeros(n_classes), upper=np.ones(n_classes), steps=0)


@pytest.mark.parametrize("seed", _SEEDS)
@pytest.mark.parametrize(("V", "K"), [(2, 4), (3, 2), (6, 1)])
def test_bounds_hold_the_exact_probabilities(V: int, K: int, seed: int, method: str) -> None:
    """From every state, and from the uniform law."""
    chain = _chain(V, K, seed)
    B = _exact(chain)
    for state in range(chain.n_states):
        found = mg.absorption_probabilities(chain, state)
        assert _holds(found, B[state])
        assert found.error_bound < 1e-11
        assert found.method in (method, "one class")
    uniform = [sum(column, Fraction(0)) / len(B) for column in zip(*B, strict=True)]
    assert _holds(mg.absorption_probabilities(chain, "uniform"), uniform)


@pytest.mark.parametrize("seed", _SEEDS)
def test_elimination_is_exact_where_probabilities_are_rare(seed: int) -> None:
    """Entries down to 1e-40: every probability to twelve digits, the rare ones too."""
    chain = _chain(2, 4, seed, spread=40.0)
    B = _exact(chain)
    for state in range(chain.n_states):
        found = mg.absorption_probabilities(chain, state)
        assert _holds(found, B[state])
        for p, exact in zip(found.probabilities.tolist(), B[state], strict=True):
            assert abs(Fraction(p) - exact) <= Fraction(1e-11) * exact


@pytest.mark.parametrize("seed", _SEEDS)
def test_short_contexts_are_starts_of_a_chain_of_all_lengths(seed: int, method: str) -> None:
    """By label or by tokens."""
    chain = _chain(2, 3, seed, lengths="all")
    B = _exact(chain)
    assert _holds(mg.absorption_probabilities(chain, "1"), B[1])
    assert _holds(mg.absorption_probabilities(chain, (0, 1)), B[chain.state("01")])


@pytest.mark.parametrize("seed", _SEEDS)
def test_distribution_mixes_its_states(seed: int, method: str) -> None:
    """Linear in the start."""
    chain = _chain(2, 3, seed)
    B = _exact(chain)
    law = np.random.default_rng(seed).dirichlet(np.ones(8))
    law[0] = 0.0
    law /= law.sum()
    weights = [Fraction(float(p)) for p in law]
    exact = [
        sum((w * b for w, b in zip(weights, column, strict=True)), Fraction(0)) / sum(weights)
        for column in zip(*B, strict=True)
    ]
    assert _holds(mg.absorption_probabilities(chain, law), exact)


def test_some_of_these_chains_have_several_ends() -> None:
    """So that the comparisons mean something."""
    assert sum(len(mg.recurrent_classes(_chain(2, 4, seed))) > 1 for seed in _SEEDS) >= 3


@pytest.mark.parametrize("coins", [1, 3, 30, 63])
def test_gambler_wins_in_proportion_to_the_coins(coins: int, method: str) -> None:
    """A fair game for 64 coins."""
    n = 65
    table = np.zeros((n, n))
    for i in range(1, n - 1):
        table[i, i - 1] = table[i, i + 1] = 0.5
    table[0, 0] = table[-1, -1] = 1.0
    found = mg.absorption_probabilities(mg.chain_from_table(table), coins, max_steps=40_000)
    assert _holds(found, [1 - Fraction(coins, 64), Fraction(coins, 64)])
    if method != "returning to the start":  # which does not know how to walk at random: its bounds are wide, and right
        assert found.error_bound < 1e-9


def test_ends_that_are_hardly_ever_reached_are_told_apart() -> None:
    """2^13 contexts of fair tokens, of which 00...0 and 11...1 are never left: by symmetry one half each, and pushing
    would need some hundred thousand steps.
    """
    table = np.full((2**13, 2), 0.5)
    table[0], table[-1] = [1, 0], [0, 1]
    found = mg.absorption_probabilities(mg.chain_from_table(table), "uniform", max_steps=1000)
    assert _holds(found, [Fraction(1, 2)] * 2)
    assert (found.method, found.error_bound < 1e-7) == ("returning to the start", True)


def test_metastable_ends_are_told_apart() -> None:
    """State 1 stays but for 1e-300 and 3e-300: ends 1/4 and 3/4, to the last digits."""
    chain = mg.chain_from_table([[1, 0, 0], [1e-300, 1, 3e-300], [0, 0, 1]])
    found = mg.absorption_probabilities(chain, 1)
    assert found.probabilities == pytest.approx([0.25, 0.75], rel=1e-14)
    assert found.error_bound < 1e-12


def test_pushing_says_what_is_still_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same chain, pushed: nothing shrinks, so it stops, and the bounds are 0 and 1."""
    monkeypatch.setattr(absorption_module, "ELIMINATION_LIMIT", 0)
    chain = mg.chain_from_table([[1, 0, 0], [1e-300, 1, 3e-300], [0, 0, 1]])
    found = mg.absorption_probabilities(chain, 1)
    assert (found.method, found.steps) == ("pushing", 256)
    assert found.lower.tolist() == pytest.approx([0, 0], abs=1e-297)
    assert found.upper.tolist() == [1.0, 1.0]


def test_walk_ends_as_its_table_does() -> None:
    """Until token 2 ends it: from 0, the loop of 1 takes 1/3, the end 2/3."""
    model = mg.from_matrix([[0.4, 0.2, 0.4], [0.0, 1.0, 0.0], [0.2, 0.4, 0.4]])
    chain = mg.reachable_chain(model, "0", end=2)
    found = mg.absorption_probabilities(chain, "0")
    by_name = {chain.label(int(c.states[0])): p for c, p in zip(found.classes, found.probabilities, strict=True)}
    assert by_name == pytest.approx({"1": 1 / 3, "(end)": 2 / 3}, rel=1e-14)
