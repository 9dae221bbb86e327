"""How far may two computations of the same law be apart?

By 1e-6 in every probability, or by what the precision loses that they are done in where that is more; and the same
tokens must be impossible.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from markovgpt.decoding import Decoding

__all__ = [
    "TOLERANCE",
    "LawGaps",
    "coarser_precision",
    "half_precision",
    "law_gaps",
    "likely_precision",
    "rounding_allowance",
]

Logits = NDArray[np.float64]

TOLERANCE = 1e-6
"""Laws agree if no probability differs by more than this, or than rounding explains (:func:`rounding_allowance`), and
the same tokens are impossible."""

_UNIT, _ROUNDINGS, _MOST_ROUNDING = 2.0**-24, 32, 1e-4  # of the largest logit; more than that is no rounding
_HALF_UNITS = {"bfloat16": 2.0**-8, "float16": 2.0**-11}  # the largest relative error of a rounding, coarsest first
_HALF_ROUNDINGS, _MOST_HALF_ROUNDING = 4, 0.05
_NEGLIGIBLE = 50  # below the largest logit of a row: e^-50


class LawGaps(NamedTuple):
    """How far laws are apart, row by row.

    Attributes
    ----------
    gaps : (m,) float64
        Largest difference of a probability; infinite where it is no number.
    differs : (m,) bool
        Whether that is more than ``allowed``, or other tokens are impossible.
    allowed : float
        In a probability.
    """

    gaps: NDArray[np.float64]
    differs: NDArray[np.bool_]
    allowed: float


def law_gaps(logits: Logits, expected: Logits, *, allowed: float | None = None) -> LawGaps:
    """Compare the laws of logits with those of other logits for the same contexts, ``(m, V), (m, V)``.

    ``allowed`` is the largest difference of a probability that is called rounding; :func:`rounding_allowance` of the
    expected logits by default.
    """
    laws = Decoding().apply(logits), Decoding().apply(expected)
    gaps = abs(laws[0] - laws[1]).max(axis=1)  # (m,)
    gaps[np.isnan(gaps)] = np.inf
    limit = rounding_allowance(expected) if allowed is None else allowed
    impossible = (np.isneginf(logits) != np.isneginf(expected)).any(axis=1)  # (m,) here, not there
    return LawGaps(gaps, ~(gaps <= limit) | impossible, limit)


def rounding_allowance(logits: Logits, precision: str = "") -> float:
    """How far laws with such logits ``(m, V)`` may be apart: by 1e-6, or by what the precision loses if that is more.

    Logits that are float32 numbers were computed in float32: each is known to some units of its last place only, and a
    probability changes by at most half of what its logits do. Sums of many terms are rounded in every term: 32 times.

    In half precision, which ``precision`` names ("bfloat16", "float16"), sums are kept in float32, and what comes out
    of a layer is rounded. A rounding changes a logit by up to u times the largest one, u = 2^-8 or 2^-11. With four of
    them in each of two computations, logits are up to 8 u apart, and probabilities half of that; never more than 0.05.

    >>> rounding_allowance(np.array([[0.1, 0.2]])), round(rounding_allowance(np.array([[16.0, 0.5]])), 7)
    (1e-06, 3.05e-05)
    >>> rounding_allowance(np.array([[2.0, 0.5]]), "bfloat16"), rounding_allowance(np.array([[2.0, 0.5]]), "float16")
    (0.03125, 0.00390625)
    """
    likely = _likely(logits)
    largest = float(abs(likely).max(initial=0.0))
    if precision in _HALF_UNITS:
        return max(TOLERANCE, min(_HALF_ROUNDINGS * _HALF_UNITS[precision] * largest, _MOST_HALF_ROUNDING))
    with np.errstate(over="ignore"):
        if (likely.astype(np.float32) != likely).any():
            return TOLERANCE
    return max(TOLERANCE, min(_ROUNDINGS * _UNIT * largest, _MOST_ROUNDING))


def half_precision(answer: Any) -> str:
    """The half precision of what a model returned, an array or a tensor: "bfloat16", "float16", or "" for any other.

    >>> half_precision(np.zeros(2, np.float16)), half_precision(np.zeros(2)), half_precision([0.5])
    ('float16', '', '')
    """
    name = str(getattr(answer, "dtype", "")).removeprefix("torch.")
    return name if name in _HALF_UNITS else ""


def coarser_precision(first: str, second: str) -> str:
    """The coarser of two precisions, each "" or the name of a half precision."""
    return max(first, second, key=lambda name: _HALF_UNITS.get(name, 0.0))


def likely_precision(logits: Logits, expected: Logits) -> str:
    """The half precision in whose rounding logits may well differ like this, ``(m, V), (m, V)``; "" if there is none.

    All that matter are numbers of that precision, whatever they are kept in now, and they are near to each other.

    >>> expected = np.array([[1.0078125, 0.5]])
    >>> [likely_precision(np.array([[logit, 0.5]]), expected) for logit in (1.0, 1.001, 1.5)]
    ['bfloat16', '', '']
    """
    matter = expected >= expected.max(axis=1, keepdims=True) - _NEGLIGIBLE  # (m, V)
    first, second = logits[matter], expected[matter]
    if not np.isfinite(first).all():
        return ""
    for name, unit in _HALF_UNITS.items():
        apart = 2 * _HALF_ROUNDINGS * unit * float(abs(second).max(initial=0.0))
        near = not law_gaps(logits, expected, allowed=rounding_allowance(expected, name)).differs.any()
        if near and _are_numbers_of(name, first, second) and (abs(first - second) <= apart).all():
            return name
    return ""


def _are_numbers_of(precision: str, *numbers: Logits) -> bool:
    """Whether numbers of a half precision are what was rounded."""
    with np.errstate(over="ignore"):
        if precision == "float16":
            return all((x.astype(np.float16) == x).all() for x in numbers)
        singles = [x.astype(np.float32) for x in numbers]  # bfloat16 is the upper half of float32
    return all(
        (single == x).all() and not (single.view(np.uint32) & 0xFFFF).any()
        for single, x in zip(singles, numbers, strict=True)
    )


def _likely(logits: Logits) -> Logits:
    """The logits of tokens that matter, ``(m, V) -> (any,)``."""
    likely: Logits = logits[logits >= logits.max(axis=1, keepdims=True) - _NEGLIGIBLE]
    return likely
