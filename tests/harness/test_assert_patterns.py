"""Are probabilities of patterns exact, by brute force over all texts?"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import chains

import markovgpt as mg
from markovgpt.errors import ArgumentError
from markovgpt.testing import assert_never, assert_reaches
from markovgpt.testing.automata import patterns_of
from markovgpt.testing.patterns import first_occurrence, probability_of

COIN = mg.chain_from_table([[0.5, 0.5]] * 2)
GOLDEN_MEAN = mg.chain_from_table([[0.5, 0.5], [1, 0]])


def brute_force(chain, start, patterns, n):
    """Sum over all V^n texts of those in which a pattern ends in a drawn token."""
    context = chain.states.context(start)
    total = 0.0
    for text in product(range(chain.vocab_size), repeat=n):
        state, p = start, 1.0
        for token in text:
            p *= chain.probabilities[state, token]
            state = int(chain.states.successors(np.array([state]))[0, token])
        whole = context + text
        ends = range(len(context) + 1, len(whole) + 1)
        if p and any(len(w) <= end and whole[end - len(w) : end] == w for end in ends for w in patterns):
            total += p
    return total


@given(chain=chains(), data=st.data())
@settings(max_examples=60)
def test_probability_within_n_tokens_is_that_of_all_texts(chain, data):
    """Patterns of 1 to 5 tokens, one or two of them, also longer than K and overlapping with the start."""
    V = chain.vocab_size
    n = data.draw(st.integers(1, 7 if V <= 2 else 4))
    tokens = st.integers(0, V - 1)
    patterns = data.draw(st.lists(st.lists(tokens, min_size=1, max_size=5).map(tuple), min_size=1, max_size=2))
    start = data.draw(st.integers(0, chain.n_states - 1))
    found = probability_of(chain, patterns_of(chain, patterns), start, within=n)
    expected = brute_force(chain, start, patterns, n)
    assert found.lower <= expected + 1e-12
    assert found.upper >= expected - 1e-12
    assert found.upper - found.lower < 1e-10
    way = first_occurrence(chain, patterns_of(chain, patterns), np.array([start]), within=n)
    assert (way is not None) == (expected > 0)


def exact_hitting(chain, pattern, start):
    """By linear equations over the contexts of max(K, len(pattern) - 1) tokens, which know whether the pattern ends.

    h = 0 where no way leads to it; elsewhere h(s) = sum_t p(s, t) (1 if the pattern ends there, else h(s t)).
    """
    longer = mg.lift(chain, max(chain.context_length, len(pattern) - 1))
    p, n = longer.probabilities, longer.n_states
    ends = np.array(
        [
            [(*longer.states.context(s), t)[-len(pattern) :] == pattern for t in range(chain.vocab_size)]
            for s in range(n)
        ]
    )
    after = longer.states.successors(np.arange(n))
    reaches = np.zeros(n, dtype=bool)
    for _ in range(n):
        reaches |= ((p > 0) & (ends | reaches[after])).any(axis=1)
    left, right = np.eye(n), np.zeros(n)
    for s in np.flatnonzero(reaches):
        for t in range(chain.vocab_size):
            if ends[s, t]:
                right[s] += p[s, t]
            elif reaches[after[s, t]]:
                left[s, after[s, t]] -= p[s, t]
    h = np.linalg.solve(left, right)
    context = chain.states.context(start)  # what stands before it does not matter if it cannot begin the pattern
    other = next(t for t in (*range(chain.vocab_size), None) if t != pattern[0])
    return h[longer.states.index((other,) * (longer.context_length - len(context)) + context)]


@pytest.mark.parametrize("seed", range(60))
def test_probability_over_an_infinite_horizon_solves_the_equations(seed):
    """Sparse random tables, patterns of 1 to 5 tokens."""
    rng = np.random.default_rng(seed)
    V, K = int(rng.integers(2, 4)), int(rng.integers(1, 3))
    table = rng.integers(0, 3, size=(V**K, V)) * rng.integers(0, 2, size=(V**K, V))
    table[table.sum(axis=1) == 0, rng.integers(0, V)] = 1
    chain = mg.chain_from_table(table / table.sum(axis=1, keepdims=True))
    pattern, start = tuple(rng.integers(0, V, size=rng.integers(1, 6)).tolist()), int(rng.integers(0, V**K))
    found = probability_of(chain, patterns_of(chain, pattern), start)
    expected = exact_hitting(chain, pattern, start)
    assert found.lower - 1e-9 <= expected <= found.upper + 1e-9
    assert found.upper - found.lower < 1e-9


def test_shortest_way_is_shortest():
    """From 0 to 1001 in the golden mean: four tokens, 1/2 * 1 * 1/2 * 1/2."""
    way = first_occurrence(GOLDEN_MEAN, patterns_of(GOLDEN_MEAN, "1001"), np.array([0]))
    assert way.tokens == (1, 0, 0, 1)
    assert way.probability == 1 / 8


def test_pattern_that_begins_in_the_start_counts_and_one_within_does_not():
    """From state 11 of two tokens, 11 must be drawn again: one token more."""
    chain = mg.lift(COIN, 2)
    assert probability_of(chain, patterns_of(chain, "11"), chain.state("11"), within=1).upper == pytest.approx(0.5)
    assert probability_of(chain, patterns_of(chain, "11"), chain.state("10"), within=1).upper < 1e-12
    both = patterns_of(chain, ["01", "0110"])
    assert probability_of(chain, both, chain.state("01"), within=2).upper == pytest.approx(1 / 2)


def test_reaches_passes_and_fails_by_hand():
    """11 within 3 tokens from 0: 011, 110, 111 of 8 texts: 3/8."""
    assert_reaches(COIN, "0", "11", within=3, probability=3 / 8)
    assert_reaches(COIN, "0", [1, 1])
    with pytest.raises(AssertionError, match="table does not get to 11 often enough") as failure:
        assert_reaches(COIN, "0", "11", within=3, probability=0.3751)
    assert "found      0.375 (exact chain, nothing sampled)" in str(failure.value)


def test_reaches_in_the_gambler_is_the_closed_form():
    """From 1 of 3 coins, 3 is reached with probability 1/3."""
    game = mg.chain_from_table([[1, 0, 0, 0], [0.5, 0, 0.5, 0], [0, 0.5, 0, 0.5], [0, 0, 0, 1]])
    assert_reaches(game, "1", "3", probability=1 / 3)
    with pytest.raises(AssertionError, match=r"found      0\.3333"):
        assert_reaches(game, "1", "3", probability=0.334)
    with pytest.raises(AssertionError, match="there is no way"):
        assert_reaches(game, "0", "3", probability=0.1)


def test_never_shows_a_shortest_text():
    assert_never(GOLDEN_MEAN, "11")
    assert_never(GOLDEN_MEAN, ["11", "0110"])
    with pytest.raises(AssertionError, match="table can write 00") as failure:
        assert_never(GOLDEN_MEAN, ["11", "00"])
    assert "shortest   from 0: 0, probability 0.5" in str(failure.value)
    assert "ever       probability 1 from there" in str(failure.value)


def test_never_within_a_horizon_and_from_a_start():
    assert_never(GOLDEN_MEAN, "00", start="1", within=1)
    with pytest.raises(AssertionError, match=r"in 2       probability 0\.5"):
        assert_never(GOLDEN_MEAN, "00", start="1", within=2)


def test_never_is_about_zeros_not_about_small_numbers():
    rare = mg.chain_from_table([[1 - 1e-14, 1e-14], [0.5, 0.5]])
    with pytest.raises(AssertionError, match="Zero means impossible here"):
        assert_never(rare, "1", start="0")


def test_never_under_a_decoding_rule():
    """Greedy never leaves 0."""
    chain = mg.chain_from_table([[0.6, 0.4], [0.3, 0.7]])
    assert_never(chain, "1", start="0", temperature=0)
    with pytest.raises(AssertionError, match="can write 1"):
        assert_never(chain, "1", start="0")


def test_patterns_of_words_are_texts_of_words():
    chain = mg.chain_from_table([[0.5, 0.5]] * 2, tokens=["ab", "c"])
    assert patterns_of(chain, "ab c").texts == ((0, 1),)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: assert_never(COIN, ""), "A pattern is a text or tokens, at least one"),
        (lambda: assert_never(COIN, []), "A pattern is a text or tokens, at least one"),
        (lambda: assert_never(COIN, "12"), "is no token of this model"),
        (lambda: assert_never(COIN, [0, 2]), "A pattern consists of tokens 0..1: got 2"),
        (lambda: assert_never(COIN, "1", within=0), "within is a whole number, at least 1"),
        (lambda: assert_reaches(COIN, "01", "1"), "A state of this chain has 1 tokens: got 2"),
        (lambda: assert_reaches(COIN, "0", "1", probability=2), "probability is a number, from 0 to 1"),
    ],
)
def test_pattern_assertions_refuse_wrong_use(call, message):
    with pytest.raises(ArgumentError, match=message):
        call()
