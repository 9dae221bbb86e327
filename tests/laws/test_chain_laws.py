"""A chain is a stochastic matrix, and push and pull are that matrix without ever forming it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import chains, distributions, vectors

from markovgpt import MarkovChain, chain_from_table, decode
from markovgpt.decoding import Decoding


def dense_matrix(chain: MarkovChain) -> np.ndarray:
    """The definition, context by context: ``P[s, state of (context of s + token t)[-K:]] = p[s, t]``."""
    space = chain.states
    P = np.zeros((space.n_states, space.n_states))  # (n, n)
    for state in range(space.n_states):
        for token in range(space.vocab_size):
            context = (*space.context(state), token)[-space.context_length :]
            P[state, space.index(context)] += chain.probabilities[state, token]
    return P


@given(chain=chains(), data=st.data())
def test_push_keeps_mass_and_sign(chain: MarkovChain, data: st.DataObject) -> None:
    """A distribution stays one: entries of at least 0 that sum to 1."""
    after = chain.push(data.draw(distributions(chain.n_states)))
    assert after.min() >= 0
    assert after.sum() == pytest.approx(1, abs=1e-12)


@given(chain=chains(), data=st.data())
def test_push_and_pull_are_adjoint(chain: MarkovChain, data: st.DataObject) -> None:
    """``(mu P) f = mu (P f)``."""
    mu, f = data.draw(distributions(chain.n_states)), data.draw(vectors(chain.n_states))
    assert chain.push(mu) @ f == pytest.approx(mu @ chain.pull(f), rel=1e-12, abs=1e-12 * (1 + abs(f).max()))


@given(chain=chains(), data=st.data())
def test_push_is_the_dense_matrix_product(chain: MarkovChain, data: st.DataObject) -> None:
    """``mu P`` with the matrix written out context by context."""
    mu = data.draw(vectors(chain.n_states))
    np.testing.assert_allclose(chain.push(mu), mu @ dense_matrix(chain), rtol=0, atol=1e-9)


@given(chain=chains(), data=st.data())
def test_pull_is_the_dense_matrix_product(chain: MarkovChain, data: st.DataObject) -> None:
    """``P f`` with the matrix written out context by context."""
    f = data.draw(vectors(chain.n_states))
    np.testing.assert_allclose(chain.pull(f), dense_matrix(chain) @ f, rtol=0, atol=1e-9)


@given(chain=chains())
def test_pull_of_a_constant_is_that_constant(chain: MarkovChain) -> None:
    """``P 1 = 1``: rows sum to 1."""
    np.testing.assert_allclose(chain.pull(np.ones(chain.n_states)), 1, rtol=0, atol=1e-14)


@given(chain=chains())
def test_to_scipy_is_the_dense_matrix(chain: MarkovChain) -> None:
    """Entry for entry, without rounding."""
    np.testing.assert_array_equal(chain.to_scipy().toarray(), dense_matrix(chain))


@given(chain=chains())
def test_to_scipy_stores_no_zeros(chain: MarkovChain) -> None:
    """The arrows of the graph are the entries above 0, and nothing else."""
    assert chain.to_scipy().nnz == np.count_nonzero(chain.probabilities)


@given(chain=chains(lengths=st.just("all")), data=st.data())
def test_all_lengths_chain_on_full_contexts_is_the_full_length_chain(chain: MarkovChain, data: st.DataObject) -> None:
    """Full-length states lead to full-length states only, with the same law."""
    first = chain.states.offset(chain.states.context_length)
    full = chain_from_table(chain.probabilities[first:])
    mu = data.draw(distributions(full.n_states))
    after = chain.push(np.concatenate([np.zeros(first), mu]))
    np.testing.assert_array_equal(after[:first], 0)
    np.testing.assert_allclose(after[first:], full.push(mu), rtol=0, atol=1e-14)


@given(chain=chains())
def test_state_understands_index_label_and_tokens(chain: MarkovChain) -> None:
    """Three names of one state."""
    for state in range(chain.n_states):
        found = [chain.state(state), chain.state(chain.label(state)), chain.state(chain.states.context(state))]
        assert found == [state] * 3


@given(chain=chains())
def test_row_is_the_next_token_distribution(chain: MarkovChain) -> None:
    """The row of a label is the row of the table."""
    last = chain.n_states - 1
    np.testing.assert_array_equal(chain.row(chain.label(last)), chain.probabilities[last])


def test_fingerprint_is_that_of_the_table() -> None:
    """Equal for the same table, different when one entry is."""
    first, second, other = (chain_from_table([[0.5, 0.5], [p, 1 - p]]).fingerprint for p in (0.25, 0.25, 0.75))
    assert (first == second, first == other) == (True, False)


def test_fingerprint_knows_the_state_space() -> None:
    """Two tokens of all lengths 1..1 and of full length 1 have the same table, but are described differently."""
    table = [[0.5, 0.5], [0.5, 0.5]]
    assert chain_from_table(table).fingerprint != chain_from_table(table, lengths="all").fingerprint


@given(chain=chains())
def test_probabilities_cannot_be_changed(chain: MarkovChain) -> None:
    """A chain is frozen: its table is read-only."""
    with pytest.raises(ValueError, match="read-only"):
        chain.probabilities[0, 0] = 0.5


def test_chain_from_table_divides_rows_by_their_sum() -> None:
    """A row that misses 1 by 4e-7, within the tolerance, is normalised: here to fifths."""
    chain = chain_from_table(np.array([[0.2, 0.8], [0.6, 0.4]]) * (1 + 4e-7))
    np.testing.assert_allclose(chain.probabilities, [[0.2, 0.8], [0.6, 0.4]], rtol=1e-15)


def test_chain_from_table_leaves_the_callers_array_alone() -> None:
    """The table is copied: the caller's array is not normalised and can still be written."""
    table = np.array([[0.5, 0.5], [0.25, 0.75]]) * (1 + 4e-7)
    before = table.copy()
    chain_from_table(table)
    np.testing.assert_array_equal(table, before)
    assert table.flags.writeable


@pytest.mark.parametrize(("lengths", "n"), [("full", 1), ("all", 5)])
def test_chain_of_one_token_walks_to_its_longest_context(lengths: Any, n: int) -> None:
    """Contexts a, aa, ..., aaaaa: each leads to the next, and the longest to itself."""
    chain = chain_from_table(np.ones((n, 1)), lengths=lengths)
    np.testing.assert_array_equal(chain.to_numpy().argmax(axis=1), np.minimum(np.arange(n) + 1, n - 1))


@given(chain=chains())
def test_decode_by_default_changes_nothing(chain: MarkovChain) -> None:
    """The default rule is the model's own law, up to the rounding of log and exp."""
    np.testing.assert_allclose(decode(chain, Decoding()).probabilities, chain.probabilities, rtol=1e-12)


@given(chain=chains(), temperature=st.floats(0.05, 20))
def test_decode_remembers_the_rule(chain: MarkovChain, temperature: float) -> None:
    """The origin of a decoded chain names the rule."""
    rule = Decoding(temperature=temperature)
    assert decode(chain, rule).origin.decoding == rule
