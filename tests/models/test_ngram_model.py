"""n-gram models behind the protocol."""

from __future__ import annotations

import numpy as np
import pytest

import markovgpt as mg
from markovgpt import testing
from markovgpt.ngrams import SMOOTHINGS, Smoothing

TEXT = "the cat sat on the mat, the rat sat on the cat"


@pytest.fixture(scope="module")
def words() -> mg.Vocabulary:
    """The characters of the text."""
    return mg.Vocabulary.of_text(TEXT)


@pytest.fixture(scope="module")
def counts(words: mg.Vocabulary) -> mg.NgramCounts:
    """After up to three characters."""
    return mg.count_ngrams(words.encode(TEXT), vocab_size=len(words), context_length=3)


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@pytest.mark.parametrize("order", [0, 1, 3])
def test_ngram_model_passes_every_check(counts: mg.NgramCounts, smoothing: Smoothing, order: int) -> None:
    """The conformance suite of the package."""
    report = testing.check_model(mg.NgramModel(counts, order=order, smoothing=smoothing))
    assert report.ok, str(report)


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@pytest.mark.parametrize("order", [0, 1, 2])
def test_chain_of_an_ngram_model_has_the_rows_of_its_law(
    counts: mg.NgramCounts, smoothing: Smoothing, order: int
) -> None:
    """Over contexts of every length; impossible tokens have probability 0, not almost 0."""
    model = mg.NgramModel(counts, order=order, smoothing=smoothing)
    chain = mg.build_chain(model, lengths="all")
    for state in range(chain.n_states):
        context = np.array([chain.states.context(state)])
        row = model.law.rows(context[:, context.shape[1] - min(order, context.shape[1]) :])[0]
        np.testing.assert_allclose(chain.probabilities[state], row, rtol=1e-14)
        np.testing.assert_array_equal(chain.probabilities[state] == 0, row == 0)


def test_ngram_model_of_order_0_forgets_everything(counts: mg.NgramCounts) -> None:
    """Frequencies of single characters after each of them; one token of context, since a chain needs a state."""
    model = mg.NgramModel(counts, order=0)
    assert model.context_length == 1
    rows = mg.build_chain(model).probabilities
    expected = counts.after([]) / counts.after([]).sum()
    np.testing.assert_allclose(rows, np.tile(expected, (len(rows), 1)), rtol=1e-14)


def test_ngram_model_falls_back_to_what_was_seen(words: mg.Vocabulary, counts: mg.NgramCounts) -> None:
    """Nothing ever followed "mth"; "th" is always followed by "e"."""
    chain = mg.build_chain(mg.NgramModel(counts, vocabulary=words))
    assert not counts.after(words.encode("mth")).any()
    assert chain.row("mth")[words.encode("e")[0]] == 1


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({}, "n-gram model of order 3, mle"),
        ({"order": 1, "smoothing": "add-alpha", "alpha": 0.5}, "n-gram model of order 1, add-alpha 0.5"),
        ({"order": 0, "smoothing": "witten-bell"}, "n-gram model of order 0, witten-bell"),
        ({"order": 2, "smoothing": "kneser-ney"}, "n-gram model of order 2, kneser-ney"),
        (
            {"order": 2, "smoothing": "kneser-ney", "discount": 0.75},
            "n-gram model of order 2, kneser-ney 0.75",
        ),
    ],
)
def test_ngram_model_is_called_by_order_and_smoothing(
    counts: mg.NgramCounts, settings: dict[str, object], name: str
) -> None:
    """The name for reports."""
    assert mg.NgramModel(counts, **settings).name == name  # type: ignore[arg-type]


def test_ngram_model_has_texts_and_data_where_they_are_given(words: mg.Vocabulary, counts: mg.NgramCounts) -> None:
    """Numbers are the texts of tokens that have none."""
    tokens = words.encode(TEXT)
    model = mg.NgramModel(counts, vocabulary=words, training_tokens=tokens)
    assert model.tokens == words.tokens
    np.testing.assert_array_equal(model.training_tokens, tokens)
    plain = mg.NgramModel(counts)
    assert plain.tokens == tuple(map(str, range(len(words))))
    assert plain.training_tokens is None


def test_fingerprint_of_an_ngram_model_is_of_its_law(words: mg.Vocabulary, counts: mg.NgramCounts) -> None:
    """The same for the same counts; another for another order, smoothing, or discount."""
    again = mg.count_ngrams(words.encode(TEXT), vocab_size=len(words), context_length=3)
    assert mg.NgramModel(again).fingerprint == mg.NgramModel(counts).fingerprint
    others = [
        mg.NgramModel(counts),
        mg.NgramModel(counts, order=2),
        mg.NgramModel(counts, order=0),
        mg.NgramModel(counts, smoothing="witten-bell"),
        mg.NgramModel(counts, smoothing="add-alpha"),
        mg.NgramModel(counts, smoothing="add-alpha", alpha=2.0),
        mg.NgramModel(counts, smoothing="kneser-ney"),
        mg.NgramModel(counts, smoothing="kneser-ney", discount=0.5),
    ]
    assert len({model.fingerprint for model in others}) == len(others)


def test_analysis_compares_an_ngram_model_with_its_data(words: mg.Vocabulary, counts: mg.NgramCounts) -> None:
    """Maximum likelihood is at no distance from them; the comparison is that of the report."""
    model = mg.NgramModel(counts, vocabulary=words, training_tokens=words.encode(TEXT))
    found = mg.analyze(model).comparison
    assert found is not None
    assert found.kl_divergence.max() <= 1e-12
    assert found.cross_entropy == pytest.approx(mg.cross_entropy(model, counts), rel=1e-12)
