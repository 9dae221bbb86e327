"""Which numbers does a sampler report in place of the log-probabilities of what it drew?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from markovgpt.decoding import Decoding
from markovgpt.testing.causes.mistakes import wrong_rules

__all__ = ["said_of_reported"]

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

_CELLS = 2**20  # entries of the laws of wrong rules


def said_of_reported(
    got: Floats,
    tokens: Integers,
    plain: Floats,
    decoding: Decoding,
    *,
    judged: NDArray[np.bool_],
    allowed: float,
) -> str:
    """What reported numbers are, if they are all of one of the known kinds.

    Parameters
    ----------
    got : (m, n)
        Reported for n draws in each of m rows.
    tokens : (m, n) int64
        What was drawn.
    plain : (m, n, V)
        Laws of the model before each draw.
    decoding : Decoding
        The rule that was asked for.
    judged : (m, n) bool
        Which draws are from laws that hang on no rounding.
    allowed : float
        In a probability.
    """
    V = plain.shape[2]
    with np.errstate(divide="ignore"):
        logs = np.log(plain).reshape(-1, V)

    def of(laws: Floats) -> Floats:
        """Probabilities of what was drawn, in as many rows as there are laws of."""
        rows = laws.reshape(-1, tokens.shape[1], V)
        return np.asarray(np.take_along_axis(rows, tokens[: len(rows), :, None], axis=2)[..., 0])

    def same(first: Floats, second: Floats, where: NDArray[np.bool_]) -> bool:
        return bool(where.any() and (abs(first - second) <= allowed)[where].all())

    law = of(decoding.apply(logs))  # (m, n)
    with np.errstate(over="ignore", invalid="ignore"):
        told = np.exp(got)
        if same(told, of(plain), judged) and not decoding.is_default:
            return "they are those of the law before temperature and filters"
        if same(told[:, 1:], law[:, :-1], judged[:, :-1]):
            return "each is that of the token before it"
        if same(told[:, :-1], law[:, 1:], judged[:, 1:]):
            return "each is that of the token after it"
        units = {
            "they are probabilities, not their logarithms": got,
            "their sign is wrong: they are minus the logarithms": np.exp(-got),
            "they are logarithms to base 2": np.exp2(got),
            "they are logarithms to base 10": np.power(10.0, got),
        }
        for said, numbers in units.items():
            if same(numbers, law, judged):
                return said
        if same(told, np.asarray(np.cumprod(law, axis=1), dtype=np.float64), np.logical_and.accumulate(judged, axis=1)):
            return "they are sums over the tokens so far"
    few = max(1, _CELLS // (V * tokens.shape[1]))  # rows
    for name, rule in wrong_rules(decoding, V).items():
        if same(told[:few], of(rule(logs[: few * tokens.shape[1]])), judged[:few]):
            return f"they are those of another law: {name}"
    return "they are taken from other logits than those that tokens are drawn from, or from another position"
