"""Which of many small p-values mean something? Adjusted for the number of tests."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from markovgpt.errors import ArgumentError

__all__ = ["Correction", "adjusted_p_values"]

Correction = Literal["holm", "benjamini-hochberg"]


def adjusted_p_values(p_values: NDArray[np.float64], correction: Correction) -> NDArray[np.float64]:
    """p-values that can be held against a level as if there were one test, ``(m,) -> (m,)``.

    Parameters
    ----------
    p_values : (m,) float64
        Of m tests, 0 to 1.
    correction : "holm" or "benjamini-hochberg"
        Holm: at level a, the probability of even one wrong rejection is at most a, whatever depends on what.
        Benjamini-Hochberg: of all rejections an expected share of at most a is wrong, if the tests are independent or
        depend positively.

    Raises
    ------
    ArgumentError
        No such correction.

    Source
    ------
    Holm, A simple sequentially rejective multiple test procedure, Scand. J. Stat. 6 (1979); Benjamini & Hochberg,
    Controlling the false discovery rate, J. R. Stat. Soc. B 57 (1995).

    Examples
    --------
    >>> adjusted_p_values(np.array([0.01, 0.04, 0.03]), "holm")
    array([0.03, 0.06, 0.06])
    >>> adjusted_p_values(np.array([0.01, 0.04, 0.03]), "benjamini-hochberg")
    array([0.03, 0.04, 0.04])
    """
    m = len(p_values)
    order = np.argsort(p_values, kind="stable")
    ranked = p_values[order]  # ascending
    if correction == "holm":
        adjusted = np.maximum.accumulate((m - np.arange(m)) * ranked)
    elif correction == "benjamini-hochberg":
        adjusted = np.minimum.accumulate((m / np.arange(1, m + 1) * ranked)[::-1])[::-1]
    else:
        raise ArgumentError(
            f"Corrections are 'holm' and 'benjamini-hochberg': got {correction!r}.", correction=correction
        )
    result = np.empty(m)
    result[order] = np.minimum(adjusted, 1.0)
    return result
