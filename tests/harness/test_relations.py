"""What turns one table of laws into another: found where it is so, and not claimed where it is not."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import markovgpt as mg
from markovgpt import StateSpace
from markovgpt.testing import assert_same_chain
from markovgpt.testing.causes.relations import likely_relation, said_of_nearness

V, K = 3, 3
SPACE = StateSpace(vocab_size=V, context_length=K)
CONTEXTS = list(itertools.product(range(V), repeat=K))
LAW = dict(zip(CONTEXTS, np.random.default_rng(0).dirichlet([1.0] * V, V**K), strict=True))
TABLE = np.array([LAW[context] for context in CONTEXTS])
RENAMED = (2, 0, 1)


def table_of(law):
    """The table of a function of the context, in the order of the states."""
    return np.array([law(context) for context in CONTEXTS])


@pytest.mark.parametrize(
    ("actual", "reason"),
    [
        pytest.param(
            table_of(lambda c: LAW[c[::-1]]), "contexts are read from the newest token to the oldest", id="reversed"
        ),
        pytest.param(
            TABLE[:, [1, 0, 2]],
            "the probabilities are those of other tokens: the output layer has another order",
            id="outputs in another order",
        ),
        pytest.param(
            table_of(lambda c: LAW[tuple(RENAMED[t] for t in c)][list(RENAMED)]),
            "tokens are numbered in another order",
            id="renamed",
        ),
        pytest.param(
            table_of(lambda c: LAW[(0, *c[1:])]),
            "the oldest token is not looked at: the window is 2 in place of 3",
            id="short window",
        ),
        pytest.param(
            table_of(lambda c: LAW[(0, 0, c[2])]),
            "the oldest 2 tokens are not looked at: the window is 1 in place of 3",
            id="shorter window",
        ),
        pytest.param(
            table_of(lambda c: LAW[(*c[:2], 0)]),
            "the newest token is not looked at: the prediction is that of an earlier position, or the context is cut "
            "at the wrong end",
            id="one late",
        ),
        pytest.param(table_of(lambda c: LAW[(c[0], 0, c[2])]), "the token 2 back is not looked at", id="a hole"),
    ],
)
def test_relation_is_named(actual, reason):
    """Built from the definition of each, context by context."""
    assert likely_relation(actual, TABLE, SPACE) == reason


def test_relation_says_what_is_left():
    """A temperature and a little noise."""
    warm = TABLE**2 / (TABLE**2).sum(axis=1, keepdims=True)
    noisy = 0.999 * warm + 0.001 / V
    assert likely_relation(warm, TABLE, SPACE) == "a default temperature=0.5 is applied"
    assert likely_relation(noisy, TABLE, SPACE).startswith("a default temperature=0.5 is applied (then TV 0.000")


@given(st.integers(0, 2**32 - 1), st.sampled_from([(2, 4), (3, 2), (4, 3)]))
def test_no_relation_is_claimed_between_laws_that_have_none(seed, size):
    """Two independent tables, each law far from uniform."""
    vocab_size, context_length = size
    rng = np.random.default_rng(seed)
    a, b = (rng.dirichlet([0.5] * vocab_size, vocab_size**context_length) for _ in range(2))
    assert likely_relation(a, b, StateSpace(vocab_size=vocab_size, context_length=context_length)) == ""


def test_tables_too_large_to_rename_are_compared_row_by_row():
    """Shorter contexts beside full ones: rows are compared, contexts are not turned."""
    both = StateSpace(vocab_size=2, context_length=2, lengths="all")
    table = np.random.default_rng(1).dirichlet([1.0, 1.0], both.n_states)
    sharp = table**2 / (table**2).sum(axis=1, keepdims=True)
    assert likely_relation(sharp, table, both) == "a default temperature=0.5 is applied"
    assert likely_relation(table[::-1], table, both) == ""


def test_nearness_is_said_with_the_tolerance_that_accepts_it():
    """A largest difference of 0.02 passes with the tolerance named; a token that is impossible there is no rounding."""
    other = TABLE + 0.02 * np.array([1, -1, 0]) * (TABLE.min(axis=1, keepdims=True) > 0.05)
    said = said_of_nearness(other, TABLE)
    assert said.endswith("atol=0.021 accepts it")
    a, b = (mg.chain_from_table(table) for table in (other, TABLE))
    assert_same_chain(a, b, atol=0.021)
    with pytest.raises(AssertionError, match=f"likely     {re.escape(said)}"):
        assert_same_chain(a, b)
    assert said_of_nearness(TABLE + 0.06 * np.array([1, -1, 0]), TABLE) == ""
    assert said_of_nearness(np.array([[1.0, 0.0]]), np.array([[0.99, 0.01]])) == ""
