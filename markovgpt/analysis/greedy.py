"""Where is the likeliest next token not unique?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from markovgpt.chain import MarkovChain

__all__ = ["greedy_ties"]


def greedy_ties(chain: MarkovChain) -> NDArray[np.int64]:
    """States in which two or more tokens share the largest probability exactly, ascending ``(m,)``.

    Greedy decoding takes the lowest of them; another implementation may take another.
    """
    p = chain.probabilities  # (n, V)
    return np.flatnonzero((p == p.max(axis=1, keepdims=True)).sum(axis=1) > 1).astype(np.int64)
