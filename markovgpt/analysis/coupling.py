"""How soon do two copies of a chain meet, wherever they start? A bound from the overlap of rows, without a matrix.

A try to meet: let both copies run for w steps. Whatever the start, the last j tokens are then u with probability at
least ``r(u) = min P^w(x, [u])`` over all states x, and the copies can be drawn to agree on u with that probability;
with w = j = 0 that is nothing, and sure. From then on let them draw the next token together. While they agree on the
last i tokens u, both take t with probability at least ``m_i(t | u) = min p(t | a u)`` over all older tokens a. At i = K
they are in the same state, and stay together. So the share of tries that agree on at least i tokens is

    A_i = sum over u of i tokens of  r(u_1 .. u_j) m_j(u_{j+1} | u_1 .. u_j) ... m_{i-1}(u_i | u_1 .. u_{i-1}).

``1 - A_j`` of them fail after w steps, ``A_{i-1} - A_i`` one token after the other, and A_K succeed; after a failure
the next try begins, as if nothing agreed. The probability C(t) that one has succeeded within t steps bounds the total
variation: ``TV(P^t(x, .), P^t(y, .)) <= 1 - C(t)`` for all x and y. For w = j = 0, A_K is a Doeblin constant: P^K is at
least A_K times a fixed law, and ``1 - C(t) <= (1 - A_K) ** floor(t / K)``.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from markovgpt.chain import MarkovChain
from markovgpt.operators import pull_many

__all__ = ["agreements", "meeting_bound"]

Vector = NDArray[np.float64]

_UNIT = float(np.finfo(np.float64).eps)
_MOST_STEPS = 20_000  # of C(t); from there on its power is taken
_LEAST = 1e-280  # what is less likely may have lost its digits
_ENTRIES = 2**33  # of the table that are gone through for r(u)
_LONGER = 3  # steps after the mixing time when r(u) is near its limit
_CELLS = 2**22  # of functions that are pulled together


def meeting_bound(chain: MarkovChain, eps: float, *, at_least: int) -> float:
    """Steps after which ``TV(P^t(x, .), P^t(y, .)) <= eps`` is proven for all x and y; infinite where none is.

    An upper bound of the mixing time, of which ``at_least`` is a lower one; often far above it. Two kinds of tries are
    weighed: those without a wait, and those after about ``at_least`` steps, with as many tokens as can be afforded. All
    probabilities are rounded down.

    Source
    ------
    The coupling inequality: Levin, Peres & Wilmer, Markov Chains and Mixing Times, 2nd ed., theorem 5.4; tries that
    begin anew: Bressaud, Fernandez & Galves, Electronic Journal of Probability 4 (1999), paper 3. A weaker form, from
    the least entry of P^K: Zekri et al. 2024, arXiv 2410.02724.

    Examples
    --------
    Two copies meet with probability 0.4 at each step: 0.6^2 = 0.36, 0.6^3 = 0.216.

    >>> from markovgpt import chain_from_table
    >>> meeting_bound(chain_from_table([[0.9, 0.1], [0.3, 0.7]]), 0.25, at_least=0)
    3
    """
    least = _least_probabilities(chain)
    bound = _steps_until_met(agreements(least, np.ones(1)), 0, eps)
    V, settled, j = chain.vocab_size, at_least + _LONGER, 0
    cost = settled * chain.n_states * max(V, 16)  # of one function; products of smaller matrices are no faster
    while j + 1 < chain.context_length and V ** (j + 1) * cost <= _ENTRIES:
        j += 1
    if bound <= at_least or not 0 < j <= settled:
        return bound
    tries = [agreements(least, r) for r in _last_tokens(chain, j, settled)]  # after a wait of j, ..., settled steps
    steps = [(w + chain.context_length) / max(float(a[-1]), _LEAST) for w, a in enumerate(tries)]
    best = int(np.argmin(steps))
    return min(bound, _steps_until_met(tries[best], best + j, eps))


def agreements(least: list[Vector], settled: Vector) -> Vector:
    """``A_j, ..., A_K`` of the module's text out of all m_i ``(V**i, V)`` and r ``(V**j,)``: ``(K - j + 1,)``."""
    reach, found = settled, [float(settled.sum())]
    for table in least:
        if len(table) >= len(reach):
            reach = (reach[:, None] * table).ravel()  # (V**(i + 1),) both have drawn these tokens
            found.append(float(reach.sum()))
    return np.minimum.accumulate(np.minimum(found, 1.0))


def _least_probabilities(chain: MarkovChain) -> list[Vector]:
    """m_0, ..., m_{K-1}, ``(V**i, V)`` each. Of the i-th, contexts of more than i tokens: others are gone by then."""
    V, K = chain.vocab_size, chain.context_length
    tables = np.split(chain.probabilities, np.cumsum(chain.states.sizes)[:-1])  # shortest contexts first
    least = tables[-1]  # (V**K, V)
    found: list[Vector] = []
    for length in range(K, 0, -1):
        if length < K and chain.states.lengths == "all":
            least = np.minimum(least, tables[length - 1])
        least = least.reshape(V, -1, V).min(axis=0)  # (V**(length - 1), V)
        found.append(least)
    return found[::-1]


def _last_tokens(chain: MarkovChain, j: int, steps: int) -> Vector:
    """r(u), rounded down, after j, ..., ``steps`` steps: ``(steps - j + 1, V**j)``."""
    V, space = chain.vocab_size, chain.states
    least = np.empty((steps + 1, V**j))
    suffix = np.concatenate([np.arange(size) % V**j if size >= V**j else np.full(size, -1) for size in space.sizes])
    together = max(1, _CELLS // space.n_states)
    for first in range(0, V**j, together):
        wanted = np.arange(first, min(first + together, V**j))  # (m,)
        f = (suffix[:, None] == wanted).astype(np.float64)  # (n, m)
        for w in range(1, steps + 1):
            f = pull_many(chain.probabilities, f, sizes=space.sizes)
            least[w, wanted] = f.min(axis=0) - w * (V + 8) * _UNIT
    return np.maximum(least[j:], 0.0)


def _steps_until_met(agreement: Vector, wait: int, eps: float) -> float:
    """The least t with ``C(t) >= 1 - eps``, or a later one; infinite if no try succeeds."""
    slack = 1e5 * _UNIT * len(agreement)  # relative, of A_i: more than products and sums can lose
    success = float(agreement[-1]) * (1 - slack)
    lost = np.maximum(-np.diff(agreement, prepend=1.0) - 2 * slack, 0.0)  # (K - j + 1,) after w, w + 1, ... steps
    if not (success > _LEAST):
        return math.inf
    longest = wait + len(agreement) - 1
    failures = np.zeros(longest + 1)
    failures[wait:] = lost  # after 0, 1, ... steps
    met = np.zeros(_MOST_STEPS + 1)  # C(t)
    for t in range(longest, _MOST_STEPS + 1):
        met[t] = success + float(failures[1:] @ met[t - longest : t][::-1])
        if met[t] * (1 - t * longest * _UNIT) >= 1 - eps:
            return t
    apart = -math.log1p(-met[-1] * (1 - _MOST_STEPS * longest * _UNIT))  # so many steps divide the distance by its exp
    return _MOST_STEPS * math.ceil(-math.log(eps) / apart * (1 + 4 * _UNIT))
