"""What do several runs of the same work say? Their median, and how far they are apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from markovgpt.errors import ArgumentError

__all__ = ["Spread", "spread_of"]


class Spread(NamedTuple):
    """Order statistics of some numbers, in their unit."""

    n: int
    least: float
    lower: float
    """Lower quartile."""
    median: float
    upper: float
    """Upper quartile."""
    most: float


def spread_of(values: Sequence[float]) -> Spread:
    """Order statistics; between two values they are interpolated linearly.

    Raises
    ------
    ArgumentError
        There are no values, or one is not finite.

    Examples
    --------
    >>> spread_of([5.0, 1.0, 2.0, 3.0, 4.0])
    Spread(n=5, least=1.0, lower=2.0, median=3.0, upper=4.0, most=5.0)
    """
    if not len(values) or not np.isfinite(values).all():
        raise ArgumentError(f"A spread is that of one or more finite numbers: got {list(values)}.")
    return Spread(len(values), *(float(x) for x in np.quantile(values, (0, 0.25, 0.5, 0.75, 1))))
