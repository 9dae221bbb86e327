"""Cross-entropies against their definition, one position of the data at a time."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, log2
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import markovgpt as mg
from markovgpt.ngrams import SMOOTHINGS, Smoothing


def surprise(model: Any, tokens: Sequence[int], K: int) -> float:
    """Average of ``-log2 p`` over the tokens with K before them; the model is asked about each."""
    bits = []
    for end in range(K, len(tokens)):
        context = np.array([tokens[end - min(model.context_length, K) : end]])
        logits = np.asarray(model.next_logits(context), dtype=float)[0]
        probability = np.exp(logits - logits.max())[tokens[end]] / np.exp(logits - logits.max()).sum()
        bits.append(-log2(probability) if probability else inf)
    return sum(bits) / len(bits)


def counted(tokens: Sequence[int], K: int) -> mg.NgramCounts:
    """Of three tokens."""
    return mg.count_ngrams(tokens, vocab_size=3, context_length=K)


sequences = st.lists(st.integers(0, 2), min_size=4, max_size=40)


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@given(training=sequences, heldout=sequences, K=st.integers(1, 3), order=st.integers(0, 3))
def test_cross_entropy_of_an_ngram_model_follows_the_definition(
    smoothing: Smoothing, training: list[int], heldout: list[int], K: int, order: int
) -> None:
    """On the data and on others, where maximum likelihood may be infinite; with shorter and longer contexts."""
    model = mg.NgramModel(counted(training, 3), order=order, smoothing=smoothing)
    for tokens in (training, heldout):
        assert mg.cross_entropy(model, counted(tokens, K)) == pytest.approx(surprise(model, tokens, K), abs=1e-12)


@given(tokens=sequences, K=st.integers(1, 3), context_length=st.integers(1, 4), seed=st.integers(0, 9))
def test_cross_entropy_of_any_model_follows_the_definition(
    tokens: list[int], K: int, context_length: int, seed: int
) -> None:
    """Logits that are not normalised; contexts shorter and longer than those that were counted."""
    rows = np.random.default_rng(seed).normal(size=(3**4, 3)) * 20 + 500

    def logits(contexts: np.ndarray) -> np.ndarray:
        return rows[contexts @ 3 ** np.arange(contexts.shape[1])]

    model = mg.from_callable(logits, vocab_size=3, context_length=context_length)
    assert mg.cross_entropy(model, counted(tokens, K)) == pytest.approx(surprise(model, tokens, K), rel=1e-12)


def test_cross_entropy_is_the_same_in_many_batches() -> None:
    """13 tokens, 2,197 contexts and more than one call: an n-gram model, and the same behind a plain function."""
    tokens = np.random.default_rng(0).integers(0, 13, 40_000)
    counts = mg.count_ngrams(tokens, vocab_size=13, context_length=3)
    model = mg.NgramModel(counts, smoothing="witten-bell")
    calls: list[int] = []

    def logits(contexts: np.ndarray) -> np.ndarray:
        calls.append(len(contexts))
        return model.next_logits(contexts)

    plain = mg.from_callable(logits, vocab_size=13, context_length=3)
    assert mg.cross_entropy(plain, counts) == pytest.approx(mg.cross_entropy(model, counts), rel=1e-12)
    assert sum(calls) == len(counts.full)
    assert len(calls) > 1


def test_cross_entropy_is_zero_where_all_is_certain() -> None:
    """0 1 2 0 1 2 ...: nothing surprises a model of order 1; the zero has no sign."""
    counts = counted([0, 1, 2] * 5, 1)
    model = mg.NgramModel(counts)
    plain = mg.from_matrix([[0, 1, 0], [0, 0, 1], [1, 0, 0]])
    assert [str(mg.cross_entropy(each, counts)) for each in (model, plain)] == ["0.0", "0.0"]


def test_cross_entropy_of_the_uniform_law_is_the_logarithm_of_its_tokens() -> None:
    """The other end of the scale of laws that know nothing: log2 3."""
    uniform = mg.from_callable(lambda contexts: np.zeros((len(contexts), 3)), vocab_size=3, context_length=1)
    assert mg.cross_entropy(uniform, counted([0, 1, 2, 2, 1], 2)) == pytest.approx(log2(3), rel=1e-15)


def test_cross_entropy_is_infinite_where_the_law_excludes_what_occurs() -> None:
    """After 0 only 1 was counted; then 0 0."""
    model = mg.NgramModel(counted([0, 1, 0, 1, 2, 2], 1))
    plain = mg.from_matrix([[0, 1, 0], [0.5, 0, 0.5], [0, 0, 1]])
    assert [mg.cross_entropy(each, counted([0, 0, 1], 1)) for each in (model, plain)] == [inf, inf]


@given(tokens=sequences, K=st.integers(1, 3))
def test_baselines_of_a_circle_improve_with_the_order(tokens: list[int], K: int) -> None:
    """Maximum likelihood knows more with every token; the cross-entropy on the data is the conditional entropy."""
    counts = mg.count_ngrams(tokens, vocab_size=3, context_length=K, circular=True)
    rows = mg.baselines(counts, smoothings=["mle"])
    bits = [row.training_bits for row in rows]
    assert [row.order for row in rows] == list(range(K + 1))
    assert (np.diff(bits) <= 1e-12).all()
    assert all(row.heldout_bits is None for row in rows)
    for order, found in enumerate(bits):
        table = counts.tables[order]
        expected = -(table.counts * np.log2(table.frequencies)).sum() / len(tokens)
        assert found == pytest.approx(expected, abs=1e-12)


def test_baselines_are_the_cross_entropies_of_the_models() -> None:
    """Every smoothing and order, in the order in which they were asked for, on both data."""
    rng = np.random.default_rng(3)
    training, heldout = (counted(rng.choice(3, size=200, p=[0.6, 0.3, 0.1]).tolist(), 3) for _ in range(2))
    rows = mg.baselines(training, heldout, orders=[2, 0])
    assert [(row.smoothing, row.order) for row in rows] == [(name, order) for name in SMOOTHINGS for order in (2, 0)]
    for row in rows:
        model = mg.NgramModel(training, order=row.order, smoothing=row.smoothing)
        expected = (mg.cross_entropy(model, training), mg.cross_entropy(model, heldout))
        assert (row.training_bits, row.heldout_bits) == expected
