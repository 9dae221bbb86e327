"""Chains that are too large: refused before anything is allocated, with the way out in the message."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from fakes import FakeModel

import markovgpt as mg
from markovgpt import TooManyStatesError


def _never(contexts: np.ndarray) -> np.ndarray:
    raise AssertionError("the model was asked")


def test_build_chain_refuses_more_states_than_the_limit() -> None:
    """27^5 = 14,348,907: states, bytes (27 float64 each), the limit, both flags, and the longest K that fits."""
    pattern = (
        r"Too many states: 27\^5 = 14,348,907 states, a table of 2\.89 GiB\. The limit is 1,048,576; raise it with "
        r"--max-states 14348907 \(max_states=14348907\)\. With 27 tokens, context_length=4 is the longest that fits\."
    )
    with pytest.raises(TooManyStatesError, match=pattern) as caught:
        mg.build_chain(FakeModel(_never, vocab_size=27, context_length=5))
    assert caught.value.facts == {"n_states": 14_348_907, "limit": 2**20}


@pytest.mark.parametrize("lengths", ["full", "all"])
def test_build_chain_refuses_an_astronomical_number_of_states(lengths: Any) -> None:
    """50257^1024 has 4,815 digits. 4 GiB hold 10,682 rows of 50,257 tokens, fewer than 2^20; limit and flag named."""
    with pytest.raises(TooManyStatesError, match=r"a number of 4,815 digits\. The limit is 10,682 .*--max-states"):
        mg.build_chain(FakeModel(_never, vocab_size=50_257, context_length=1024), lengths=lengths)


def test_build_chain_allocates_nothing_for_an_astronomical_number_of_states() -> None:
    """A million positions: V^K alone would take 2 MB; the refusal takes less than a tenth."""
    model = FakeModel(_never, vocab_size=50_257, context_length=1_000_000)
    mg.build_chain(FakeModel(lambda contexts: np.zeros((len(contexts), 2))))  # everything is imported
    tracemalloc.start()
    try:
        with pytest.raises(TooManyStatesError, match="a number of 4,701,197 digits"):
            mg.build_chain(model)
        assert tracemalloc.get_traced_memory()[1] < 200_000
    finally:
        tracemalloc.stop()


def test_build_chain_counts_all_lengths_against_the_limit() -> None:
    """14 states of lengths 1 to 3 are more than 10, where the 8 of length 3 are not."""
    model = FakeModel(lambda contexts: np.zeros((len(contexts), 2)), context_length=3)
    assert mg.build_chain(model, max_states=10).n_states == 8
    with pytest.raises(TooManyStatesError, match="all contexts of 1 to 3 of 2 tokens = 14 states"):
        mg.build_chain(model, lengths="all", max_states=10)


def test_build_chain_builds_at_the_limit() -> None:
    """Eight states are not more than eight."""
    model = FakeModel(lambda contexts: np.zeros((len(contexts), 2)), context_length=3)
    assert mg.build_chain(model, max_states=8).n_states == 8


def test_build_chain_says_so_when_no_context_length_fits() -> None:
    """A hundred tokens, a limit of ten states."""
    with pytest.raises(TooManyStatesError, match="With 100 tokens, no context length fits: use fewer tokens"):
        mg.build_chain(FakeModel(_never, vocab_size=100), max_states=10)
