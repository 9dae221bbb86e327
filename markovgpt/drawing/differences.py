"""How much likelier is each step in the model than in the data?"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from markovgpt.errors import ArgumentError

__all__ = ["CountsAfter", "colour_scale", "shares_after"]

CountsAfter = Callable[[int], ArrayLike]
"""How often each token follows a state in the data, ``state -> (V,)``; zeros where the state never occurs."""

_SCALES = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0)


def shares_after(data: CountsAfter, state: int, *, vocab_size: int) -> NDArray[np.float64] | None:
    """Shares of the tokens after a state in the data ``(V,)``; None where the state never occurs.

    Raises
    ------
    ArgumentError
        ``data`` returned no V numbers that are finite and at least 0.

    Examples
    --------
    >>> shares_after([[3, 1], [0, 0]].__getitem__, 0, vocab_size=2)
    array([0.75, 0.25])
    """
    counts = np.asarray(data(state))
    numbers = counts.dtype.kind in "iuf"
    if counts.shape != (vocab_size,) or not numbers or not (counts.min() >= 0 and np.isfinite(counts).all()):
        said = f"{counts.dtype} of shape {counts.shape}"
        if counts.shape == (vocab_size,) and numbers:
            said = f"values from {counts.min():g} to {counts.max():g}"
        raise ArgumentError(
            f"data must return, for state {state}, how often each of the {vocab_size:,} tokens follows it: got {said}. "
            "Give, for example, the method `after` of a table of counts.",
            state=state,
        )
    total = counts.sum()
    shares: NDArray[np.float64] | None = counts / total if total > 0 else None
    return shares


def colour_scale(differences: Iterable[float | None]) -> float:
    """The difference that gets the full colour: the largest one, rounded up to a simple number.

    >>> colour_scale([0.08, -0.21, None]), colour_scale([None])
    (0.25, 0.01)
    """
    largest = max((abs(d) for d in differences if d is not None), default=0.0)
    return next((scale for scale in _SCALES if largest <= scale), 1.0)
