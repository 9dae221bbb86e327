"""Which probabilities go together with these counts? Intervals that hold for any number of draws."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv

from markovgpt.errors import ArgumentError

__all__ = ["frequency_intervals"]


def frequency_intervals(
    counts: ArrayLike, totals: ArrayLike, *, level: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Clopper-Pearson intervals of the probabilities behind some counts: lowest and highest, each of the counts' shape.

    Each covers the probability with at least ``level``, whatever it is; not all of them at once. With a total of 0
    nothing is known: 0 to 1.

    Parameters
    ----------
    counts : whole numbers, any shape
        How often each token was drawn.
    totals : whole numbers, of a shape that fits
        How many draws there were: of a table ``(m, V)``, ``totals[:, None]``.
    level : float
        Between 0 and 1.

    Raises
    ------
    ArgumentError
        A count below 0 or above its total, or a level out of range.

    Source
    ------
    Clopper & Pearson, The use of confidence or fiducial limits illustrated in the case of the binomial, Biometrika 26
    (1934).

    Examples
    --------
    >>> low, high = frequency_intervals([0, 5, 10], 10)
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.0, 0.1871, 0.6915], [0.3085, 0.8129, 1.0])
    """
    if not (0 < level < 1):
        raise ArgumentError(f"A level of confidence is between 0 and 1: got {level}.", level=level)
    c, n = np.broadcast_arrays(np.asarray(counts), np.asarray(totals))
    if not ((c >= 0) & (c <= n)).all():
        raise ArgumentError("Counts are from 0 to their totals: got one below or above.")
    outside = (1 - level) / 2
    low = np.where(c > 0, betaincinv(np.maximum(c, 1), n - c + 1, outside), 0.0)
    high = np.where(c < n, betaincinv(c + 1, np.maximum(n - c, 1), 1 - outside), 1.0)
    return low, high
