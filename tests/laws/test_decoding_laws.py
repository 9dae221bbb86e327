"""What every decoding rule keeps, and what it may change."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import logit_tables, rules, table_of_logits

from markovgpt import Decoding

_TIED = np.log([[0.3, 0.3, 0.3, 0.1]])


@given(logits=logit_tables(), rule=rules())
def test_apply_gives_distributions(logits: np.ndarray, rule: Decoding) -> None:
    """Rows of numbers of at least 0 that sum to 1."""
    p = rule.apply(logits)
    assert p.min() >= 0
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=0, atol=1e-14)


@given(logits=logit_tables(), rule=rules())
def test_apply_leaves_its_input_alone(logits: np.ndarray, rule: Decoding) -> None:
    """The logits are the caller's."""
    before = logits.copy()
    rule.apply(logits)
    np.testing.assert_array_equal(logits, before)


@given(logits=logit_tables())
def test_default_rule_is_the_softmax(logits: np.ndarray) -> None:
    """``exp(z_t) / sum exp(z)``."""
    np.testing.assert_allclose(Decoding().apply(logits), table_of_logits(logits), rtol=1e-14)


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(Decoding(temperature=1.0), id="temperature 1"),
        pytest.param(Decoding(top_k=6), id="top-k V"),
        pytest.param(Decoding(top_k=1000), id="top-k above V"),
        pytest.param(Decoding(top_p=1.0), id="top-p 1"),
        pytest.param(Decoding(min_p=0.0), id="min-p 0"),
    ],
)
@given(logits=logit_tables())
def test_weakest_setting_does_nothing(rule: Decoding, logits: np.ndarray) -> None:
    """At its neutral value an option changes no bit (tables have at most six tokens)."""
    np.testing.assert_array_equal(rule.apply(logits), Decoding().apply(logits))


@given(logits=logit_tables(), rule=rules())
def test_support_never_grows(logits: np.ndarray, rule: Decoding) -> None:
    """A token that the model excludes stays excluded."""
    assert not (rule.apply(logits)[np.isneginf(logits)] > 0).any()


@given(logits=logit_tables(), rule=rules())
def test_a_likeliest_token_is_kept(logits: np.ndarray, rule: Decoding) -> None:
    """The lowest of the likeliest tokens has the largest probability afterwards."""
    p = rule.apply(logits)
    np.testing.assert_array_equal(p[np.arange(len(p)), logits.argmax(axis=1)], p.max(axis=1))


@given(logits=logit_tables(), rule=rules())
def test_order_of_likelihood_is_kept(logits: np.ndarray, rule: Decoding) -> None:
    """A token that was at most as likely as another is not likelier after temperature, top-k or min-p."""
    rule = Decoding(temperature=rule.temperature, top_k=rule.top_k, min_p=rule.min_p)
    p = rule.apply(logits)
    for z, q in zip(logits, p, strict=True):
        order = np.argsort(z, kind="stable")
        assert (np.diff(q[order]) >= 0).all()


@given(logits=logit_tables(most=5.0), rule=rules())
def test_kept_tokens_keep_their_ratios(logits: np.ndarray, rule: Decoding) -> None:
    """Cutting tokens off divides all others by the same number: ``p_kept = p / sum of p over the kept``."""
    cutting = Decoding(top_k=rule.top_k, top_p=rule.top_p, min_p=rule.min_p)
    before, after = Decoding().apply(logits), cutting.apply(logits)
    kept = np.where(after > 0, before, 0.0)
    np.testing.assert_allclose(after, kept / kept.sum(axis=1, keepdims=True), rtol=1e-13)


@given(logits=logit_tables(), k=st.integers(1, 6))
def test_top_k_keeps_the_tokens_that_fewer_than_k_beat(logits: np.ndarray, k: int) -> None:
    """A token stays if fewer than k are strictly likelier: all that tie with the k-th are kept."""
    beaten_by = (logits[:, None, :] > logits[:, :, None]).sum(axis=2)  # (n, V)
    np.testing.assert_array_equal(Decoding(top_k=k).apply(logits) > 0, (beaten_by < k) & np.isfinite(logits))


@given(logits=logit_tables(most=5.0), top_p=st.floats(0.01, 0.99))
def test_top_p_keeps_the_fewest_tokens_that_reach_it(logits: np.ndarray, top_p: float) -> None:
    """The sum of the kept tokens reaches p, the crossing token included, and without the last would not."""
    before = Decoding().apply(logits)
    kept = np.where(Decoding(top_p=top_p).apply(logits) > 0, before, np.nan)
    assert (np.nansum(kept, axis=1) >= top_p - 1e-12).all()
    assert (np.nansum(kept, axis=1) - np.nanmin(kept, axis=1) < top_p + 1e-12).all()


@given(logits=logit_tables(most=5.0), min_p=st.floats(0.01, 1))
def test_min_p_keeps_the_tokens_near_the_likeliest(logits: np.ndarray, min_p: float) -> None:
    """``p >= min_p * max p``; within rounding of the border either answer will do."""
    before, kept = Decoding().apply(logits), Decoding(min_p=min_p).apply(logits) > 0
    ratio = before / before.max(axis=1, keepdims=True)
    clear = abs(ratio - min_p) > 1e-12
    np.testing.assert_array_equal(kept[clear], (ratio >= min_p)[clear])


@given(logits=logit_tables())
def test_greedy_is_one_hot_at_the_lowest_likeliest_token(logits: np.ndarray) -> None:
    """All probability on one token; of several that tie, the first."""
    V = logits.shape[1]
    expected = [[float(t == next(u for u in range(V) if row[u] == max(row))) for t in range(V)] for row in logits]
    np.testing.assert_array_equal(Decoding(greedy=True).apply(logits), expected)


@given(logits=logit_tables(most=5.0), temperature=st.floats(0.2, 5))
def test_temperature_raises_probabilities_to_a_power(logits: np.ndarray, temperature: float) -> None:
    """``p^(1/T)``, normalised."""
    powers = table_of_logits(logits) ** (1 / temperature)
    expected = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(Decoding(temperature=temperature).apply(logits), expected, rtol=1e-11)


@pytest.mark.parametrize("temperature", [5e-324, 1e-310, 1e-100, 1e-8, 1e8, 1e100, 1.7e308])
@given(logits=logit_tables(most=1e300))
def test_extreme_temperature_gives_distributions(temperature: float, logits: np.ndarray) -> None:
    """No NaN, no warning, whatever overflows on the way."""
    p = Decoding(temperature=temperature).apply(logits)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("temperature", "expected"),
    [
        pytest.param(1e-300, [0.5, 0.5, 0.0], id="cold: shared by the likeliest"),
        pytest.param(1e300, [1 / 3, 1 / 3, 1 / 3], id="hot: uniform"),
    ],
)
def test_extreme_temperature_reaches_its_limit(temperature: float, expected: list[float]) -> None:
    """Cold leaves the likeliest tokens, equally; hot makes all tokens equal."""
    p = Decoding(temperature=temperature).apply(np.array([[2.0, 2.0, 1.0]]))
    np.testing.assert_allclose(p, [expected], rtol=1e-15)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param(Decoding(top_k=1), [1 / 3, 1 / 3, 1 / 3, 0], id="top-k keeps all that tie"),
        pytest.param(Decoding(top_p=0.5), [1 / 2, 1 / 2, 0, 0], id="top-p takes the lowest of a tie"),
        pytest.param(Decoding(top_p=0.05), [1, 0, 0, 0], id="top-p keeps the crossing token"),
        pytest.param(Decoding(min_p=1.0), [1 / 3, 1 / 3, 1 / 3, 0], id="min-p 1 keeps all that tie"),
        pytest.param(Decoding(greedy=True), [1, 0, 0, 0], id="greedy takes the lowest of a tie"),
    ],
)
def test_ties_are_broken_as_said(rule: Decoding, expected: list[float]) -> None:
    """Three tokens of .3 and one of .1."""
    np.testing.assert_allclose(rule.apply(_TIED), [expected], rtol=1e-14)


@pytest.mark.parametrize(("top_p", "kept"), [(0.25, 1), (0.5, 1), (0.500001, 2), (0.75, 2), (0.750001, 3)])
def test_top_p_stops_where_the_sum_is_reached_exactly(top_p: float, kept: int) -> None:
    """1/2, 1/4, 1/4, exact in float64: a half is reached by the first token, three quarters by two."""
    p = Decoding(top_p=top_p).apply(np.log([[0.5, 0.25, 0.25]]))
    assert np.flatnonzero(p[0]).tolist() == list(range(kept))


def test_top_p_takes_the_lowest_of_many_that_tie() -> None:
    """64 tokens, every other one twice as likely, 2/96 each: 33/96 need 17 of those, the first 17."""
    p = Decoding(top_p=33 / 96).apply(np.log(np.tile([[1.0, 2.0]], 32)))
    assert np.flatnonzero(p[0]).tolist() == list(range(1, 34, 2))


def test_rules_apply_in_the_usual_order() -> None:
    """T=1/2 squares .5 .3 .2 to 25 9 4, top-k 2 leaves 25 9; .7 needs the first only (25/34 = .735)."""
    rule = Decoding(temperature=0.5, top_k=2, top_p=0.7)
    np.testing.assert_allclose(rule.apply(np.log([[0.5, 0.3, 0.2]])), [[1, 0, 0]], rtol=1e-14)


def test_min_p_looks_at_what_top_p_left() -> None:
    """.5 .3 .2 with top-p .7 is .625 .375; .375 is below .7 of .625 and goes."""
    rule = Decoding(top_p=0.7, min_p=0.7)
    np.testing.assert_allclose(rule.apply(np.log([[0.5, 0.3, 0.2]])), [[1, 0, 0]], rtol=1e-14)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        pytest.param(Decoding(), "none", id="default"),
        pytest.param(Decoding(greedy=True), "greedy", id="greedy"),
        pytest.param(Decoding(temperature=0.7, top_k=5, top_p=0.9, min_p=0.1), None, id="all four"),
    ],
)
def test_describe_names_what_was_changed(rule: Decoding, words: str | None) -> None:
    """Only options that differ from their defaults, in the order of application."""
    assert rule.describe() == (words or "temperature 0.7, top-k 5, top-p 0.9, min-p 0.1")
