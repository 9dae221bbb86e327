"""Is a small fault in every state found, by how often likely and unlikely tokens are drawn?"""

from __future__ import annotations

import numpy as np
import pytest
from samples import drawn
from scipy.stats import binom

import markovgpt as mg
from markovgpt.testing import judge_samples
from markovgpt.testing.samples.ranks import RankTally


def test_a_small_fault_in_every_state_is_found_over_all_states():
    """4,096 states with 20 draws each: top_k = 12 of 16 drops 2% in each, which no state shows by itself."""
    table = np.random.default_rng(5).dirichlet(np.full(16, 1.0), size=16**3)
    chain = mg.chain_from_table(table)
    cut = mg.decode(chain, mg.Decoding(top_k=12)).probabilities
    verdict = judge_samples(chain, drawn(cut, 20_000, 4, 0))
    assert not verdict.ok
    assert not len(verdict.rejected)
    assert verdict.ranks.rank >= 12
    assert verdict.ranks.drawn == 0
    assert verdict.likely.rule == "a default top_k=12 is applied"
    assert "ranks      in all states together, tokens behind the 1" in str(verdict)
    assert judge_samples(chain, drawn(table, 20_000, 4, 0)).ok


def test_rank_tests_are_valid_for_sums_of_different_laws():
    """P(p <= a) <= a for three draws of three states, by all 2^9 outcomes of two tokens each."""
    likely = [0.9, 0.6, 0.75]
    p_values, weights = [], []
    for outcome in np.ndindex(4, 4, 4):  # how often the likelier token came, of three draws each
        tally = RankTally(2)
        tally.add(np.array([[c, 3 - c] for c in outcome]), np.array([[p, 1 - p] for p in likely]))
        p_values.append(tally.tests()[0].p_value)
        weights.append(np.prod([binom.pmf(c, 3, p) for c, p in zip(outcome, likely, strict=True)]))
    p_values, weights = np.array(p_values), np.array(weights)
    assert weights.sum() == pytest.approx(1)
    for level in np.unique(p_values[p_values < 1]):
        assert weights[p_values <= level].sum() <= level
    assert p_values.min() < 0.05


def test_rank_tests_count_by_the_law_of_each_state():
    """Tokens behind the likeliest: 2 + 5 draws of 20, expected 10 * 0.2 + 10 * 0.3."""
    tally = RankTally(3)
    tally.add(np.array([[8, 1, 1], [2, 3, 5]]), np.array([[0.8, 0.1, 0.1], [0.1, 0.2, 0.7]]))
    first = tally.tests()[0]
    assert (first.rank, first.drawn, first.n) == (1, 7, 20)
    assert first.expected == pytest.approx(5)


def test_top_k_that_loses_only_the_last_token_is_found():
    """50 tokens, the rarest of which is never drawn: TV 0.002 in every state, seen behind the 49 likeliest."""
    table = np.random.default_rng(0).dirichlet(np.full(50, 2.0), size=50)
    chain = mg.chain_from_table(table)
    cut = mg.decode(chain, mg.Decoding(top_k=49)).probabilities
    verdict = judge_samples(chain, drawn(cut, 80_000, 1, 0, context_length=1))
    assert not verdict.ok
    assert (verdict.ranks.rank, verdict.ranks.drawn) == (49, 0)
    assert judge_samples(chain, drawn(table, 80_000, 1, 0, context_length=1)).ok


def test_rank_tests_are_few():
    """Each costs the others some of the rate of false alarms: 32 first ranks, and powers of two from either end."""
    tally = RankTally(50_257)
    tally.add(np.ones((1, 50_257), dtype=np.int64), np.full((1, 50_257), 1 / 50_257))
    ranks = [test.rank for test in tally.tests()]
    assert ranks[:33] == [*range(1, 33), 64]
    assert ranks[-3:] == [50_257 - 4, 50_257 - 2, 50_257 - 1]
    assert len(ranks) < 64
