"""Held-out data that say nothing about a model, and n-gram models that were not judged by them: refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

import markovgpt as mg
from markovgpt import ArgumentError, DataError

CHAIN = mg.chain_from_table([[0.5, 0.5]] * 4)
"""Two tokens, contexts of two."""

TRAINING, HELDOUT = (
    mg.count_ngrams(tokens, vocab_size=2, context_length=2) for tokens in ([0, 1, 0, 0, 1], [0, 0, 1, 1])
)


@pytest.mark.parametrize("which", [0, 1], ids=["training", "held out"])
def test_heldout_refuses_counts_of_other_tokens(which: int) -> None:
    """Two tokens and three, in either of the two counts."""
    counts = [TRAINING, HELDOUT]
    counts[which] = mg.count_ngrams([0, 1, 2, 0], vocab_size=3, context_length=2)
    with pytest.raises(ArgumentError, match=r"The model has 2 tokens, the counts are of 3"):
        mg.compare_to_heldout(CHAIN, *counts)


@pytest.mark.parametrize("which", [0, 1], ids=["training", "held out"])
def test_heldout_refuses_counts_of_shorter_contexts(which: int) -> None:
    """Contexts of two tokens, counts after one."""
    counts = [TRAINING, HELDOUT]
    counts[which] = mg.count_ngrams([0, 1, 0], vocab_size=2, context_length=1)
    with pytest.raises(ArgumentError, match="looks at 2 tokens, the counts at 1"):
        mg.compare_to_heldout(CHAIN, *counts)


def test_heldout_refuses_what_is_no_model() -> None:
    """It says what a model needs."""
    with pytest.raises(ArgumentError, match="A model needs `vocab_size`"):
        mg.compare_to_heldout("babygpt", TRAINING, HELDOUT)  # type: ignore[arg-type]


def test_heldout_refuses_a_walk_that_never_meets_the_data() -> None:
    """The walk stays at 0, the data at 1."""
    walk = mg.reachable_chain(mg.from_matrix([[1.0, 0.0]] * 2), (0,))
    counts = mg.count_ngrams([1, 1, 1], vocab_size=2, context_length=1)
    with pytest.raises(DataError, match="No context of the chain occurs in the held-out data"):
        mg.compare_to_heldout(walk, counts, counts)


def test_heldout_refuses_ngram_models_that_were_not_judged() -> None:
    """``baselines`` without held-out counts."""
    with pytest.raises(ArgumentError, match=r"got order 0, bits None\. Give what baselines\(training, heldout\)"):
        mg.compare_to_heldout(CHAIN, TRAINING, HELDOUT, tried=mg.baselines(TRAINING))


def test_heldout_refuses_ngram_models_that_look_farther_than_the_model() -> None:
    """They would be judged by contexts that are not there."""
    longer = replace(mg.baselines(TRAINING, HELDOUT)[-1], order=3)
    with pytest.raises(ArgumentError, match=r"n-gram models of orders 0 to 2 that were judged .* got order 3"):
        mg.compare_to_heldout(CHAIN, TRAINING, HELDOUT, tried=(longer,))
