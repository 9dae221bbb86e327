"""Which zeros of a chain are none in law? Against fifty digits, and against two states that are worked out by hand."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import logit_tables, rules

import markovgpt as mg
from markovgpt import Decoding


def two_states(*, far: float = -1.0, near: float = -0.5) -> mg.LanguageModel:
    """From 0 to 1 with a logit of ``far`` against 0, from 1 to 0 with ``near``."""
    logits = np.array([[0.0, far], [near, 0.0]])
    return mg.from_callable(lambda contexts: logits[contexts[:, -1]], vocab_size=2, context_length=1)


def lost(model: mg.LanguageModel, **rule: Any) -> int | None:
    return mg.build_chain(model, decoding=Decoding(**rule)).origin.n_underflows


@pytest.mark.parametrize(
    ("temperature", "count"),
    [
        pytest.param(1.0, 0, id="own law"),
        pytest.param(1 / 744, 0, id="exp(-744) is 1e-323, two units of the last place"),
        pytest.param(1 / 746, 1, id="exp(-746) is 1e-324, less than half a unit"),
        pytest.param(1 / 1488, 1, id="exp(-744) from 1"),
        pytest.param(1 / 1492, 2, id="exp(-746) from 1"),
    ],
)
def test_two_states_underflow_where_their_logarithm_says(temperature: float, count: int) -> None:
    """exp(-1/T) from 0 and exp(-0.5/T) from 1; there is no double between 0 and 2^-1074 = exp(-744.44)."""
    chain = mg.build_chain(two_states(), decoding=Decoding(temperature=temperature))
    assert (chain.origin.n_underflows, int((chain.probabilities == 0).sum())) == (count, count)


def test_what_the_model_excludes_is_no_underflow() -> None:
    """Minus infinity from 0. From 1 there is a logit, though float64 cannot hold it divided by the temperature."""
    assert lost(two_states(far=-np.inf)) == 0
    assert lost(two_states(far=-np.inf, near=-1e308), temperature=0.1) == 1


@pytest.mark.parametrize("rule", [{"top_k": 1}, {"top_p": 0.999}, {"min_p": 1e-300}, {"greedy": True}], ids=str)
def test_what_the_rule_excludes_is_no_underflow(rule: dict[str, Any]) -> None:
    """Both arrows to the other state are cut, however cold it is."""
    assert lost(two_states(), temperature=1e-3, **rule) == 0


@pytest.mark.parametrize("rule", [{"top_k": 2}, {"top_p": 1.0}, {"min_p": 0.0}], ids=str)
def test_rule_that_excludes_nothing_keeps_what_underflows(rule: dict[str, Any]) -> None:
    """As at the temperature alone; exp(-1000) from 0, exp(-500) from 1."""
    assert lost(two_states(), temperature=1e-3, **rule) == 1


def exactly_lost(logits: list[float], rule: Decoding) -> int | None:
    """By the definition, with fifty digits; None where rounding decides what is kept, or what is 0."""
    if rule.greedy:
        return 0
    k = len(logits) if rule.top_k is None else rule.top_k
    kept = [t for t, z in enumerate(logits) if z > -np.inf and sum(other > z for other in logits) < k]
    with mpmath.workdps(50):
        weights = {t: mpmath.exp((mpmath.mpf(logits[t]) - max(logits)) / rule.temperature) for t in kept}
        p = {t: w / sum(weights.values()) for t, w in weights.items()}
        if any(1e-324 < q < mpmath.mpf("1.5e-323") for q in p.values()):
            return None
        if rule.top_p is not None and rule.top_p < 1:
            ranked = sorted(kept, key=lambda t: (-p[t], t))
            before = {t: sum((p[other] for other in ranked[:i]), mpmath.mpf(0)) for i, t in enumerate(ranked)}
            if any(abs(b - rule.top_p) < 1e-12 for b in before.values()):
                return None
            kept = [t for t in kept if before[t] < rule.top_p]
        if rule.min_p is not None:
            floor = rule.min_p * max(p.values())
            if any(abs(p[t] - floor) < 1e-12 * floor for t in kept):
                return None
            kept = [t for t in kept if p[t] >= floor]
        return sum(p[t] < 1e-324 for t in kept)


@given(logits=logit_tables(most=3000.0), rule=rules())
def test_underflows_are_those_of_fifty_digits(logits: np.ndarray, rule: Decoding) -> None:
    """Every kind of rule, logits far apart; rows that rounding decides are left out."""
    rows = [(row, exactly_lost(row.tolist(), rule)) for row in logits]
    sure = [(row, count) for row, count in rows if count is not None]
    assume(sure)
    table = np.array([row for row, _ in sure])
    assert rule.underflows(table, rule.apply(table)) == sum(count for _, count in sure)


@given(logits=logit_tables(most=3000.0), temperature=st.sampled_from([0.1, 1.0, 30.0]))
def test_several_rules_at_once_count_as_each_alone(logits: np.ndarray, temperature: float) -> None:
    """``build_chains``, which keeps the logits; states of one token, as many as there are."""
    n = min(logits.shape)
    model = mg.from_callable(lambda c: logits[c[:, -1], :n], vocab_size=n, context_length=1)
    assume(np.isfinite(logits[:n, :n]).any(axis=1).all())
    chains = mg.build_chains(model, [Decoding(), Decoding(temperature=temperature)])
    assert [chain.origin.n_underflows for chain in chains] == [lost(model), lost(model, temperature=temperature)]


def test_decoding_a_chain_again_adds_what_underflows_now() -> None:
    """1 at the model's own law; colder, the other arrow underflows as well."""
    chain = mg.build_chain(two_states(far=-1000.0))
    assert chain.origin.n_underflows == 1
    assert mg.decode(chain, Decoding(temperature=0.5)).origin.n_underflows == 1
    assert mg.decode(chain, Decoding(temperature=1e-4)).origin.n_underflows == 2


def test_decoding_a_chain_again_cannot_know_which_lost_arrows_a_cut_would_keep() -> None:
    """Unknown, unless none was lost."""
    assert mg.decode(mg.build_chain(two_states(far=-1000.0)), Decoding(top_k=1)).origin.n_underflows is None
    assert mg.decode(mg.build_chain(two_states()), Decoding(top_k=1)).origin.n_underflows == 0


def test_walk_counts_the_arrows_of_the_contexts_that_it_meets() -> None:
    """From 0 the arrow to 1 is lost: one context, one arrow; from 1 both contexts are met."""
    rule = Decoding(temperature=1 / 1000)
    assert [mg.reachable_chain(two_states(), s, decoding=rule).n_states for s in "01"] == [1, 2]
    assert [mg.reachable_chain(two_states(), s, decoding=rule).origin.n_underflows for s in "01"] == [1, 1]


def test_walk_with_thresholds_counts_what_it_can() -> None:
    """An arrow of 1e-400 is below any threshold of arrows; whether its context is, depends on the way there."""
    rule = Decoding(temperature=1 / 1000)
    found = mg.reachable_chain(two_states(), "1", decoding=rule, min_probability=1e-300)
    assert found.origin.n_underflows == 0
    assert mg.reachable_chain(two_states(), "1", decoding=rule, min_reach=1e-300).origin.n_underflows is None
    assert mg.reachable_chain(two_states(), "1", min_reach=1e-3).origin.n_underflows == 0


def test_table_has_the_zeros_that_it_was_given() -> None:
    """Nobody underflowed; nor in a model that is made of it, however cold, where it has zeros alone."""
    table = [[1.0, 0.0], [0.5, 0.5]]
    assert mg.chain_from_table(table).origin.n_underflows == 0
    assert lost(mg.from_matrix(table), temperature=1e-6) == 0
