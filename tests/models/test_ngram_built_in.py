"""The built-in model ``ngram``: a text becomes the Markov chain of some order."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import markovgpt as mg
from markovgpt.errors import ArgumentError, DataError, TooManyStatesError
from markovgpt.ngrams import SMOOTHINGS

TEXT = "abracadabra\ncadabra\n"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """The text as a file."""
    path = tmp_path / "book.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def law(model: mg.NgramModel) -> np.ndarray:
    """All rows."""
    return mg.build_chain(model).probabilities


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@pytest.mark.parametrize("order", [0, 2])
def test_ngram_is_the_model_of_the_counts(book: Path, smoothing: str, order: int) -> None:
    """The same as by hand: vocabulary, counts, model."""
    model = mg.load_model("ngram", data=book, order=str(order), smoothing=smoothing)
    words = mg.Vocabulary.of_text(TEXT)
    counts = mg.count_ngrams(words.encode(TEXT), vocab_size=len(words), context_length=max(order, 1))
    expected = mg.NgramModel(counts, order=order, smoothing=smoothing, vocabulary=words)
    assert (model.name, model.tokens, model.context_length) == (expected.name, words.tokens, max(order, 1))
    np.testing.assert_array_equal(law(model), law(expected))


def test_ngram_takes_the_settings_of_the_smoothing(book: Path) -> None:
    """Texts of the command line become numbers."""
    names = [
        mg.load_model("ngram", data=book, smoothing="add-alpha", alpha="0.5").name,
        mg.load_model("ngram", data=book, smoothing="kneser-ney", discount="0.75").name,
    ]
    assert names == ["n-gram model of order 3, add-alpha 0.5", "n-gram model of order 3, kneser-ney 0.75"]


@pytest.mark.parametrize(
    ("kind", "tokens"),
    [
        ("char", ("\n", "a", "b", "c", "d", "r")),
        ("byte", ("\n", "a", "b", "c", "d", "r")),
        ("word", ("abracadabra", "cadabra")),
    ],
)
def test_ngram_cuts_the_text_into_tokens(book: Path, kind: str, tokens: tuple[str, ...]) -> None:
    """Characters, bytes or words."""
    assert mg.load_model("ngram", data=book, order=1, vocabulary=kind).tokens == tokens


@pytest.mark.parametrize(("kind", "text"), [("char", "abra\n\nbar\nbar\n"), ("word", "a b\nb a b\n")])
def test_ngram_of_lines_crosses_no_line_end(book: Path, kind: Any, text: str) -> None:
    """The end of a line is no token; what begins a line follows nothing."""
    book.write_text(text, encoding="utf-8")
    model = mg.load_model("ngram", data=book, order=1, sequences="line", vocabulary=kind)
    words = mg.Vocabulary(tokens=tuple(sorted({*text.replace("\n", "").replace(" ", "")})), kind=kind)
    lines = [words.encode(line) for line in text.split("\n") if line]
    counts = mg.count_ngrams(lines, vocab_size=len(words), context_length=1)
    assert model.tokens == words.tokens
    np.testing.assert_array_equal(law(model), law(mg.NgramModel(counts)))


@pytest.mark.parametrize("sequences", ["file", "line"])
@pytest.mark.parametrize("kind", ["char", "word"])
def test_ngram_of_standard_input_is_that_of_the_file(
    book: Path, monkeypatch: pytest.MonkeyPatch, sequences: str, kind: str
) -> None:
    """Which can be read only once."""
    text = "to be or not to be\nthat is to be\nor not\n"
    book.write_text(text, encoding="utf-8")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    options = {"order": 1, "sequences": sequences, "vocabulary": kind}
    model, expected = (mg.load_model("ngram", data=data, **options) for data in ("-", book))
    assert model.tokens == expected.tokens
    assert model.fingerprint == expected.fingerprint


def test_ngram_keeps_data_of_one_sequence(book: Path) -> None:
    """Reports compare with them."""
    model = mg.load_model("ngram", data=book, order=2)
    np.testing.assert_array_equal(model.training_tokens, model.vocabulary.encode(TEXT))


def test_ngram_keeps_no_data_that_are_not_one_sequence_with_two_ends(book: Path) -> None:
    """Lines, several texts, a circle: counting their tokens as one sequence would give other counts."""
    models = [
        mg.load_model("ngram", data=book, order=1, sequences="line"),
        mg.load_model("ngram", data=[book, book], order=1),
        mg.load_model("ngram", data=book, order=1, circular=True),
    ]
    assert [model.training_tokens for model in models] == [None] * 3


def test_ngram_of_a_circle_has_the_letters_frequencies(book: Path) -> None:
    """Stationary law of order 1: 9 of 20 characters are an "a"."""
    chain = mg.build_chain(mg.load_model("ngram", data=book, order=1, circular="yes"))
    stationary = mg.stationary_distribution(chain)
    assert stationary.probabilities[1] == pytest.approx(TEXT.count("a") / len(TEXT), abs=1e-12)


def test_ngram_checks_its_size_before_it_counts(book: Path) -> None:
    """The check of the caller is told V and K, and may stop it."""

    def check(vocab_size: int, context_length: int) -> None:
        raise TooManyStatesError(f"{vocab_size}^{context_length}")

    with pytest.raises(TooManyStatesError, match=r"6\^30"):
        mg.load_model("ngram", data=book, order=30, check=check)


def test_ngram_reports_its_progress(book: Path) -> None:
    """Reading for the vocabulary, then counting, up to the end of the file."""
    reports: list[tuple[str, int, int]] = []
    mg.load_model("ngram", data=book, order=1, progress=lambda *report: reports.append(report))
    size = len(TEXT)
    assert {("reading", size, size), ("counting", size, size)} <= set(reports)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        pytest.param({}, ArgumentError, r"The model ngram needs data: -M data=", id="no data"),
        pytest.param({"data": "abc", "smoothing": "good-turing"}, ArgumentError, "smoothing must be one of", id="word"),
        pytest.param({"data": "abc", "order": "-1"}, ArgumentError, "The order of an n-gram model", id="order"),
        pytest.param({"data": "abc", "order": 40}, ArgumentError, "numbered in 63 bits", id="gram size"),
        pytest.param({"data": "abc", "order": 3}, DataError, "Counting what follows 3 tokens needs", id="too short"),
        pytest.param({"data": "abc", "steps": 5}, ArgumentError, "The model ngram has no option 'steps'", id="steps"),
    ],
)
def test_ngram_refuses(options: dict[str, Any], error: type[Exception], message: str) -> None:
    """Data and settings that cannot be."""
    with pytest.raises(error, match=message):
        mg.load_model("ngram", **options)
