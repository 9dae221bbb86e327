"""How is a table of laws related to the one that it should be?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from markovgpt.comparison.rows import total_variation
from markovgpt.decoding import Decoding
from markovgpt.statespace import StateSpace
from markovgpt.testing.causes.mistakes import wrong_rules

__all__ = ["likely_relation", "said_of_nearness"]

Table = NDArray[np.float64]
Integers = NDArray[np.int64]

_CLOSER = 50.0  # exact laws: what explains them does so to many digits
_MOST_STATES = 512  # in which wrong rules are tried
_MOST_CELLS = 2**22  # of a table that is turned and renamed as a whole
_MOST_TOKENS = 512  # whose names are matched
_SAME = 1e-9
_COARSE = 0.05  # the most that half precision, or weights of 8 bits, change a probability


def likely_relation(actual: Table, expected: Table, states: StateSpace) -> str:
    """What turns the expected laws ``(n, V)`` into the actual ones, in words; empty if nothing known does.

    Tried are the wrong rules of decoding, tokens and contexts that are numbered or read in another order, and tokens
    that are not looked at; a reason is given only if it leaves a fiftieth of the distance.

    Examples
    --------
    >>> law = np.array([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7], [0.2, 0.8]])
    >>> space = StateSpace(vocab_size=2, context_length=2)
    >>> likely_relation(law[[0, 2, 1, 3]], law, space)
    'contexts are read from the newest token to the oldest'
    """
    differs = (actual != expected).any(axis=1)
    p, q = actual[differs][:_MOST_STATES], expected[differs][:_MOST_STATES]
    best, reason = float(total_variation(p, q).mean()) / _CLOSER, ""
    for name, law in _by_row(q):
        left = float(total_variation(p, law).mean())
        if left <= best:
            best, reason = left, f"{name}{_rest(left)}"
    if reason or actual.size > _MOST_CELLS or states.lengths != "full" or states.context_length < 1:
        return reason
    most = float(total_variation(actual, expected).mean()) / _CLOSER
    for name, table in _as_a_whole(actual, expected, states):
        left = float(total_variation(actual, table).mean())
        if left <= most:
            return f"{name}{_rest(left)}"
    return _not_looked_at(actual, expected, states)


def _rest(left: float) -> str:
    return "" if left <= _SAME else f" (then TV {left:.4g} is left)"


def _by_row(law: Table) -> Iterator[tuple[str, Table]]:
    """What the laws ``(m, V)`` would be under known mistakes that are made row by row."""
    with np.errstate(divide="ignore"):
        logs = np.log(law)
    for name, rule in wrong_rules(Decoding(), law.shape[1]).items():
        yield name, rule(logs)
    if law.shape[1] > 2:
        yield "token numbers are one too high", np.roll(law, 1, axis=1)
        yield "token numbers are one too low", np.roll(law, -1, axis=1)


def _as_a_whole(actual: Table, expected: Table, states: StateSpace) -> Iterator[tuple[str, Table]]:
    """What the expected table ``(V^K, V)`` would be if tokens or contexts were numbered otherwise."""
    V, K = states.vocab_size, states.context_length
    digits = states.contexts(K, 0, V**K)  # (V^K, K)
    weights = V ** np.arange(K - 1, -1, -1, dtype=np.int64)
    if K > 1:
        yield "contexts are read from the newest token to the oldest", expected[digits[:, ::-1] @ weights]
    if 1 < V <= _MOST_TOKENS:
        by_cost = _matched(actual, expected)
        yield "the probabilities are those of other tokens: the output layer has another order", expected[:, by_cost]
        renamed = _matched_by_share(actual, expected)  # token t here is renamed[t] there
        yield "tokens are numbered in another order", expected[renamed[digits] @ weights][:, renamed]


def _matched(actual: Table, expected: Table) -> Integers:
    """For each token of one table, ``(n, V)``, the one of the other whose probabilities are nearest; none twice."""
    from scipy.optimize import linear_sum_assignment

    cost = np.array([abs(expected - column[:, None]).sum(axis=0) for column in actual.T])  # (V, V)
    return np.asarray(linear_sum_assignment(cost)[1], dtype=np.int64)


def _matched_by_share(actual: Table, expected: Table) -> Integers:
    """The same by mean probability, which does not change when contexts are renamed as well."""
    matched = np.empty(actual.shape[1], dtype=np.int64)
    matched[np.argsort(actual.mean(axis=0), kind="stable")] = np.argsort(expected.mean(axis=0), kind="stable")
    return matched


def _not_looked_at(actual: Table, expected: Table, states: StateSpace) -> str:
    """Tokens of the context that change nothing here, and do there."""
    V, K = states.vocab_size, states.context_length
    ignored = [place for place in range(K) if _effect(actual, V, K, place) <= _SAME < _effect(expected, V, K, place)]
    if not ignored:
        return ""
    if ignored == list(range(len(ignored))):
        return f"the oldest {_counted(len(ignored))} not looked at: the window is {K - len(ignored)} in place of {K}"
    if ignored == list(range(K - len(ignored), K)):
        return (
            f"the newest {_counted(len(ignored))} not looked at: the prediction is that of an earlier position, or the "
            "context is cut at the wrong end"
        )
    return f"the token {K - ignored[-1]} back is not looked at"


def _counted(n: int) -> str:
    return "token is" if n == 1 else f"{n} tokens are"


def _effect(table: Table, V: int, K: int, place: int) -> float:
    """How much a probability changes at most with the token at a place of the context, 0 the oldest."""
    cube = table.reshape(V**place, V, V ** (K - place - 1), V)
    return float(np.ptp(cube, axis=1).max(initial=0.0))


def said_of_nearness(actual: Table, expected: Table) -> str:
    """That laws ``(n, V)`` are near to each other, and which tolerance accepts it; empty if they are not.

    >>> said_of_nearness(np.array([[0.504, 0.496]]), np.array([[0.5, 0.5]]))
    'nearly the same: coarser arithmetic (half precision, 8 bits), or slightly other weights; atol=0.0042 accepts it'
    """
    largest = float(abs(actual - expected).max())
    if not largest <= _COARSE or ((actual > 0) != (expected > 0)).any():
        return ""
    return (
        "nearly the same: coarser arithmetic (half precision, 8 bits), or slightly other weights; "
        f"atol={largest * 1.05:.2g} accepts it"
    )
