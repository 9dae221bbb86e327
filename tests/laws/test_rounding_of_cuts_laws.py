"""Which cuts of top-k and top-p hang on rounding? By the definition: change the numbers a little, and look."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from markovgpt import Decoding
from markovgpt.testing.contexts import contexts_of_length, lengths_asked
from markovgpt.testing.judging import hangs_on_rounding, windows

LAWS = st.lists(st.integers(1, 12), min_size=2, max_size=5).map(lambda w: np.log(np.array([w]) / sum(w)))
RULES = st.one_of(
    st.builds(Decoding, top_k=st.integers(1, 5)),
    st.builds(Decoding, top_p=st.sampled_from([0.3, 0.5, 0.7, 0.9]), temperature=st.sampled_from([0.5, 1.0, 2.0])),
    st.builds(Decoding, top_k=st.integers(1, 4), top_p=st.sampled_from([0.5, 0.8])),
)


@given(logs=LAWS, rule=RULES, seed=st.integers(0, 5))
def test_cut_that_hangs_on_nothing_keeps_its_tokens_when_numbers_change_a_little(logs, rule, seed):
    """A rounding keeps the support, but for exact ties at the cut of top-k, which a rounding undoes by definition."""
    hangs = hangs_on_rounding(logs, rule)[0]
    noise = 1e-7 * np.random.default_rng(seed).normal(size=logs.shape)
    noise = noise[0][np.unique(logs[0], return_inverse=True)[1]][None]  # equal numbers stay equal
    before, after = (rule.apply(table) > 0 for table in (logs, logs + noise))
    assert hangs or (before == after).all()


def test_near_tie_at_the_cut_of_top_k_hangs_and_an_exact_one_does_not():
    """All that tie are kept; what differs by a rounding may or may not."""
    rule = Decoding(top_k=1)
    laws = np.log([[0.4, 0.4, 0.2], [0.4, 0.4 + 1e-9, 0.2 - 1e-9], [0.5, 0.3, 0.2]])
    assert hangs_on_rounding(laws, rule).tolist() == [False, True, False]


def test_sum_at_the_cut_of_top_p_hangs_and_so_do_ties_across_it():
    """0.5 reached exactly; two tokens that tie, one of which crosses."""
    laws = np.log([[0.5, 0.3, 0.2], [0.6, 0.3, 0.1], [0.4, 0.3, 0.3]])
    assert hangs_on_rounding(laws, Decoding(top_p=0.5)).tolist() == [True, False, True]


@given(V=st.integers(1, 60), length=st.integers(1, 9), seed=st.integers(0, 3))
def test_contexts_are_all_or_a_sample_of_different_ones(V, length, seed):
    """As many as it says; and the same for the same seed."""
    contexts = contexts_of_length(V, length, seed=seed)
    assert len({tuple(row) for row in contexts.tokens.tolist()}) == len(contexts)
    assert contexts.tokens.min() >= 0
    assert contexts.tokens.max() < V
    assert contexts.exhaustive == (len(contexts) == V**length)
    assert contexts.exhaustive or V**length > 4096 or V ** (length + 1) > 2**17
    np.testing.assert_array_equal(contexts.tokens, contexts_of_length(V, length, seed=seed).tokens)


def test_lengths_go_from_one_to_the_whole_context():
    """Every length up to 16; the first and the last two always."""
    assert lengths_asked(16) == list(range(1, 17))
    assert lengths_asked(1024)[0] == 1
    assert lengths_asked(1024)[-2:] == [1023, 1024]


def test_windows_are_the_draws_with_the_tokens_before_them():
    """By hand."""
    rows = np.array([[0, 1, 2, 3], [4, 5, 6, 7]])
    assert windows(rows, 1, 2).tolist() == [[1, 2], [2, 3], [5, 6], [6, 7]]
