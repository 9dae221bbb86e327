"""Counts add up, whatever is counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from counting import gram_cases
from hypothesis import assume, given

import markovgpt as mg
from markovgpt import NgramCounts, StateSpace

Case = tuple[int, int, list[list[Any]], dict[str, Any]]


def _counted(case: Case) -> NgramCounts:
    V, K, sequences, ends = case
    assume(any(len(one) > K for one in sequences))
    return mg.count_ngrams(sequences, vocab_size=V, context_length=K, **ends)


@given(case=gram_cases(gaps=False))
def test_counts_total_the_number_of_windows(case: Case) -> None:
    """A sequence of n tokens holds n - L windows of L tokens with a token after them; none if it is shorter."""
    V, K, sequences, _ = case
    counts = _counted((V, K, sequences, {}))
    windows = [sum(max(0, len(one) - length) for one in sequences) for length in range(K + 1)]
    assert [table.n_counted for table in counts.tables] == windows


@given(case=gram_cases(gaps=False))
def test_circular_counts_total_the_number_of_tokens(case: Case) -> None:
    """Every token has a context of every length in front of it."""
    V, K, sequences, _ = case
    counts = _counted((V, K, sequences, {"circular": True}))
    assert {table.n_counted for table in counts.tables} == {sum(map(len, sequences))}


@given(case=gram_cases(gaps=False))
def test_circular_counts_of_contexts_are_those_of_their_last_tokens(case: Case) -> None:
    """As often as each gram ends, one begins: contexts of L are as frequent as grams of L tokens."""
    V, K, sequences, _ = case
    counts = _counted((V, K, sequences, {"circular": True}))
    for shorter, longer in zip(counts.tables, counts.tables[1:], strict=False):
        grams, often = shorter.grams
        np.testing.assert_array_equal(longer.contexts, grams)
        np.testing.assert_array_equal(longer.totals, often)


@given(case=gram_cases(gaps=False))
def test_frequencies_are_distributions_of_the_seen_contexts(case: Case) -> None:
    """One row for each context that was seen; rows sum to 1."""
    for table in _counted(case).tables:
        assert len(np.unique(table.contexts)) == len(table)
        sums = np.bincount(table.row_of, weights=table.frequencies, minlength=len(table))
        np.testing.assert_allclose(sums, 1, rtol=1e-15)


@given(case=gram_cases(gaps=False))
def test_suffixes_count_the_positions_of_full_contexts_only(case: Case) -> None:
    """As many as there are full contexts, for every length; for K they are the full counts themselves."""
    counts = _counted(case)
    for length in range(counts.context_length + 1):
        table = counts.suffixes(length)
        assert table.n_counted == counts.full.n_counted
        everywhere = counts.tables[length]
        assert (table.dense(counts.vocab_size**length) <= everywhere.dense(counts.vocab_size**length)).all()


@given(case=gram_cases(gaps=False))
def test_counts_on_all_lengths_are_the_tables_one_after_another(case: Case) -> None:
    """The state of a context is its number among those of its length, behind the shorter ones."""
    counts = _counted(case)
    space = StateSpace(vocab_size=counts.vocab_size, context_length=counts.context_length, lengths="all")
    dense = counts.on(space).dense(space.n_states)
    for state in range(space.n_states):
        np.testing.assert_array_equal(dense[state], counts.after(space.context(state)))


@given(case=gram_cases(gaps=False))
def test_rows_are_looked_up_by_the_number_of_the_context(case: Case) -> None:
    """Dense counts, row for row; zeros of contexts that do not occur."""
    counts = _counted(case)
    table = counts.full
    every = np.arange(counts.vocab_size**counts.context_length)
    np.testing.assert_array_equal(table.rows(table.find(every)), table.dense(len(every)))
    np.testing.assert_array_equal(table.seen(len(every)), table.dense(len(every)).any(axis=1))


def test_sequences_are_not_joined() -> None:
    """01 and 10: nothing follows 1 in the first, nor 0 in the second; joined, 1 would follow 1."""
    counts = mg.count_ngrams([[0, 1], [1, 0]], vocab_size=2, context_length=1)
    assert counts.full.dense(2).tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize("make", [list, tuple, np.array, torch.tensor], ids=["lists", "tuples", "numpy", "torch"])
def test_sequences_may_be_of_any_kind(make: Callable[[list[int]], Any]) -> None:
    """One, or a list of some."""
    one = mg.count_ngrams(make([0, 1, 1]), vocab_size=2, context_length=1)
    two = mg.count_ngrams([make([0, 1]), make([1, 1])], vocab_size=2, context_length=1)
    assert (one.n_sequences, two.n_sequences) == (1, 2)
    assert one.full.dense(2).tolist() == two.full.dense(2).tolist() == [[0, 1], [0, 1]]


def test_sequences_may_be_generated() -> None:
    """Each is counted as it comes."""
    counts = mg.count_ngrams((np.array([0, 1]) for _ in range(3)), vocab_size=2, context_length=1)
    assert (counts.n_sequences, counts.after([0]).tolist()) == (3, [0, 3])


def test_progress_of_sequences_is_told_every_thousand() -> None:
    """How many, of a total that nobody knows."""
    told: list[tuple[str, int, int]] = []
    mg.count_ngrams([[0, 1]] * 2500, vocab_size=2, context_length=1, progress=lambda *news: told.append(news))
    assert told == [("counting", 1000, 0), ("counting", 2000, 0)]


def test_counts_cannot_be_changed() -> None:
    """The arrays of a table are read-only."""
    counts = mg.count_ngrams([0, 1, 0], vocab_size=2, context_length=1)
    with pytest.raises(ValueError, match="read-only"):
        counts.full.counts[0] = 1


def test_counts_say_what_they_are() -> None:
    """Tokens, sizes, and contexts that occur."""
    counts = mg.count_ngrams([0, 1, 0], vocab_size=2, context_length=2)
    assert repr(counts) == "<NgramCounts of 3 tokens: V=2, K=2, 1 contexts of length 2>"
