"""How does one step of the chain act on a distribution (push) and on a function (pull)?

Both work on the one array of next-token probabilities: no transition matrix, no index arrays. ``sizes`` are the numbers
of states of each length, shortest first (one entry for a full-length chain). A state of the last length drops its
oldest token: with s = a*R + r, R = V^(K-1), it goes to r*V + t. A shorter one, s, grows to s*V + t.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["pull", "push"]

Vector = NDArray[np.float64]


def push(probabilities: NDArray[np.float64], mu: Vector, *, sizes: Sequence[int]) -> Vector:
    """``mu P``: the distribution after one step. ``(n, V), (n,) -> (n,)``."""
    V = probabilities.shape[1]
    after = np.zeros_like(mu, dtype=np.float64)  # (n,)
    start = 0
    for size in sizes[:-1]:
        stop = start + size
        after[stop : stop + size * V] = (probabilities[start:stop] * mu[start:stop, None]).ravel()  # (size * V,)
        start = stop
    table = probabilities[start:].reshape(V, -1, V)  # (V, R, V): oldest token, the others, next token
    after[start:] += np.einsum("ar,art->rt", mu[start:].reshape(V, -1), table).ravel()  # (R * V,)
    return after


def pull(probabilities: NDArray[np.float64], f: Vector, *, sizes: Sequence[int]) -> Vector:
    """``P f``: the expected value of ``f`` after one step. ``(n, V), (n,) -> (n,)``."""
    V = probabilities.shape[1]
    before = np.empty_like(f, dtype=np.float64)  # (n,)
    start = 0
    for size in sizes[:-1]:
        stop = start + size
        values = f[stop : stop + size * V].reshape(size, V)  # (size, V)
        before[start:stop] = np.einsum("st,st->s", probabilities[start:stop], values)
        start = stop
    table = probabilities[start:].reshape(V, -1, V)  # (V, R, V)
    before[start:] = np.einsum("art,rt->ar", table, f[start:].reshape(-1, V)).ravel()  # (V * R,)
    return before
