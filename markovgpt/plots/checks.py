"""Are these the numbers that a plot can show: of the right shape, finite, in the right range?"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from markovgpt.errors import ArgumentError

__all__ = ["one_name_each", "real_numbers"]

_SLACK = 1e-9


def real_numbers(
    name: str,
    values: ArrayLike,
    *,
    shape: tuple[int | None, ...],
    low: float = -math.inf,
    high: float = math.inf,
    infinite: bool = False,
) -> NDArray[np.float64]:
    """The values as a read-only float64 array of their own.

    Parameters
    ----------
    name : str
        What they are called in an error.
    values : array
        Checked by ``low - 1e-9 <= value <= high + 1e-9``; what exceeds an end by rounding is set to it.
    shape : tuple of int or None
        Length of every axis; None for any.
    low, high : float
        Least and greatest value.
    infinite : bool
        Plus infinity is allowed.

    Raises
    ------
    ArgumentError
        Another shape, a value that is not in the range, or one that is not finite.
    """
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"{name} must be numbers: {error}.") from error
    if array.ndim != len(shape) or any(n not in (None, found) for n, found in zip(shape, array.shape, strict=True)):
        wanted = ", ".join("any" if n is None else f"{n:,}" for n in shape)
        raise ArgumentError(f"{name} must have the shape ({wanted}): got {array.shape}.", shape=array.shape)
    right = (array >= low - _SLACK) & (array <= high + _SLACK)  # NaN is wrong
    right &= np.isfinite(array) | (infinite & (array > 0))
    if not right.all():
        wrong = float(array[~right][0])
        bounds = (f" of at least {low:g}" * (low > -math.inf), f" of at most {high:g}" * (high < math.inf))
        raise ArgumentError(
            f"{name} must be finite numbers{' and'.join(filter(None, bounds))}: got {wrong:g}.", value=wrong
        )
    np.clip(array, low, high, out=array)
    array.setflags(write=False)
    return array


def one_name_each(name: str, texts: tuple[str, ...], n: int) -> None:
    """Refuse another number of names than there are things.

    Raises
    ------
    ArgumentError
        There are not ``n``.
    """
    if len(texts) != n:
        raise ArgumentError(f"{name} must be one text for each of {n:,}: got {len(texts):,}.", n=n)
