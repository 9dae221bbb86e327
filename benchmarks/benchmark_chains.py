"""Chains of two tokens that are easy, and chains that are not."""

import numpy as np

import markovgpt as mg

__all__ = ["KINDS", "chain_of"]

_ROWS = 2**20  # made at once


def _random(rng, context_length, scale):
    table = np.empty((2**context_length, 2))
    for start in range(0, len(table), _ROWS):
        logits = scale * rng.standard_normal((min(_ROWS, len(table)), 2))
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        table[start : start + len(logits)] = weights / weights.sum(axis=1, keepdims=True)
    return table


def _nearly_periodic(rng, context_length):
    """The orbit of 11110 is followed with 1 - 1e-9."""
    table = _random(rng, context_length, 1)
    orbit = "11110" * (context_length // 5 + 2)
    for start in range(5):
        state, token = int(orbit[start : start + context_length], 2), int(orbit[start + context_length])
        table[state] = 1e-9
        table[state, token] = 1 - 1e-9
    return table


def _nearly_decomposable(rng, context_length):
    """00...0 and 11...1 hold themselves with 1 - 1e-9 and 1 - 3e-10."""
    table = _random(rng, context_length, 1)
    table[0], table[-1] = [1 - 1e-9, 1e-9], [3e-10, 1 - 3e-10]
    return table


KINDS = {
    "random": lambda rng, K: _random(rng, K, 3),
    "cold": lambda rng, K: _random(rng, K, 30),
    "nearly periodic": _nearly_periodic,
    "nearly decomposable": _nearly_decomposable,
}


def chain_of(kind, context_length):
    return mg.chain_from_table(KINDS[kind](np.random.default_rng(0), context_length))
