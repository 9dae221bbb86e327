"""Counts and comparisons against their definitions, one window at a time."""

from __future__ import annotations

from collections import Counter
from math import inf, log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import spaces

import markovgpt as mg
from markovgpt import StateSpace


@given(space=spaces(), data=st.data())
def test_count_ngrams_counts_every_window_once(space: StateSpace, data: st.DataObject) -> None:
    """A Counter of (context, next token) over all positions and all lengths of context."""
    tokens = data.draw(st.lists(st.integers(0, space.vocab_size - 1), min_size=space.shortest + 1, max_size=40))
    expected = Counter(
        (space.index(tokens[end - length : end]), tokens[end])
        for length in range(space.shortest, space.context_length + 1)
        for end in range(length, len(tokens))
    )
    counts = mg.count_ngrams(tokens, space).counts
    assert {
        (s, t): int(counts[s, t]) for s, t in zip(*map(np.ndarray.tolist, counts.nonzero()), strict=True)
    } == expected


@pytest.mark.parametrize("lengths", ["full", "all"])
@pytest.mark.parametrize("seed", range(3))
def test_compare_to_counts_follows_the_formulas(seed: int, lengths: str) -> None:
    """TV, KL, cross-entropy and conditional entropy, written as the sums that define them."""
    rng = np.random.default_rng(seed)
    space = StateSpace(vocab_size=3, context_length=2, lengths=lengths)  # type: ignore[arg-type]
    chain = mg.chain_from_table(rng.dirichlet(np.ones(3), size=space.n_states), lengths=lengths)  # type: ignore[arg-type]
    tokens = rng.integers(0, 3, 60).tolist()
    found = mg.compare_to_counts(chain, mg.count_ngrams(tokens, space))

    follows: dict[int, Counter[int]] = {}
    for length in range(space.shortest, 3):
        for end in range(length, len(tokens)):
            follows.setdefault(space.index(tokens[end - length : end]), Counter())[tokens[end]] += 1
    tv, kl, cross, own, windows = [], [], 0.0, 0.0, 0
    for state in sorted(follows):
        total = follows[state].total()
        pairs = [(follows[state][t] / total, float(chain.probabilities[state, t])) for t in range(3)]
        tv.append(sum(abs(f - p) for f, p in pairs) / 2)
        kl.append(sum(f * log2(f / p) for f, p in pairs if f > 0))
        if space.length(state) == 2:
            windows += total
            cross -= total * sum(f * log2(p) for f, p in pairs if f > 0)
            own -= total * sum(f * log2(f) for f, _ in pairs if f > 0)
    assert found.states.tolist() == sorted(follows)
    np.testing.assert_allclose(found.total_variation, tv, atol=1e-14)
    np.testing.assert_allclose(found.kl_divergence, kl, atol=1e-14)
    assert (found.cross_entropy, found.conditional_entropy) == pytest.approx(
        (cross / windows, own / windows), abs=1e-13
    )


def test_compare_to_counts_is_infinite_in_the_row_that_excludes_the_data_only() -> None:
    """0 1 1 0: context 1 is followed by 1 and by 0, both possible; context 0 by 1, which its row excludes."""
    chain = mg.chain_from_table([[1.0, 0.0], [0.5, 0.5]])
    found = mg.compare_to_counts(chain, mg.count_ngrams([0, 1, 1, 0], chain.states))
    assert found.kl_divergence.tolist() == [inf, 0.0]
