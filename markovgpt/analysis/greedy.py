"""Where is the likeliest next token not unique?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from markovgpt.chain import Chain

__all__ = ["greedy_ties"]


def greedy_ties(chain: Chain) -> NDArray[np.int64]:
    """States in which two or more next states share the largest probability exactly, ascending ``(m,)``.

    Greedy decoding takes the lowest token of them; another implementation may take another.
    """
    matrix = chain.to_scipy()  # (n, n), no row is empty
    largest = np.maximum.reduceat(matrix.data, matrix.indptr[:-1])  # (n,)
    at_most = matrix.data == np.repeat(largest, np.diff(matrix.indptr))  # (nnz,)
    return np.flatnonzero(np.add.reduceat(at_most.astype(np.int64), matrix.indptr[:-1]) > 1).astype(np.int64)
