"""Do the assertions about whole chains pass when they must, fail when they must, and say what is wrong?"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from exact import exact_matrix, exact_stationary
from hypothesis import given
from strategies import chains

import markovgpt as mg
from markovgpt.errors import ArgumentError
from markovgpt.testing import (
    approx_chain,
    assert_aperiodic,
    assert_horizon_tv,
    assert_irreducible,
    assert_no_trap,
    assert_same_chain,
    assert_stationary,
    assert_stochastic,
)

RNG = np.random.default_rng(0)
TABLE = RNG.dirichlet(np.ones(3), size=27)
CHAIN = mg.chain_from_table(TABLE)
NEAR = mg.chain_from_table(np.clip(TABLE + np.array([0, 5e-8, -5e-8]), 0, 1))


def changed(state, shift):
    table = TABLE.copy()
    table[state] += shift
    return mg.chain_from_table(table)


def failure_of(call):
    with pytest.raises(AssertionError) as failure:
        call()
    return str(failure.value)


def test_same_chain_passes_within_atol():
    assert_same_chain(CHAIN, CHAIN, atol=0)
    assert_same_chain(CHAIN, NEAR)


@pytest.mark.parametrize(("metric", "size"), [("max", 0.01), ("tv", 0.01), ("kl", None)])
def test_same_chain_names_the_worst_row(metric, size):
    """One row of 27: 0.01 of probability goes from token 2 to token 1."""
    state = int(TABLE.min(axis=1).argmax())
    text = failure_of(lambda: assert_same_chain(changed(state, [0, 0.01, -0.01]), CHAIN, metric=metric))
    lines = text.splitlines()
    assert lines[0] == "table (actual) and table (expected) are not the same Markov chain"
    assert lines[1].startswith("  compared   all 27 contexts of length 3 (exhaustive, no sampling), atol=1e-06")
    assert lines[2].startswith("  rows       1 of 27 differ (3.7%); greedy token differs in ")
    assert f"TV 0.01 at context {CHAIN.label(state)}" in lines[3]
    if size:
        p = TABLE[state] + [0, 0.01, -0.01]
        assert lines[6].split()[:2] == ["1", f"{p[1]:.6g}"]


def test_same_chain_in_kl_is_kl_of_expected_and_actual():
    """KL((1/2, 1/2) || (1/4, 3/4)) = 1/2 log2(2) + 1/2 log2(2/3) = 0.2075 bits."""
    a, b = mg.chain_from_table([[0.25, 0.75]] * 2), mg.chain_from_table([[0.5, 0.5]] * 2)
    assert_same_chain(a, b, metric="kl", atol=0.2076)
    assert "kl 0.2075" in failure_of(lambda: assert_same_chain(a, b, metric="kl", atol=0.2074))


def test_same_chain_counts_support_and_greedy():
    a, b = mg.chain_from_table([[0.6, 0.4], [1.0, 0.0]]), mg.chain_from_table([[0.4, 0.6], [0.9, 0.1]])
    text = failure_of(lambda: assert_same_chain(a, b))
    assert "2 of 2 differ (100.0%); greedy token differs in 1; support differs in 1" in text


@pytest.mark.parametrize(
    ("actual", "likely"),
    [
        (mg.decode(CHAIN, mg.Decoding(top_k=2)), "a default top_k=2 is applied"),
        (mg.decode(CHAIN, mg.Decoding(temperature=0.8)), "a default temperature=0.8 is applied"),
        (mg.chain_from_table(np.roll(TABLE, 1, axis=1)), "token numbers are one too high"),
        (mg.decode(CHAIN, mg.Decoding(greedy=True)), "the likeliest token is always taken"),
    ],
    ids=["top-k", "temperature", "shift", "greedy"],
)
def test_same_chain_names_the_likely_mistake(actual, likely):
    assert f"  likely     in exported, {likely}" in failure_of(
        lambda: assert_same_chain(actual, CHAIN, names=("exported", "original"))
    )


def test_same_chain_compares_models_under_a_decoding_rule():
    """Two models that differ in their least likely token only are the same under top_k = 2."""
    table = TABLE.copy()
    order = np.argsort(TABLE, axis=1)
    least = order[:, 0]
    rows = np.arange(27)
    table[rows, least] /= 2
    table /= table.sum(axis=1, keepdims=True)
    other = mg.chain_from_table(table)
    assert_same_chain(other, CHAIN, top_k=2)
    with pytest.raises(AssertionError, match="27 of 27 differ"):
        assert_same_chain(other, CHAIN)


def test_same_chain_lifts_the_shorter_context():
    assert_same_chain(mg.lift(CHAIN, 4), CHAIN)
    longer = mg.lift(changed(0, [-0.1, 0.1, 0]), 4)
    assert "the shorter contexts are lifted" in failure_of(lambda: assert_same_chain(longer, CHAIN))


def test_same_chain_of_other_tokens_is_an_assertion_error():
    text = failure_of(
        lambda: assert_same_chain(mg.chain_from_table([[0.5, 0.5]] * 2), mg.chain_from_table([[1 / 3] * 3] * 3))
    )
    assert "tokens     2 and 3" in text
    named = mg.chain_from_table(TABLE, tokens=["a", "b", "c"])
    assert_same_chain(named, CHAIN)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: assert_same_chain(CHAIN, CHAIN, metric="l2"), "metric is 'max', 'tv' or 'kl': got 'l2'"),
        (lambda: assert_same_chain(CHAIN, CHAIN, atol=-1), "atol is a number, at least 0: got -1"),
        (lambda: assert_same_chain(CHAIN, CHAIN, atol=float("nan")), "atol is a number"),
        (lambda: assert_same_chain(CHAIN, CHAIN, names="ab"), "names are two texts"),
        (lambda: assert_same_chain(CHAIN, CHAIN, topk=2), "There is no decoding option 'topk'"),
        (lambda: assert_same_chain("babygpt", CHAIN), "A model needs `vocab_size`"),
        (lambda: assert_horizon_tv(CHAIN, CHAIN, 0, 0.1), "n is a whole number, at least 1"),
        (lambda: assert_horizon_tv(CHAIN, CHAIN, 2, 1.5), "max_tv is a number, from 0 to 1"),
        (lambda: assert_stationary(CHAIN, [0.5, 0.5]), r"pi is a vector over 27 states: got shape \(2,\)"),
        (lambda: assert_stochastic([1, 2]), "A table has rows and columns"),
        (lambda: assert_stochastic("ab"), "A table is a rectangle of numbers"),
        (lambda: assert_no_trap(CHAIN, max_class_size=0), "max_class_size is a whole number, at least 1"),
        (lambda: assert_irreducible(mg.reachable_chain(mg.load_model("babygpt", steps=0), "000")), "reachable ones"),
    ],
)
def test_chain_assertions_refuse_wrong_use(call, message):
    with pytest.raises(ArgumentError, match=message):
        call()


def test_horizon_tv_is_that_of_the_texts():
    """A coin of 0.5 and one of 0.6 for 2 tokens: |.25-.36| + 2|.25-.24| + |.25-.16| = 0.22, half is 0.11."""
    a, b = mg.chain_from_table([[0.5, 0.5]] * 2), mg.chain_from_table([[0.6, 0.4]] * 2)
    assert_horizon_tv(a, b, 2, 0.11)
    text = failure_of(lambda: assert_horizon_tv(a, b, 2, 0.1099))
    assert "are farther apart than allowed" in text
    assert "TV 0.11 (sequence by sequence)" in text
    assert "one token  TV 0.1 " in text


def test_horizon_tv_that_is_not_proven_fails_and_says_so():
    """300 tokens are beyond enumeration: bounds."""
    text = failure_of(lambda: assert_horizon_tv(CHAIN, changed(0, [0.3, -0.3, 0]), 300, 0.8, start="000"))
    assert "are not proven to be near enough" in text
    assert "(proven bounds)" in text


def test_approx_chain_is_equal_within_atol():
    assert approx_chain(NEAR) == CHAIN
    assert approx_chain(changed(0, [0.01, -0.01, 0])) != CHAIN
    assert approx_chain(changed(0, [0.01, -0.01, 0]), atol=0.011) == CHAIN
    assert approx_chain(mg.chain_from_table([[0.5, 0.5]] * 2)) != CHAIN
    assert approx_chain(CHAIN) != "a chain"
    assert repr(approx_chain(CHAIN, atol=0.1)).startswith("approx_chain(<MarkovChain of table")
    assert "1 of 27 differ" in approx_chain(CHAIN).explain(changed(3, [0.01, -0.01, 0]))


@given(chain=chains())
def test_stochastic_passes_for_every_table(chain):
    assert_stochastic(chain.probabilities)
    assert_stochastic(chain)
    assert_stochastic(chain.to_scipy())


@pytest.mark.parametrize(
    ("table", "likely"),
    [
        (np.array([[0.9, 0.4, 0.1], [0.1, 0.1, 0.5], [0.0, 0.5, 0.4]]), "transposed: its columns sum to 1"),
        (np.log([[0.5, 0.5], [0.2, 0.8]]), "log-probabilities"),
        ([[1.5, -2.0], [0.3, 0.4]], "logits"),
        ([[3, 4], [1, 0]], "counts"),
        ([[0.5, float("nan")], [0.5, 0.5]], "1 rows hold NaN"),
        ([[0.501, 0.5], [0.5, 0.5]], "half precision"),
    ],
    ids=["transposed", "log", "logits", "counts", "nan", "half"],
)
def test_stochastic_says_what_the_table_is_instead(table, likely):
    assert likely in failure_of(lambda: assert_stochastic(table))


def test_stochastic_names_the_worst_row():
    text = failure_of(lambda: assert_stochastic(torch.tensor([[0.5, 0.5], [0.9, 0.4]])))
    assert "rows       1 of 2 are no probability distributions, atol=1e-06" in text
    assert "worst row  1: sum 1.3, smallest entry 0.4, largest 0.9" in text


@pytest.mark.parametrize("seed", range(20))
def test_stationary_accepts_the_exact_law_and_nothing_else(seed):
    """Against exact fractions; with half a percent moved, it fails."""
    rng = np.random.default_rng(seed)
    V = int(rng.integers(2, 4))
    chain = mg.chain_from_table(rng.dirichlet(np.full(V, 0.5), size=V**2))
    pi = np.array([float(p) for p in exact_stationary(exact_matrix(chain.to_numpy()))])
    assert_stationary(chain, pi, atol=1e-9)
    pi[[pi.argmax(), pi.argmin()]] += [-0.005, 0.005]
    with pytest.raises(AssertionError, match="not a stationary distribution"):
        assert_stationary(chain, pi, atol=1e-3)


def test_stationary_shows_states_and_the_residual():
    """(3/4, 1/4); the uniform law is the right eigenvector."""
    chain = mg.chain_from_table([[0.9, 0.1], [0.3, 0.7]])
    text = failure_of(lambda: assert_stationary(chain, [0.5, 0.5]))
    assert "distance   TV 0.25, allowed 1e-06" in text
    assert "residual   |pi P - pi| = 0.2" in text
    assert "uniform: an eigenvector of P from the right" in text
    assert ["0", "0.5", "0.75", "-0.25"] in [line.split() for line in text.splitlines()]


def test_stationary_of_several_classes_is_any_mixture():
    """Two absorbing states; the transient one carries nothing."""
    chain = mg.chain_from_table([[1, 0, 0], [0, 1, 0], [0.5, 0.25, 0.25]])
    assert_stationary(chain, [0.3, 0.7, 0])
    assert_stationary(chain, [1, 0, 0])
    text = failure_of(lambda: assert_stationary(chain, [0.25, 0.25, 0.5]))
    assert "0.5 of it lies on states that are left for good" in text


def test_stationary_refuses_what_is_no_law():
    chain = mg.chain_from_table([[0.9, 0.1], [0.3, 0.7]])
    assert "sum 1.2" in failure_of(lambda: assert_stationary(chain, [0.6, 0.6]))
    assert "smallest entry -0.2 at 1" in failure_of(lambda: assert_stationary(chain, [1.2, -0.2]))


def test_irreducible_names_two_states():
    assert_irreducible(CHAIN)
    text = failure_of(lambda: assert_irreducible(mg.chain_from_table([[1, 0], [0.5, 0.5]])))
    assert "2 communicating classes, 1 of them recurrent; 1 of 2 states are left for good" in text
    assert "no way     from 0 to 1" in text
    assert "1 of 4 probabilities are exactly 0" in text


def test_irreducible_blames_the_decoding_rule():
    text = failure_of(lambda: assert_irreducible(CHAIN, temperature=0))
    assert "the decoding rule (greedy) leaves too few tokens" in text


def test_aperiodic_shows_the_phases():
    """0 -> 1 -> 0: period 2."""
    assert_aperiodic(CHAIN)
    text = failure_of(lambda: assert_aperiodic(mg.chain_from_table([[0, 1], [1, 0]])))
    assert "worst      period 2: 2 states (0, 1)" in text
    assert "phases     {0} -> {1}" in text


def test_no_trap_shows_loops_and_how_likely_they_are():
    """State 0 stays; 1 and 2 leave with 1/2 each step, in the end all is in 0."""
    assert_no_trap(CHAIN)
    table = [[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1]]
    text = failure_of(lambda: assert_no_trap(mg.chain_from_table(table)))
    assert "traps      2 of 2 closed classes" in text
    assert "with probability 1 from a uniform start" in text
    assert "0.5 1 state (0); text 000" in text


def test_no_trap_by_size_counts_classes_with_a_choice():
    """Two closed classes of one and two states; only the first repeats for ever."""
    table = [[1, 0, 0], [0, 0.5, 0.5], [0, 0.5, 0.5]]
    chain = mg.chain_from_table(table)
    assert "traps      1 of 2 closed classes" in failure_of(lambda: assert_no_trap(chain))
    assert "traps      2 of 2 closed classes" in failure_of(lambda: assert_no_trap(chain, max_class_size=2))
    assert_no_trap(mg.chain_from_table([[0.5, 0.5]] * 2), max_class_size=1)
