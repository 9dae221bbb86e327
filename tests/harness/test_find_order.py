"""Is the Markov order found, where it is known by construction?"""

from __future__ import annotations

import numpy as np
import pytest
from gpts import random_gpt
from memories import CountsPositions, Crops, Recurrent, Refuses, RepetitionPenalty, SlidingWindow, StaleSession

import markovgpt as mg
from markovgpt.errors import ArgumentError, ModelError
from markovgpt.models.mingpt import MinGPTConfig
from markovgpt.testing import assert_order, find_order


@pytest.mark.parametrize(("window", "layers"), [(2, 1), (2, 3), (3, 2), (4, 2), (3, 4)])
def test_sliding_window_has_order_l_times_w_minus_1_plus_1(window, layers):
    """Every layer lets information travel W - 1 tokens further."""
    model = SlidingWindow(window=window, layers=layers)
    found = find_order(model, max_length=12, atol=1e-9)
    assert found.order == layers * (window - 1) + 1
    assert found.exhaustive


def test_sliding_window_is_named_in_the_message():
    model = SlidingWindow(window=3, layers=2)
    with pytest.raises(AssertionError, match=r"SlidingWindow does not have Markov order 3") as failure:
        assert_order(model, 3, atol=1e-9)
    text = str(failure.value)
    assert "sliding-window attention: 2 layers of a window of 3 reach 2 (3 - 1) + 1 tokens" in text
    assert "order      5\n" in text
    assert_order(model, 5, atol=1e-9)


def test_counterexample_is_a_pair_with_the_same_last_tokens_and_other_laws():
    """Asked again, the model gives the two laws that the verdict shows."""
    model = SlidingWindow(window=2, layers=3)
    found = find_order(model, atol=1e-9)
    for k in range(1, 4):
        example = found.refutes(k)
        assert example.first[-k:] == example.second[-k:]
        logits = [model.next_logits(np.array([history]))[0] for history in (example.first, example.second)]
        laws = [np.exp(row) / np.exp(row).sum() for row in logits]
        np.testing.assert_allclose(laws, example.laws, atol=1e-12)
        assert abs(laws[0] - laws[1]).max() == pytest.approx(example.distance)
    assert found.refutes(4) is None


def test_order_of_a_large_vocabulary_is_searched():
    """V = 40, order 5: 40^16 histories; every token back is replaced in seeded ones."""
    found = find_order(Crops(vocab_size=40, context_length=4, sees=5))
    assert found.order == 5
    assert not found.exhaustive
    assert (found.effects[:5] > 1e-3).all()
    assert (found.effects[5:] == 0).all()
    with pytest.raises(AssertionError, match=r"seeded histories, every token replaced in turn \(a search, no proof\)"):
        assert_order(Crops(vocab_size=40, context_length=4, sees=5))


def test_recurrent_state_has_no_order():
    """Even the oldest of 11 tokens matters."""
    found = find_order(Recurrent(), atol=1e-12)
    assert found.order is None
    with pytest.raises(AssertionError, match="a recurrent state, or a cache that is never cut"):
        assert_order(Recurrent(), atol=1e-12)


def test_positions_that_are_counted_from_the_start_are_found():
    """No token beyond K matters, but their number does."""
    with pytest.raises(AssertionError, match="positions: the law depends on how many tokens there are") as failure:
        assert_order(CountsPositions())
    assert "does not have Markov order 3" in str(failure.value)


def test_repetition_penalty_is_named():
    """Only the odds of the tokens that were swapped change."""
    with pytest.raises(AssertionError, match="a repetition penalty: only the odds of the replaced tokens change"):
        assert_order(RepetitionPenalty(vocab_size=5))


def test_rolling_cache_of_a_session_is_found():
    """``next_logits`` takes K tokens and is right; the session remembers K + 2."""
    model = StaleSession(vocab_size=2)
    found = find_order(model)
    assert found.order == 5
    assert found.refused == ("next_logits",)
    with pytest.raises(AssertionError, match="the cache keeps what older tokens left in it") as failure:
        assert_order(model)
    assert "by session" in str(failure.value)
    assert_order(model, channels=("next_logits",))


def test_gpt_of_the_package_has_the_order_that_it_declares():
    """Its sessions take any number of tokens, and the window slides."""
    config = MinGPTConfig(
        vocab_size=2, context_length=3, n_layer=2, n_head=2, n_embd=8, bias=True, tied=False, gelu="tanh"
    )
    model = random_gpt(config, spread=1.0)
    found = find_order(model, max_length=8)
    assert found.order == 3
    assert found.channels == ("next_logits", "session")
    assert_order(model, max_length=8, tight=True)


def test_order_smaller_than_the_declared_one_is_refused_without_blame():
    """The model is as it says; what was asked for is not."""
    model = mg.load_model("babygpt")
    with pytest.raises(AssertionError, match="likely     it looks 3 tokens back, as its context_length says; 2 was"):
        assert_order(model, 2)


def test_order_below_the_declared_one_is_found():
    """K = 4, of which two tokens matter."""
    model = Crops(vocab_size=2, context_length=4, sees=2)
    assert find_order(model, max_length=9).order == 2
    assert_order(model)
    assert_order(model, 2)
    with pytest.raises(AssertionError, match="does not look 4 tokens back") as failure:
        assert_order(model, tight=True)
    assert "order      2\n" in str(failure.value)
    with pytest.raises(AssertionError, match="the window is off by one: 2 in place of 3"):
        assert_order(model, 3, tight=True)


def test_constant_law_has_order_zero():
    assert find_order(Crops(sees=0)).order == 0
    assert_order(Crops(sees=0), 0)
    with pytest.raises(AssertionError, match="does not have Markov order 0"):
        assert_order(Crops(sees=1), 0)


def test_model_that_takes_no_longer_histories_is_asked_up_to_k():
    found = find_order(Refuses())
    assert found.order == 3
    assert found.max_length == 3
    assert found.refused == ("next_logits",)
    assert_order(Refuses())
    with pytest.raises(AssertionError, match="next_logits takes no more than K"):
        assert_order(Refuses(), 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: assert_order(Crops(), -1), "k is a whole number, at least 0: got -1"),
        (
            lambda: assert_order(Crops(), atol=-1),
            "atol is the largest difference of a probability that is called rounding, at least 0",
        ),
        (lambda: find_order(Crops(), max_length=0), "max_length is a number of tokens, at least 1"),
        (lambda: find_order(Crops(), channels=("session",)), "can be asked by next_logits: got 'session'"),
        (lambda: find_order("model"), "A model needs `vocab_size`"),
    ],
)
def test_order_refuses_wrong_use(call, message):
    with pytest.raises(ArgumentError, match=message):
        call()


def test_model_that_fails_within_its_context_is_a_model_error():
    class Broken(Crops):
        def next_logits(self, contexts):
            raise ValueError(contexts.shape)

    with pytest.raises(ModelError, match="Broken failed"):
        find_order(Broken())


def test_order_is_not_known_where_fewer_than_k_tokens_were_tried_and_the_oldest_matters():
    """It was asked about histories of two tokens, and looks four back."""
    found = find_order(Crops(vocab_size=3, context_length=4, sees=4), max_length=2)
    assert found.order is None
    assert "\n  order      larger than 1: even the oldest token that was tried matters\n" in str(found)
    assert find_order(Crops(vocab_size=3, context_length=4, sees=1), max_length=2).order == 1


def test_order_of_a_model_that_refuses_more_than_k_tokens_is_k():
    """There is nothing longer that could matter."""
    assert find_order(Refuses()).order == Refuses().context_length


@pytest.mark.parametrize("longest", [1, 2])
def test_histories_that_are_not_longer_than_the_order_are_refused(longest):
    """Nothing older than the last k tokens would be replaced, and anything would pass."""
    with pytest.raises(ArgumentError, match=rf"must be longer than k=2, .*: got max_length={longest}"):
        assert_order(Recurrent(), 2, max_length=longest)


def test_verdict_is_shown_in_lines():
    """The order, how it was found, and the pair with most tokens in common; no arrays."""
    found = find_order(SlidingWindow(window=2, layers=3), atol=1e-9)
    lines = str(found).splitlines()
    example = found.refutes(3)
    assert lines[0] == f"The Markov order of SlidingWindow, which declares K={found.declared}"
    assert [line.split()[0] for line in lines[1:]] == ["order", "asked", "not", "history", "history"]
    assert lines[1] == "  order      4"
    assert f"all {found.n_histories:,} histories (exhaustive) of up to {found.max_length} tokens" in lines[2]
    assert lines[3].startswith("  not less   same last 3 tokens, different law: 0.")
    assert lines[4:] == [f"  history a  {list(example.first)}", f"  history b  {list(example.second)}"]
    nothing = find_order(mg.from_matrix([[1.0]]))
    assert str(nothing).splitlines()[1] == "  order      0"
    assert "all 1 history (exhaustive) of up to 1 token," in str(nothing)
