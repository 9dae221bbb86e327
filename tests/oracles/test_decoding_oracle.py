"""Decoding rules against a slow implementation, one row and one token at a time."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from strategies import logit_tables, rules

from markovgpt import Decoding


def _slow_rule(logits: list[float], rule: Decoding) -> list[float]:
    """The rule as its documentation tells it."""
    V, top = len(logits), max(logits)
    if rule.greedy:
        return [float(t == logits.index(top)) for t in range(V)]
    scaled = [(z - top) / rule.temperature for z in logits]
    kept = list(range(V))
    if rule.top_k is not None:
        kept = [t for t in kept if sum(z > scaled[t] for z in scaled) < rule.top_k]
    p = _normalise([math.exp(scaled[t]) if t in kept else 0.0 for t in range(V)])
    if rule.top_p is not None and rule.top_p < 1:
        total, nucleus = 0.0, set()
        for token in sorted(range(V), key=lambda t: (-p[t], t)):
            nucleus.add(token)
            total += p[token]
            if total >= rule.top_p:
                break
        p = _normalise([p[t] if t in nucleus else 0.0 for t in range(V)])
    if rule.min_p is not None:
        p = _normalise([q if q >= rule.min_p * max(p) else 0.0 for q in p])
    return p


def _normalise(weights: list[float]) -> list[float]:
    return [weight / sum(weights) for weight in weights]


def _is_border(logits: list[float], rule: Decoding) -> bool:
    """Whether rounding alone decides what top-p or min-p keep."""
    p = _slow_rule(logits, Decoding(temperature=rule.temperature, top_k=rule.top_k))
    sums = np.cumsum(sorted(p, reverse=True))
    at_p = rule.top_p is not None and (abs(sums - rule.top_p) < 1e-12).any()
    return at_p or (rule.min_p is not None and any(abs(q / max(p) - rule.min_p) < 1e-12 for q in p))


@given(logits=logit_tables(), rule=rules())
def test_apply_does_what_the_slow_rule_does(logits: np.ndarray, rule: Decoding) -> None:
    """Row by row; rows where a border is hit within rounding are left to the laws."""
    found = rule.apply(logits)
    for row, p in zip(logits.tolist(), found, strict=True):
        if rule.greedy or not _is_border(row, rule):
            np.testing.assert_allclose(p, _slow_rule(row, rule), rtol=1e-12, atol=1e-300)
