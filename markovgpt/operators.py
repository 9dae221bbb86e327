"""How does one step of the chain act on a distribution (push) and on a function (pull)?

Both work on the one array of next-token probabilities: no transition matrix, no index arrays. ``sizes`` are the numbers
of states of each length, shortest first (one entry for a full-length chain). A state of the last length drops its
oldest token: with s = a*R + r, R = V^(K-1), it goes to r*V + t. A shorter one, s, grows to s*V + t.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from markovgpt.kernels.compiled import can_compile

__all__ = ["pull", "pull_many", "push", "push_many"]

Vector = NDArray[np.float64]
Vectors = NDArray[np.float64]

# Entries of the table. Here the compiled loops are ten times faster (0.06 against 0.6 ms for V = 2): a thousand steps
# make good the second that starting numba takes. A smaller chain never imports it.
_COMPILED_FROM = 2**18


def push(probabilities: NDArray[np.float64], mu: Vector, *, sizes: Sequence[int]) -> Vector:
    """``mu P``: the distribution after one step. ``(n, V), (n,) -> (n,)``."""
    V = probabilities.shape[1]
    after = np.empty_like(mu, dtype=np.float64)  # (n,)
    full = len(mu) - sizes[-1]
    after[:full] = 0
    _push_full(probabilities[full:], mu[full:], after[full:])
    start = 0
    for size in sizes[:-1]:
        stop = start + size
        after[stop : stop + size * V] += (probabilities[start:stop] * mu[start:stop, None]).ravel()  # (size * V,)
        start = stop
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
    _pull_full(probabilities[start:], f[start:], before[start:])
    return before


def push_many(probabilities: NDArray[np.float64], mu: Vectors, *, sizes: Sequence[int]) -> Vectors:
    """One step of many distributions, the columns of ``mu``: ``(n, V), (n, m) -> (n, m)``."""
    V, m = probabilities.shape[1], mu.shape[1]
    full = len(mu) - sizes[-1]
    table = probabilities[full:].reshape(V, -1, V)  # (V, R, V): oldest token, the others, next token
    after = np.zeros_like(mu)  # (n, m)
    after[full:] = (table.transpose(1, 2, 0) @ mu[full:].reshape(V, -1, m).transpose(1, 0, 2)).reshape(-1, m)
    start = 0
    for size in sizes[:-1]:
        stop = start + size
        after[stop : stop + size * V] += (probabilities[start:stop, :, None] * mu[start:stop, None]).reshape(-1, m)
        start = stop
    return after


def pull_many(probabilities: NDArray[np.float64], f: Vectors, *, sizes: Sequence[int]) -> Vectors:
    """Expected values of many functions, the columns of ``f``, after one step: ``(n, V), (n, m) -> (n, m)``."""
    V, m = probabilities.shape[1], f.shape[1]
    before = np.empty_like(f)  # (n, m)
    start = 0
    for size in sizes[:-1]:
        stop = start + size
        values = f[stop : stop + size * V].reshape(size, V, m)
        before[start:stop] = (probabilities[start:stop, None] @ values)[:, 0]
        start = stop
    table = probabilities[start:].reshape(V, -1, V)  # (V, R, V)
    pulled = table.transpose(1, 0, 2) @ f[start:].reshape(-1, V, m)  # (R, V, m)
    before[start:] = pulled.transpose(1, 0, 2).reshape(-1, m)
    return before


def _push_full(table: NDArray[np.float64], mu: Vector, out: Vector) -> None:
    if _is_compiled(table):
        from markovgpt.kernels import steps

        steps.push(table, mu, out=out)
        return
    V = table.shape[1]
    cube = table.reshape(V, -1, V)  # (V, R, V): oldest token, the others, next token
    np.einsum("ar,art->rt", mu.reshape(V, -1), cube, out=out.reshape(-1, V))


def _pull_full(table: NDArray[np.float64], f: Vector, out: Vector) -> None:
    if _is_compiled(table):
        from markovgpt.kernels import steps

        steps.pull(table, f, out=out)
        return
    V = table.shape[1]
    cube = table.reshape(V, -1, V)  # (V, R, V)
    np.einsum("art,rt->ar", cube, f.reshape(-1, V), out=out.reshape(V, -1))


def _is_compiled(table: NDArray[np.float64]) -> bool:
    return table.size >= _COMPILED_FROM and table.dtype in (np.float64, np.float32) and can_compile()
