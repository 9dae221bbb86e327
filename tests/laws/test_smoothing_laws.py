"""Laws of n-gram models: sums, signs, limits, and what each smoothing promises."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import markovgpt as mg
from markovgpt.ngrams import SMOOTHINGS, CountTable, NgramCounts, SmoothedLaw, Smoothing, smoothed_law

every_smoothing = pytest.mark.parametrize("smoothing", SMOOTHINGS)


@st.composite
def counted(draw: st.DrawFn, *, circular: bool | None = None) -> NgramCounts:
    """Counts of one sequence or several."""
    V, K = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    tokens = st.integers(0, V - 1)
    first = draw(st.lists(tokens, min_size=K + 1, max_size=40))
    others = draw(st.lists(st.lists(tokens, min_size=1, max_size=8), max_size=3))
    closed = draw(st.booleans()) if circular is None else circular
    return mg.count_ngrams([first, *others], vocab_size=V, context_length=K, circular=closed)


def contexts_of(counts: NgramCounts, length: int) -> np.ndarray:
    """All contexts of one length, ``(V**length, length)``."""
    every = list(product(range(counts.vocab_size), repeat=length))
    return np.array(every, dtype=np.int64).reshape(len(every), length)


def laws_of(counts: NgramCounts, smoothing: Smoothing) -> list[tuple[SmoothedLaw, np.ndarray, np.ndarray]]:
    """Of every order: the law, all contexts of full length, and their rows."""
    found = []
    for order in range(counts.context_length + 1):
        law, contexts = smoothed_law(counts, order, smoothing=smoothing), contexts_of(counts, order)
        found.append((law, contexts, law.rows(contexts)))
    return found


@every_smoothing
@given(counts=counted())
def test_rows_are_distributions(smoothing: Smoothing, counts: NgramCounts) -> None:
    """Not negative; they sum to 1 within 1e-12."""
    for _, _, rows in laws_of(counts, smoothing):
        assert (rows >= 0).all()
        np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=0, atol=1e-12)


@every_smoothing
@given(counts=counted())
def test_probabilities_of_single_tokens_are_entries_of_the_rows(smoothing: Smoothing, counts: NgramCounts) -> None:
    """The same numbers, without the rest of the row."""
    for law, contexts, rows in laws_of(counts, smoothing):
        for token in range(counts.vocab_size):
            found = law.of_tokens(contexts, np.full(len(contexts), token))
            np.testing.assert_array_equal(found, rows[:, token])


@every_smoothing
@given(counts=counted())
def test_law_after_a_shorter_context_is_that_of_the_shorter_order(smoothing: Smoothing, counts: NgramCounts) -> None:
    """A longer order changes nothing for what has no longer context."""
    longest = smoothed_law(counts, counts.context_length, smoothing=smoothing)
    for _, contexts, rows in laws_of(counts, smoothing):
        np.testing.assert_array_equal(longest.rows(contexts), rows)


@pytest.mark.parametrize("smoothing", [name for name in SMOOTHINGS if name != "mle"])
@given(counts=counted())
def test_smoothed_laws_are_positive_everywhere(smoothing: Smoothing, counts: NgramCounts) -> None:
    """Every token may follow every context."""
    assert all((rows > 0).all() for _, _, rows in laws_of(counts, smoothing))


@given(counts=counted())
def test_mle_is_zero_where_nothing_was_counted(counts: NgramCounts) -> None:
    """And only there, after contexts that were seen."""
    for law, contexts, rows in laws_of(counts, "mle"):
        table = counts.tables[contexts.shape[1]]
        places = table.find(np.arange(len(contexts)))
        seen = places >= 0
        np.testing.assert_array_equal(rows[seen] > 0, table.rows(places)[seen] > 0)
        assert law.vocab_size == counts.vocab_size


@given(counts=counted())
def test_add_alpha_tends_to_the_frequencies(counts: NgramCounts) -> None:
    """As alpha tends to 0, after contexts that were seen: the distance is at most alpha V."""
    for order in range(counts.context_length + 1):
        contexts = contexts_of(counts, order)
        seen = counts.tables[order].find(np.arange(len(contexts))) >= 0
        frequencies = smoothed_law(counts, order).rows(contexts)[seen]
        for alpha in (1e-3, 1e-6, 1e-9):
            rows = smoothed_law(counts, order, smoothing="add-alpha", alpha=alpha).rows(contexts)[seen]
            assert abs(rows - frequencies).sum(axis=1).max() <= 2 * alpha * counts.vocab_size + 1e-14


@given(counts=counted())
def test_add_alpha_tends_to_the_uniform_law(counts: NgramCounts) -> None:
    """As alpha grows beyond all counts."""
    rows = smoothed_law(counts, 1, smoothing="add-alpha", alpha=1e12).rows(contexts_of(counts, 1))
    np.testing.assert_allclose(rows, 1 / counts.vocab_size, atol=1e-9)


@given(counts=counted(), discount=st.floats(0, 1))
def test_kneser_ney_keeps_the_counts_of_the_shorter_grams(counts: NgramCounts, discount: float) -> None:
    """``sum_v c(v h) p(t | v h) = c(h, t)``, the sum that defines the continuation counts, at the same positions.

    Exact if the next shorter law is not discounted itself; with its discount, the sums are of that law.
    """
    K, V = counts.context_length, counts.vocab_size
    law = smoothed_law(counts, K, smoothing="kneser-ney", discount=[0.5] * (K - 1) + [0.0, discount])
    contexts = contexts_of(counts, K)
    totals = counts.full.dense(V**K).sum(axis=1)  # (V^K,)
    expected = (totals[:, None] * law.rows(contexts)).reshape(V, V ** (K - 1), V).sum(axis=0)  # (V^(K - 1), V)
    np.testing.assert_allclose(expected, counts.suffixes(K - 1).dense(V ** (K - 1)), rtol=1e-12, atol=1e-12)


@given(counts=counted())
def test_kneser_ney_without_discounts_is_maximum_likelihood(counts: NgramCounts) -> None:
    """After contexts that were seen nothing is left for shorter ones."""
    K = counts.context_length
    contexts = contexts_of(counts, K)
    seen = counts.full.find(np.arange(len(contexts))) >= 0
    rows = smoothed_law(counts, K, smoothing="kneser-ney", discount=0.0).rows(contexts)
    np.testing.assert_array_equal(rows[seen], smoothed_law(counts, K).rows(contexts)[seen])


@given(data=st.data(), V=st.integers(2, 4), k=st.integers(1, 3))
def test_chain_of_a_circle_has_its_gram_frequencies_as_stationary_law(data: st.DataObject, V: int, k: int) -> None:
    """Maximum likelihood of order k: one recurrent class, of the k-grams of the circle, each as often as it occurs."""
    tokens = data.draw(st.lists(st.integers(0, V - 1), min_size=k + 1, max_size=60))
    counts = mg.count_ngrams(tokens, vocab_size=V, context_length=k, circular=True)
    chain = mg.build_chain(mg.NgramModel(counts))
    n = len(tokens)
    windows = Counter(chain.states.index(tokens[(i + j) % n] for j in range(k)) for i in range(n))
    stationary = mg.stationary_distribution(chain)
    expected = np.zeros(chain.n_states)
    expected[list(windows)] = np.array(list(windows.values())) / n
    np.testing.assert_allclose(stationary.probabilities, expected, rtol=0, atol=1e-12)


@given(counts=counted())
def test_chain_of_maximum_likelihood_is_at_no_distance_from_its_data(counts: NgramCounts) -> None:
    """No divergence KL(data || chain) in any row that was seen; the cross-entropy is the conditional entropy."""
    chain = mg.build_chain(mg.NgramModel(counts))
    table = counts.on(chain.states)
    rows = chain.probabilities[table.contexts[table.row_of], table.tokens]  # (e,)
    terms = table.frequencies * np.log2(table.frequencies / rows)
    assert abs(np.bincount(table.row_of, terms)).max() <= 1e-12
    entropy = -(table.counts * np.log2(table.frequencies)).sum() / table.n_counted
    assert mg.cross_entropy(mg.NgramModel(counts), counts) == pytest.approx(entropy, abs=1e-12)


@given(counts=counted())
def test_find_grams_finds_what_is_stored_and_nothing_else(counts: NgramCounts) -> None:
    """Every entry by its row and token; -1 for every other token, and for row -1."""
    for table in counts.tables:
        places = np.repeat(np.arange(-1, len(table)), counts.vocab_size)
        tokens = np.tile(np.arange(counts.vocab_size), len(table) + 1)
        found = table.find_grams(places, tokens)
        np.testing.assert_array_equal(found[found >= 0], np.arange(len(table.tokens)))
        np.testing.assert_array_equal(found >= 0, table.rows(places)[np.arange(len(places)), tokens] > 0)


def test_find_grams_of_an_empty_table_finds_nothing() -> None:
    """No contexts, no rows but -1."""
    nothing = np.zeros(0, dtype=np.int64)
    table = CountTable(
        vocab_size=2, contexts=nothing, starts=np.zeros(1, dtype=np.int64), tokens=nothing, counts=nothing
    )
    assert table.find_grams(table.find(np.array([0, 1])), np.array([0, 1])).tolist() == [-1, -1]
