"""What is a stream of tokens? Arrays of whole numbers, one after another, in which the negative ones are no tokens.

A stream holds the tokens 0..V-1 of all sequences of the data, one sequence after another, cut into pieces anywhere.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["BOUNDARY", "GAP", "Integers", "Progress"]

Integers = NDArray[np.int64]

Progress = Callable[[str, int, int], None]
"""Called as ``progress(what, done, total)`` while something long is under way."""

BOUNDARY = -1
"""Between two sequences; it may stand at the end of the last, and several of them are as one."""

GAP = -2
"""In the place of a token that is left out, because the vocabulary does not have it."""
