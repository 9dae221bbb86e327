"""Comparisons that would say nothing: refused, with what to do instead."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import markovgpt as mg
from markovgpt import ArgumentError, DataError, MarkovChain, NgramCounts, NotComputedError

FAIR = mg.chain_from_table(np.full((4, 2), 0.5))
"""Two tokens, contexts of two."""

COUNTS = mg.count_ngrams([0, 1, 0, 0, 1], vocab_size=2, context_length=2)
"""Contexts 00, 01, 10; never 11."""

QUESTIONS = {
    "compare_to_data": mg.compare_to_data,
    "long_run_comparison": lambda chain, counts: mg.long_run_comparison(
        chain, mg.stationary_distribution(chain), counts
    ),
    "unseen_states": mg.unseen_states,
    "explain_unseen": lambda chain, counts: mg.explain_unseen(chain, counts, state=0),
}

Question = Callable[[MarkovChain, NgramCounts], object]


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_comparison_refuses_counts_of_other_tokens(question: Question) -> None:
    """Two tokens and three."""
    counts = mg.count_ngrams([0, 1, 2, 0], vocab_size=3, context_length=2)
    with pytest.raises(ArgumentError, match=r"The model has 2 tokens, the counts are of 3\. Count with the model's"):
        question(FAIR, counts)


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_comparison_refuses_counts_of_shorter_contexts(question: Question) -> None:
    """Contexts of two tokens, counts after one."""
    counts = mg.count_ngrams([0, 1, 0], vocab_size=2, context_length=1)
    with pytest.raises(ArgumentError, match=r"looks at 2 tokens, the counts at 1: .* Count with context_length=2"):
        question(FAIR, counts)


def test_comparison_refuses_what_is_no_model() -> None:
    """It says what a model needs."""
    with pytest.raises(ArgumentError, match="A model needs `vocab_size`"):
        mg.compare_to_data("babygpt", COUNTS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rare": -1}, "rare is a count, at least 0: got -1"),
        ({"seed": -1}, "A seed is at least 0: got -1"),
        ({"correction": "none"}, "Corrections are 'holm' and 'benjamini-hochberg': got 'none'"),
    ],
    ids=["rare", "seed", "correction"],
)
def test_comparison_refuses_options_out_of_range(options: dict[str, object], message: str) -> None:
    """Each names what it got."""
    with pytest.raises(ArgumentError, match=message):
        mg.compare_to_data(FAIR, COUNTS, **options)  # type: ignore[arg-type]


def test_comparison_refuses_a_walk_that_never_meets_the_data() -> None:
    """The walk stays at 0, the data at 1."""
    walk = mg.reachable_chain(mg.from_matrix([[1.0, 0.0]] * 2), (0,))
    counts = mg.count_ngrams([1, 1, 1], vocab_size=2, context_length=1)
    with pytest.raises(DataError, match="No context of the chain occurs in the data with a token after it"):
        mg.compare_to_data(walk, counts)


def test_comparison_refuses_a_walk_in_which_two_tokens_share_an_arrow() -> None:
    """From 0 both token 0 and the end, token 1, lead back to the start 0."""
    walk = mg.reachable_chain(mg.from_matrix([[0.5, 0.5]] * 2), (0,), end=1, at_end="restart")
    counts = mg.count_ngrams([0, 0, 0], vocab_size=2, context_length=1)
    with pytest.raises(NotComputedError, match="Two tokens lead from state '0' to the same state"):
        mg.compare_to_data(walk, counts)


@pytest.mark.parametrize(
    "question",
    [lambda pi: mg.long_run_comparison(FAIR, pi, COUNTS), lambda pi: mg.unseen_states(FAIR, COUNTS, stationary=pi)],
    ids=["long run", "unseen"],
)
def test_comparison_refuses_the_stationary_distribution_of_another_chain(
    question: Callable[[mg.StationaryDistribution], object],
) -> None:
    """Two states, and four."""
    pi = mg.stationary_distribution(mg.chain_from_table([[0.5, 0.5]] * 2))
    with pytest.raises(ArgumentError, match="The chain has 4 states, the distribution 2"):
        question(pi)


def test_unseen_states_refuses_data_that_show_everything() -> None:
    """All four contexts."""
    counts = mg.count_ngrams([0, 0, 1, 1, 0, 0], vocab_size=2, context_length=2)
    with pytest.raises(DataError, match="Every context of the chain occurs in the data"):
        mg.unseen_states(FAIR, counts)


def test_explain_unseen_refuses_a_context_that_was_seen() -> None:
    """Frequencies of its own are there."""
    with pytest.raises(DataError, match="The context '01' occurs in the data"):
        mg.explain_unseen(FAIR, COUNTS, state="01")


def test_explain_unseen_refuses_a_short_context() -> None:
    """Only those of full length are compared."""
    chain = mg.chain_from_table(np.full((6, 2), 0.5), lengths="all")
    with pytest.raises(ArgumentError, match="Contexts of 2 tokens are compared: '1' is shorter"):
        mg.explain_unseen(chain, COUNTS, state="1")


@pytest.mark.parametrize("level", [0.0, 1.0, float("nan")])
def test_frequency_intervals_refuse_a_level_out_of_range(level: float) -> None:
    """0 and 1 have no interval of use."""
    with pytest.raises(ArgumentError, match="A level of confidence is between 0 and 1"):
        mg.frequency_intervals([1], 2, level=level)


@pytest.mark.parametrize("count", [-1, 3])
def test_frequency_intervals_refuse_counts_beyond_their_totals(count: int) -> None:
    """Of two draws."""
    with pytest.raises(ArgumentError, match="Counts are from 0 to their totals"):
        mg.frequency_intervals([count], 2)
