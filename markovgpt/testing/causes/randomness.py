"""Are random numbers used twice: by rows of a batch, or by the steps of a row?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from markovgpt.testing.causes.evidence import Evidence
from markovgpt.testing.causes.predictions import Prediction
from markovgpt.testing.samples.draws import different_rows

__all__ = ["same_at_every_step", "shared_by_rows"]

Integers = NDArray[np.int64]
Table = NDArray[np.float64]

_CHANCE = -50.0  # logarithm of the probability below which it is no chance that draws agree
_CALLS = 3
_UNEVEN, _EXPECTED, _MOST_CELLS = 4.0, 5, 2**23
_TINY = 1e-12  # in place of probability 0
_MOST_PAIRS, _MOST_CORNERS = 2**15, 2**23


def shared_by_rows(evidence: Evidence) -> str:
    """What is seen where the rows of a call share random numbers; empty if that is not so.

    Draws after the same context at the same step of the same call are then the same token. If only a part of the
    random numbers is shared, they are more alike than draws of different calls are.
    """
    keys = np.column_stack([evidence.calls[evidence.rows], evidence.steps, evidence.places])
    _, first, groups, sizes = np.unique(keys, axis=0, return_index=True, return_inverse=True, return_counts=True)
    groups = groups.ravel()
    several = sizes > 1
    if not several.any():
        return ""
    if (evidence.tokens == evidence.tokens[first][groups]).all():
        _, once = np.unique(evidence.places, return_index=True)
        if (evidence.tokens == evidence.tokens[once][evidence.places]).all():
            return ""  # nothing is random
        with np.errstate(divide="ignore"):
            logs = np.log(evidence.laws[evidence.places[first[several]]])  # (g, V)
        agree = np.logaddexp.reduce(logs * sizes[several][:, None], axis=1)
        if float(agree.sum()) > _CHANCE:
            return ""
        n = int(sizes[several].sum())
        return f"rows of a batch share their random numbers: all {n:,} draws {_ALIKE} are the same token as that"
    return _uneven(evidence)


_ALIKE = "after the same context in the same call and step as another"


def _uneven(evidence: Evidence) -> str:
    """The same by counts: those of one call against those of all calls, after the same contexts at the same steps."""
    V = evidence.vocab_size
    cells = evidence.steps * len(evidence.contexts) + evidence.places
    _, cells = np.unique(cells, return_inverse=True)
    calls = evidence.calls[evidence.rows]
    n_cells, n_calls = int(cells.max()) + 1, int(calls.max()) + 1
    if n_calls < _CALLS or n_cells * n_calls * V > _MOST_CELLS:
        return ""
    counts = np.bincount((cells * n_calls + calls) * V + evidence.tokens, minlength=n_cells * n_calls * V)
    counts = counts.reshape(n_cells, n_calls, V)
    n = counts.sum(axis=2, keepdims=True)  # (cells, calls, 1)
    pooled = counts.sum(axis=1, keepdims=True) / counts.sum(axis=(1, 2), keepdims=True)  # (cells, 1, V)
    enough = (n * pooled >= _EXPECTED) & (n * (1 - pooled) >= _EXPECTED)
    with np.errstate(invalid="ignore", divide="ignore"):
        scores = (counts - n * pooled) ** 2 / (n * pooled * (1 - pooled))
    if enough.sum() < _EXPECTED * V:
        return ""
    ratio = float(scores[enough].mean())  # 1 where calls differ by chance
    if ratio < _UNEVEN:
        return ""
    return (
        f"rows of a batch share random numbers: draws {_ALIKE} are more alike than chance allows (counts of calls "
        f"differ {ratio:.2g} times as much as they should)"
    )


def same_at_every_step(evidence: Evidence) -> Iterator[Prediction]:
    """The laws of a second draw with the random numbers of the first: a generator that is seeded again at each step.

    Tokens are drawn either by inverting cumulated sums, or as a race of exponential numbers, one a token, which is what
    torch.multinomial and Gumbel noise do. What was drawn first says which random numbers it can have been.
    """
    for law in (_inverted, _raced):
        yield from _by(law, evidence)


def _by(law: Callable[[Table, Integers, Table], Table | None], evidence: Evidence) -> Iterator[Prediction]:
    """The second draws of all rows, in one of these ways."""
    possible = evidence.laws[evidence.places, evidence.tokens] > 0  # what is impossible says nothing of the number
    first, second = evidence.only((evidence.steps == 0) & possible), evidence.only(evidence.steps == 1)
    place = np.full(len(evidence.sequences), -1)
    place[first.rows] = np.arange(len(first))
    second = second.only(place[second.rows] >= 0).thinned(_MOST_PAIRS)
    if not len(second):
        return
    before = place[second.rows]
    keys = np.column_stack([first.places[before], first.tokens[before], second.places])
    different, groups = different_rows(keys, max(evidence.vocab_size, len(evidence.contexts)))
    state, token, after = different.T
    laws = law(evidence.laws[state], token, evidence.laws[after])
    if laws is None:
        return
    laws = np.where(evidence.laws[after] > 0, laws, 0.0)
    total = laws.sum(axis=1, keepdims=True)
    laws = np.divide(laws, total, out=evidence.laws[after].copy(), where=total > 0)
    yield Prediction(rule=_AGAIN, evidence=second, groups=groups, laws=laws, elsewhere=partial(_by, law))


_AGAIN = "every step has the same random numbers: the generator is seeded again at each step"


def _inverted(first: Table, token: Integers, second: Table) -> Table:
    """Second tokens of a number whose place in the sums of the first law is that of ``token``: ``(g, V)``, unscaled."""
    rows = np.arange(len(first))
    high = np.cumsum(first, axis=1)[rows, token][:, None]
    low, sums = high - first[rows, token][:, None], np.cumsum(second, axis=1)
    return np.asarray(np.maximum(np.minimum(sums, high) - np.maximum(sums - second, low), 0.0))


def _raced(first: Table, token: Integers, second: Table) -> Table | None:
    """Second winners of a race, ``E_j / p_j`` smallest, that ``token`` wins first: ``(g, V)`` unscaled, or None.

    With a and b the winners, ``r = E_a / E_b`` and ``D(r) = 1 + r + sum_j max(r p_j / p_a, q_j / q_b)`` over the other
    tokens j, the probability is the integral of ``1 / D(r)^2`` over the r that let both win. D is linear between its
    corners, and the integral over such a piece is its length over the product of D at its ends.
    """
    g, V = first.shape
    if g * V**3 > _MOST_CORNERS or V < 2:
        return None
    first, second, rows = np.maximum(first, _TINY), np.maximum(second, _TINY), np.arange(g)
    odds = first / first[rows, token][:, None]  # (g, V) p_j / p_a
    laws = np.zeros((g, V))
    for b in range(V):
        other = second / second[:, b, None]  # (g, V) q_j / q_b
        low = other[rows, token]  # of r: b wins the second race
        high = np.maximum(1 / odds[:, b], low)  # and a the first
        corners = np.sort(np.clip(other / odds, low[:, None], high[:, None]), axis=1)
        ends = np.column_stack([low, corners, high])  # (g, V + 2)
        rest = np.ones((g, V), dtype=np.bool_)
        rest[rows, token], rest[:, b] = False, False
        slowest = np.maximum(ends[:, :, None] * odds[:, None, :], other[:, None, :])  # (g, V + 2, V)
        D = 1 + ends + np.where(rest[:, None, :], slowest, 0.0).sum(axis=2)
        laws[:, b] = (np.diff(ends, axis=1) / (D[:, 1:] * D[:, :-1])).sum(axis=1)
    laws[rows, token] = 1 / np.maximum(odds, second / second[rows, token][:, None]).sum(axis=1)
    return laws
