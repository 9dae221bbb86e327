"""Laws of 27 states, and tokens drawn from laws: by inversion, independent of the package."""

from __future__ import annotations

import numpy as np

import markovgpt as mg

__all__ = ["CHAIN", "TABLE", "K", "V", "drawn"]

V, K = 3, 3
TABLE = np.random.default_rng(7).dirichlet(np.full(V, 1.5), size=V**K)
CHAIN = mg.chain_from_table(TABLE)


def drawn(table, m, n, seed, *, context_length=K):
    """Rows of K random tokens and n draws: by inversion of each row, independent of the package."""
    rng = np.random.default_rng(seed)
    tokens = table.shape[1]
    rows = rng.integers(0, tokens, size=(m, context_length))
    sums = np.cumsum(table, axis=1)
    for _ in range(n):
        states = rows[:, -context_length:] @ tokens ** np.arange(context_length - 1, -1, -1)
        new = (sums[states] < rng.random(m)[:, None] * sums[states][:, -1:]).sum(axis=1)
        rows = np.column_stack([rows, np.minimum(new, tokens - 1)])
    return rows
