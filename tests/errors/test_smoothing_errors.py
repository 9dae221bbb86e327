"""What n-gram models and their scores refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import markovgpt as mg
from markovgpt.errors import ArgumentError
from markovgpt.ngrams import smoothed_law


@pytest.fixture(scope="module")
def counts() -> mg.NgramCounts:
    """Of two tokens, after up to two."""
    return mg.count_ngrams([0, 1, 0, 0, 1, 1], vocab_size=2, context_length=2)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        pytest.param({"smoothing": "laplace"}, r"Smoothings are mle, add-alpha, .*: got 'laplace'", id="smoothing"),
        pytest.param(
            {"order": 3}, r"number of context tokens, here 0 to 2, .*: got 3\. Count with a longer", id="order"
        ),
        pytest.param({"order": -1}, r"0 to 2, .*: got -1", id="order below 0"),
        pytest.param({"order": 1.5}, r"0 to 2, .*: got 1\.5", id="order between"),
        pytest.param({"order": True}, r"0 to 2, .*: got True", id="no order"),
        pytest.param(
            {"smoothing": "add-alpha", "alpha": 0.0}, r"alpha must be a number above 0: got 0\.0", id="alpha 0"
        ),
        pytest.param({"smoothing": "add-alpha", "alpha": np.nan}, "alpha must be a number above 0: got nan", id="NaN"),
        pytest.param({"smoothing": "add-alpha", "alpha": np.inf}, "alpha must be a number above 0: got inf", id="inf"),
        pytest.param({"alpha": 0.5}, r"alpha=0\.5 is of smoothing \"add-alpha\": got it with 'mle'", id="alpha of mle"),
        pytest.param(
            {"smoothing": "witten-bell", "discount": 0.5},
            r"discount=0\.5 is of smoothing \"kneser-ney\": got it with 'witten-bell'",
            id="discount of Witten-Bell",
        ),
        pytest.param({"smoothing": "kneser-ney", "discount": 1.5}, r"from 0 to 1: got 1\.5", id="discount above 1"),
        pytest.param({"smoothing": "kneser-ney", "discount": -0.1}, r"from 0 to 1: got -0\.1", id="discount below 0"),
        pytest.param({"smoothing": "kneser-ney", "discount": np.nan}, "from 0 to 1: got nan", id="discount NaN"),
        pytest.param(
            {"smoothing": "kneser-ney", "discount": [0.5, 0.5]},
            r"Kneser-Ney of order 2 has 3 discounts, .*: got 2\. Give one number for all",
            id="number of discounts",
        ),
        pytest.param(
            {"vocabulary": mg.Vocabulary(tokens=("a", "b", "c"))},
            r"Counts of 2 tokens need a vocabulary of as many: got 3",
            id="vocabulary",
        ),
    ],
)
def test_ngram_model_refuses(counts: mg.NgramCounts, settings: dict[str, Any], message: str) -> None:
    """Settings that cannot be, or are of another smoothing."""
    with pytest.raises(ArgumentError, match=message):
        mg.NgramModel(counts, **settings)


@pytest.mark.parametrize("token", [-1, 2])
def test_law_refuses_what_is_no_token(counts: mg.NgramCounts, token: int) -> None:
    """The number of such a context would be that of another."""
    with pytest.raises(ArgumentError, match=rf"Tokens of a context are 0\.\.1: got {token}"):
        smoothed_law(counts, 2).rows(np.array([[0, 1], [token, 0]]))


def test_law_refuses_contexts_longer_than_its_order(counts: mg.NgramCounts) -> None:
    """A model takes the last tokens; a law does not choose."""
    with pytest.raises(ArgumentError, match=r"of contexts of up to 1 tokens: got 2\. Give the last of them"):
        smoothed_law(counts, 1).rows(np.array([[0, 1]]))


def test_cross_entropy_refuses_counts_of_other_tokens(counts: mg.NgramCounts) -> None:
    """Token 1 would mean something else."""
    uniform = mg.from_callable(lambda contexts: np.zeros((len(contexts), 3)), vocab_size=3, context_length=1)
    with pytest.raises(ArgumentError, match=r"has 3 tokens, the counts have 2\. Count with the tokens of the model"):
        mg.cross_entropy(uniform, counts)


def test_cross_entropy_refuses_what_is_no_model(counts: mg.NgramCounts) -> None:
    """As everywhere."""
    with pytest.raises(ArgumentError, match="A model needs `vocab_size`"):
        mg.cross_entropy(object(), counts)  # type: ignore[arg-type]


def test_baselines_refuse_held_out_counts_of_shorter_contexts(counts: mg.NgramCounts) -> None:
    """The longer orders would be judged without what they know."""
    short = mg.count_ngrams([0, 1, 1], vocab_size=2, context_length=1)
    with pytest.raises(
        ArgumentError, match=r"Held-out counts after 1 tokens cannot judge a model of order 2\. .*context_length=2"
    ):
        mg.baselines(counts, short)
    assert len(mg.baselines(counts, short, orders=[0, 1], smoothings=["mle"])) == 2
