"""Counts against their definition, one position at a time; files against the tokens that were written to them."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from counting import counted_grams, gram_cases, grams_of_definition
from hypothesis import assume, given
from hypothesis import strategies as st

import markovgpt as mg
from markovgpt.data.stream import BOUNDARY, GAP
from markovgpt.ngrams import counter, counts, tally
from markovgpt.ngrams.counts import count_stream

Case = tuple[int, int, list[list[int | None]], dict[str, Any]]


@given(case=gram_cases(gaps=False))
def test_count_ngrams_follows_the_definition(case: Case) -> None:
    """Every token of every sequence, with every context of 0 to K tokens in front of it."""
    V, K, sequences, ends = case
    expected = grams_of_definition(sequences, K, **ends)
    assume(expected[K])
    found = mg.count_ngrams(
        [np.array(one, dtype=np.int64) for one in sequences], vocab_size=V, context_length=K, **ends
    )
    assert counted_grams(found) == expected


@pytest.mark.parametrize("direct", [0, 2**22], ids=["sorted", "direct"])
@given(case=gram_cases(gaps=True), sizes=st.lists(st.integers(1, 9), min_size=4, max_size=4))
def test_count_stream_follows_the_definition_however_it_is_cut(direct: int, case: Case, sizes: list[int]) -> None:
    """The same with gaps, which no context spans; pieces of a few entries, cut anywhere and cut again."""
    V, K, sequences, ends = case
    expected = grams_of_definition(sequences, K, **ends)
    assume(expected[K])
    entries = [[GAP if token is None else token for token in one] for one in sequences]
    stream = np.array([entry for one in entries for entry in [*one, BOUNDARY]])
    pieces = [stream[begin : begin + sizes[0]] for begin in range(0, len(stream), sizes[0])]
    with (
        patch.object(counter, "_PIECE", sizes[1]),
        patch.object(counts, "_PIECE", sizes[2]),
        patch.object(tally, "_SORTED", sizes[3]),
        patch.object(tally, "_DIRECT", direct),
    ):
        found = count_stream(pieces, vocab_size=V, context_length=K, **ends)
    assert counted_grams(found) == expected
    known = [token for one in sequences for token in one]
    assert (found.n_tokens, found.n_gaps, found.n_sequences) == (
        sum(token is not None for token in known),
        sum(token is None for token in known),
        sum(bool(one) for one in sequences),
    )


def test_counts_of_a_long_stream_of_large_numbers_follow_the_definition() -> None:
    """30,000 tokens of 1,000 with contexts of 2: 10^9 possible grams, in sorted lists that are merged."""
    tokens = np.random.default_rng(5).integers(0, 1000, 30_000) % np.random.default_rng(6).integers(1, 1000, 30_000)
    with patch.object(tally, "_SORTED", 2_000):
        found = mg.count_ngrams(tokens, vocab_size=1000, context_length=2)
    assert counted_grams(found) == grams_of_definition([tokens.tolist()], 2)
