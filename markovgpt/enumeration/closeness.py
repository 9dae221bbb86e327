"""How far may two computations of the same law be apart?

By 1e-6 in every probability, or by what is lost in float32 where that is more; and the same tokens must be impossible.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from markovgpt.decoding import Decoding

__all__ = ["TOLERANCE", "LawGaps", "law_gaps", "rounding_allowance"]

TOLERANCE = 1e-6
"""Laws agree if no probability differs by more than this, or than rounding in float32 explains
(:func:`rounding_allowance`), and the same tokens are impossible."""

_ROUNDINGS, _MOST_ROUNDING = 32, 1e-4  # of the largest logit; more than that is no rounding
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


def law_gaps(logits: NDArray[np.float64], expected: NDArray[np.float64]) -> LawGaps:
    """Compare the laws of logits with those of other logits for the same contexts, ``(m, V), (m, V)``."""
    laws = Decoding().apply(logits), Decoding().apply(expected)
    gaps = abs(laws[0] - laws[1]).max(axis=1)  # (m,)
    gaps[np.isnan(gaps)] = np.inf
    allowed = rounding_allowance(expected)
    impossible = (np.isneginf(logits) != np.isneginf(expected)).any(axis=1)  # (m,) here, not there
    return LawGaps(gaps, ~(gaps <= allowed) | impossible, allowed)


def rounding_allowance(logits: NDArray[np.float64]) -> float:
    """How far laws with such logits ``(m, V)`` may be apart: by 1e-6, or by what is lost in float32 where that is more.

    Logits that are float32 numbers were computed in float32: each is known to some units of its last place only, and a
    probability changes by at most half of what its logit does.

    >>> rounding_allowance(np.array([[0.1, 0.2]])), round(rounding_allowance(np.array([[16.0, 0.5]])), 7)
    (1e-06, 3.05e-05)
    """
    likely = logits[logits >= logits.max(axis=1, keepdims=True) - _NEGLIGIBLE]
    with np.errstate(over="ignore"):
        if (likely.astype(np.float32) != likely).any():
            return TOLERANCE
    rounding = _ROUNDINGS * 2.0**-24 * float(abs(likely).max(initial=0.0))
    return max(TOLERANCE, min(rounding, _MOST_ROUNDING))
