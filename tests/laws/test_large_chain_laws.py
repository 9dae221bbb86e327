"""What holds of chains beyond elimination, whatever they are: tables and matrices, classes, names, interrupts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from torture import LARGE

import markovgpt as mg
from markovgpt import MarkovChain
from markovgpt.solvers import iterative
from markovgpt.solvers.iterative import solve_iteratively
from markovgpt.solvers.matrix_system import MatrixSystem
from markovgpt.solvers.solution import Solution
from markovgpt.solvers.system import System
from markovgpt.solvers.table_system import TableSystem

_KINDS = [
    "random, scale 3",
    "random, scale 10",
    "orbit of a word, 1e-10",
    "two hold, 1e-10",
    "two hold symmetrically, 1e-6",
]
_KINDS = [kind.replace("1e-6", "1e-06") for kind in _KINDS] + ["halves, 1e-10", "decaying influence at 0.1"]


def _table(kind: str, V: int, K: int) -> np.ndarray:
    return LARGE[kind](np.random.default_rng([V, K]), V, V**K)


def _solve(system: System) -> Solution:
    return solve_iteratively(system, tolerance=1e-8, report=lambda _: None)


@pytest.mark.parametrize(("V", "K"), [(2, 14), (3, 9), (23, 3)])
@pytest.mark.parametrize("kind", _KINDS)
def test_matrix_has_the_law_of_its_table(kind: str, V: int, K: int) -> None:
    """Sweeps over a sparse matrix know nothing of suffixes; both laws are within their bounds of one."""
    chain = mg.chain_from_table(_table(kind, V, K))
    table, matrix = _solve(TableSystem(chain.probabilities)), _solve(MatrixSystem(chain.to_scipy()))
    assert max(table.error_bound, matrix.error_bound) <= 1e-8
    assert abs(table.law - matrix.law).sum() <= table.error_bound + matrix.error_bound


@pytest.mark.parametrize("kind", _KINDS)
def test_law_does_not_depend_on_the_numbers_of_tokens(kind: str) -> None:
    """Other numbers for the tokens permute the contexts, and the law with them."""
    V, K = 5, 6
    table, names = _table(kind, V, K), np.array([3, 0, 4, 1, 2])
    renamed = names[np.arange(V**K)[:, None] // V ** np.arange(K - 1, -1, -1) % V] @ V ** np.arange(
        K - 1, -1, -1
    )  # (n,)
    other = np.empty_like(table)
    other[renamed[:, None], names] = table
    one, two = (mg.stationary_distribution(mg.chain_from_table(t)) for t in (table, other))
    assert one.certified
    assert two.certified
    assert abs(one.probabilities - two.probabilities[renamed]).sum() <= one.error_bound + two.error_bound


def test_short_contexts_do_not_change_the_law() -> None:
    """With all lengths, contexts shorter than K are left for good."""
    full = mg.chain_from_table(_table("random, scale 3", 2, 13))
    short = np.random.default_rng(0).dirichlet([1, 1], size=2**13 - 2)
    every = mg.stationary_distribution(mg.chain_from_table(np.vstack([short, full.probabilities]), lengths="all"))
    one = mg.stationary_distribution(full)
    assert not every.probabilities[: 2**13 - 2].any()
    assert abs(every.probabilities[2**13 - 2 :] - one.probabilities).sum() <= one.error_bound + every.error_bound < 1e-7


def _two_islands(K: int) -> MarkovChain:
    """Tokens 0 and 1 keep to themselves, 2 and 3 as well; where both occur, either may follow: half of it transient."""
    V, rng = 4, np.random.default_rng(K)
    tokens = np.arange(V**K)[:, None] // V ** np.arange(K - 1, -1, -1) % V  # (n, K)
    table = rng.dirichlet(np.ones(V), size=V**K)
    table[(tokens < 2).all(axis=1), 2:] = 0
    table[(tokens > 1).all(axis=1), :2] = 0
    return mg.chain_from_table(table / table.sum(axis=1, keepdims=True))


def test_every_large_class_has_its_law() -> None:
    """Two classes of 2^K of 4^K contexts, solved as if each were a chain of two tokens of its own."""
    K = 7
    chain, digits = _two_islands(K), np.arange(2**K)[:, None] >> np.arange(K - 1, -1, -1) & 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("markovgpt.analysis.stationary.GTH_LIMIT", 100)
        found = mg.stationary_distributions(chain)
    for first, pi in zip((0, 2), found, strict=True):
        states = (digits + first) @ 4 ** np.arange(K - 1, -1, -1)  # (2^K,)
        alone = mg.stationary_distribution(mg.chain_from_table(chain.probabilities[states, first : first + 2]))
        np.testing.assert_array_equal(pi.states, states)
        assert abs(pi.probabilities[states] - alone.probabilities).sum() <= pi.error_bound + alone.error_bound < 1e-7


def test_large_class_of_a_larger_chain_has_the_law_of_its_matrix() -> None:
    """Token 2 is never said again: the contexts of 0 and 1 are a chain of two tokens of its own, found among 3^K."""
    K = 9
    tokens = np.arange(3**K)[:, None] // 3 ** np.arange(K - 1, -1, -1) % 3
    table = np.random.default_rng(1).dirichlet(np.ones(3), size=3**K)
    table[:, 2] = 0
    chain = mg.chain_from_table(table / table.sum(axis=1, keepdims=True))
    states = np.flatnonzero((tokens < 2).all(axis=1))
    alone = mg.stationary_distribution(mg.chain_from_table(chain.probabilities[states, :2]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("markovgpt.analysis.stationary.GTH_LIMIT", 100)
        pi = mg.stationary_distribution(chain)
    assert pi.method == "greedy sweeps"
    assert abs(pi.probabilities[states] - alone.probabilities).sum() <= pi.error_bound + alone.error_bound < 1e-7


@pytest.mark.parametrize("calls", [1, 2, 3, 5, 10, 20, 25, 30, 40, 60])
@pytest.mark.parametrize("kind", ["random, scale 3", "two hold symmetrically, 1e-10", "copies the oldest, noise 0.001"])
def test_interrupted_law_is_within_its_bound(kind: str, calls: int) -> None:
    """Ctrl-C at any cycle: what there is comes back, and says so; its bound holds for it."""
    chain = mg.chain_from_table(_table(kind, 2, 13))
    whole = mg.stationary_distribution(chain)
    told: list[str] = []

    def progress(text: str, done: int, total: int) -> None:
        told.append(text)
        if len(told) == calls:
            raise KeyboardInterrupt

    system = TableSystem(chain.probabilities)
    pi = solve_iteratively(system, tolerance=1e-300, report=lambda text: progress(text, 0, 0))
    assert pi.interrupted == (len(told) == calls)
    assert pi.law.sum() == pytest.approx(1, abs=1e-12)
    assert abs(pi.law - whole.probabilities).sum() <= pi.error_bound + whole.error_bound


def test_interrupt_through_progress_says_so() -> None:
    """Nothing is proven at the first cycle."""

    def progress(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("markovgpt.analysis.stationary.only_recurrent_class", _only_class)
        pi = mg.stationary_distribution(mg.chain_from_table(_table("random, scale 3", 2, 13)), progress=progress)
    assert (pi.interrupted, pi.certified, pi.error_bound) == (True, False, math.inf)


def _only_class(chain: MarkovChain, *_: object, **__: object) -> mg.CommunicatingClass:
    """Without progress: interrupted while the law is sought, not while classes are."""
    return mg.recurrent_classes(chain)[0]


@pytest.mark.parametrize("kind", [*_KINDS, "uniform", "order 3 plus noise", "nearly periodic, 1e-08"])
def test_law_without_a_compiler_is_within_its_bound(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Power iteration, which does not get far where the chain hardly forgets, and does not say that it did."""
    chain = mg.chain_from_table(_table(kind, 2, 13))
    whole = mg.stationary_distribution(chain)
    monkeypatch.setattr(iterative, "can_compile", lambda: False)
    monkeypatch.setattr("markovgpt.solvers.matrix_system.can_compile", lambda: False)
    monkeypatch.setattr("markovgpt.operators.can_compile", lambda: False)
    pi = mg.stationary_distribution(chain)
    assert pi.method == "power iteration"
    assert abs(pi.probabilities - whole.probabilities).sum() <= pi.error_bound + whole.error_bound


def test_tokens_as_many_as_states_have_a_law() -> None:
    """K = 1: nothing older than the last token, so there are no suffixes to cycle over."""
    table = np.random.default_rng(0).dirichlet(np.ones(70), size=70)
    chain = mg.chain_from_table(table)
    found, exact = _solve(TableSystem(chain.probabilities)), mg.stationary_distribution(chain)
    assert found.error_bound <= 1e-8
    assert abs(found.law - exact.probabilities).sum() <= found.error_bound + exact.error_bound


@pytest.mark.parametrize(
    ("kind", "V", "K", "seed"),
    [
        ("decaying influence at 0.1", 2, 13, 10),
        ("decaying influence at 0.05", 2, 13, 10),
        ("decaying influence at 0.05", 3, 8, 13),
        ("random, scale 60", 2, 13, 18),
        ("random, scale 60", 17, 3, 10),
    ],
)
def test_law_of_a_cold_chain_is_a_distribution_with_a_bound(kind: str, V: int, K: int, seed: int) -> None:
    """Where hitting times or corrections overflow, too: of sum 1, and without a warning."""
    pi = mg.stationary_distributions(mg.chain_from_table(LARGE[kind](np.random.default_rng([seed, V]), V, V**K)))[0]
    assert pi.probabilities.sum() == pytest.approx(1, abs=1e-12)
    assert pi.probabilities.min() >= 0
    assert pi.error_bound > 0


@pytest.mark.parametrize("noise", [1e-300, 1e-310, 5e-324])
@pytest.mark.parametrize("oldest", [True, False])
def test_chain_that_is_left_with_denormal_probability_is_not_certified_wrongly(noise: float, oldest: bool) -> None:
    """Flows of 1e-314 and times of 1e310 are beyond double precision: a law without proof, or one that is right.

    Copying with equal noise is symmetric under exchanging the tokens, and so is its law.
    """
    n = 2**13
    table = np.full((n, 2), noise)
    table[np.arange(n), np.arange(n) // (n // 2) if oldest else np.arange(n) % 2] = 1
    pi = mg.stationary_distribution(mg.chain_from_table(table))
    assert abs(pi.probabilities - pi.probabilities[::-1]).sum() <= 2 * pi.error_bound
