"""How does one step of the chain act, in one pass over the table? Compiled ``push`` and ``pull`` of full-length states.

Both see the table as ``(V, R, V)``: oldest token a, the R = V^(K-1) ways to go on, next token t. Such a step is as slow
as memory is, so the table is read once, and a block of r is worked off while what it writes (push) or reads V times
(pull) is in cache. Four a at a time: one would go through that cache too often, and all V at once are more streams than
a processor reads ahead, or collide in its cache (V = 8). Sums are taken in ascending order of the token.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from markovgpt.errors import ArgumentError
from markovgpt.kernels.compiled import compiled
from markovgpt.kernels.threads import run_in_pieces

__all__ = ["pull", "push"]

Vector = NDArray[np.float64]

_BLOCK = 32_768  # entries of the vector that stay in cache: 256 KiB
_PIECE = 262_144  # entries of the table below which another thread costs more than it saves
_SMALL = 8  # up to this V the loops over tokens are unrolled: compiled for this V alone


def push(table: NDArray[Any], mu: Vector, *, out: Vector | None = None, threads: int | None = None) -> Vector:
    """``mu P``, the distribution after one step: ``new[r*V + t] = sum_a mu[a*R + r] * table[a*R + r, t]``.

    Parameters
    ----------
    table : (V^K, V) float64 or float32
        Next-token probabilities of the contexts of length K.
    mu : (V^K,)
        Weights of the states.
    out : (V^K,) float64, optional
        Where to write the result; must not overlap ``mu``.
    threads : int, optional
        At most so many; one for each usable processor unless said. The result does not depend on it.

    Returns
    -------
    (V^K,) float64
        ``out`` if given.
    """
    return _step(_push_rows, table, mu, out, threads)


def pull(table: NDArray[Any], f: Vector, *, out: Vector | None = None, threads: int | None = None) -> Vector:
    """``P f``, the expected value after one step: ``new[a*R + r] = sum_t table[a*R + r, t] * f[r*V + t]``.

    Parameters and result as for :func:`push`.
    """
    return _step(_pull_rows, table, f, out, threads)


def _step(
    loop: Callable[[int], Callable[..., None]],
    table: NDArray[Any],
    vector: NDArray[Any],
    out: Vector | None,
    threads: int | None,
) -> Vector:
    n, V = table.shape
    vector = np.asarray(vector, dtype=np.float64)
    new = np.empty(n) if out is None else out  # (n,)
    if n % V or vector.shape != (n,) or new.shape != (n,):
        raise ArgumentError(f"A table (V^K, V) needs vectors (V^K,): got {table.shape}, {vector.shape}, {new.shape}.")
    if np.may_share_memory(new, vector):
        raise ArgumentError("The result of a step cannot be written over its input.")
    rows = loop(V if V <= _SMALL else 0)
    smallest = -(-_PIECE // V**2)
    run_in_pieces(rows, n // V, V, _flat(table), _flat(vector), new, smallest=smallest, threads=threads)
    return new


def _flat(array: NDArray[Any]) -> NDArray[Any]:
    """In one dimension and read-only, so that one loop is compiled whether or not the caller may write to it."""
    view = np.require(array, requirements=["C", "A"]).reshape(-1)
    view.flags.writeable = False
    return view


# Indices are unsigned: numba then need not ask of each whether it counts from the end, and the loops vectorise.


@cache
def _push_rows(fixed: int) -> Callable[..., None]:
    """For ``fixed`` tokens, or for any number (0)."""

    @compiled
    def push_rows(start: int, stop: int, vocab_size: int, table: Any, mu: Any, new: Any) -> None:
        V = np.uintp(fixed if fixed else vocab_size)
        R = np.uintp(len(mu)) // V
        one, two, three, four = np.uintp(1), np.uintp(2), np.uintp(3), np.uintp(4)
        step = max(one, np.uintp(_BLOCK) // V)
        few = (V - one) % four + one
        for first in range(np.uintp(start), np.uintp(stop), step):
            last = min(first + step, np.uintp(stop))
            for r in range(first, last):
                for t in range(V):
                    total = 0.0
                    for a in range(few):
                        total += mu[a * R + r] * table[(a * R + r) * V + t]
                    new[r * V + t] = total
            for a in range(few, V, four):
                for r in range(first, last):
                    s0 = a * R + r
                    s1, s2, s3 = s0 + R, s0 + two * R, s0 + three * R
                    mu0, mu1, mu2, mu3 = mu[s0], mu[s1], mu[s2], mu[s3]
                    for t in range(V):
                        total = new[r * V + t] + mu0 * table[s0 * V + t] + mu1 * table[s1 * V + t]
                        new[r * V + t] = total + mu2 * table[s2 * V + t] + mu3 * table[s3 * V + t]

    return push_rows


@cache
def _pull_rows(fixed: int) -> Callable[..., None]:
    """For ``fixed`` tokens, or for any number (0)."""

    @compiled
    def pull_rows(start: int, stop: int, vocab_size: int, table: Any, f: Any, new: Any) -> None:
        V = np.uintp(fixed if fixed else vocab_size)
        R = np.uintp(len(f)) // V
        one, two, three, four = np.uintp(1), np.uintp(2), np.uintp(3), np.uintp(4)
        step = max(one, np.uintp(_BLOCK) // V)
        many = V - V % four
        for first in range(np.uintp(start), np.uintp(stop), step):
            last = min(first + step, np.uintp(stop))
            for a in range(np.uintp(0), many, four):
                for r in range(first, last):
                    s0 = a * R + r
                    s1, s2, s3 = s0 + R, s0 + two * R, s0 + three * R
                    total0 = total1 = total2 = total3 = 0.0
                    for t in range(V):
                        value = f[r * V + t]
                        total0 += table[s0 * V + t] * value
                        total1 += table[s1 * V + t] * value
                        total2 += table[s2 * V + t] * value
                        total3 += table[s3 * V + t] * value
                    new[s0], new[s1], new[s2], new[s3] = total0, total1, total2, total3
            for r in range(first, last):
                for a in range(many, V):
                    total = 0.0
                    for t in range(V):
                        total += table[(a * R + r) * V + t] * f[r * V + t]
                    new[a * R + r] = total

    return pull_rows
