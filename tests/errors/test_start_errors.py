"""Beginnings that a model does not know."""

from __future__ import annotations

import numpy as np
import pytest

import markovgpt as mg
from markovgpt import ArgumentError, ModelError


def test_model_without_a_law_of_the_empty_context_is_told_so(babygpt: mg.LanguageModel) -> None:
    """babygpt looks at the last position, which is not there."""
    chain = mg.build_chain(babygpt)
    with pytest.raises(ArgumentError, match=r"^babygpt has no law for the empty context\. Begin with a token, or with"):
        mg.start_distribution(babygpt, chain, "")


def test_law_of_the_empty_context_that_is_none_is_no_law() -> None:
    """NaN, where the model averages over no tokens."""

    def law(contexts: np.ndarray) -> np.ndarray:
        mean = contexts.sum(axis=1) / contexts.shape[1] if contexts.shape[1] else np.full(len(contexts), np.nan)
        return np.stack([mean, -mean], axis=1)

    model = mg.from_callable(law, vocab_size=2, context_length=2)
    with pytest.raises(ArgumentError, match=r"has no law for the empty context.*must be finite"):
        mg.start_distribution(model, mg.build_chain(model), "")


def test_table_has_no_law_of_shorter_contexts() -> None:
    """Its own words, and they are no question of the empty context."""
    model = mg.from_matrix(np.full((4, 2), 0.5))
    with pytest.raises(ModelError, match="has contexts of 2 tokens only: got 1"):
        mg.start_distribution(model, mg.build_chain(model), "1")


def test_short_start_needs_a_model() -> None:
    """Says which argument."""
    chain = mg.chain_from_table(np.full((4, 2), 0.5))
    with pytest.raises(ArgumentError, match=r"The start '1' is shorter .* 2 tokens: say which model .*\(model=\)"):
        mg.start_distribution(None, chain, "1")


@pytest.mark.parametrize("start", [(0, 2), (-1, 0)])
def test_start_with_a_token_that_is_none(start: tuple[int, int]) -> None:
    """Its number."""
    chain = mg.chain_from_table(np.full((4, 2), 0.5))
    with pytest.raises(ArgumentError, match=r"Tokens are 0\.\.1: got (2|-1) in the start"):
        mg.start_distribution(None, chain, start)


def test_start_with_the_number_of_no_state() -> None:
    """Four states."""
    chain = mg.chain_from_table(np.full((4, 2), 0.5))
    with pytest.raises(ArgumentError, match=r"States are 0\.\.3: got 4"):
        mg.start_distribution(None, chain, 4)


def test_start_outside_of_a_walk() -> None:
    """The walk from 0 never meets 1."""
    model = mg.from_matrix([[1.0, 0.0], [0.5, 0.5]])
    with pytest.raises(ArgumentError, match="'1' is not one of the 1 reachable"):
        mg.start_distribution(model, mg.reachable_chain(model, "0"), "1")


def test_report_of_extended_precision_refuses_large_chains_before_it_makes_a_matrix() -> None:
    """2^17 states: the dense matrix would take 137 GB."""
    chain = mg.chain_from_table(np.full((2**17, 2), 0.5))
    with pytest.raises(mg.NotComputedError, match=r"above 4,096 states: .* of 131,072 states .*without --extended"):
        mg.stationary_report(chain, extended=True)


def test_report_needs_a_tolerance_above_0() -> None:
    """As the distribution does."""
    with pytest.raises(ArgumentError, match="tolerance is an error to be proven, above 0: got 0"):
        mg.stationary_report(mg.chain_from_table([[0.5, 0.5], [0.5, 0.5]]), tolerance=0)
