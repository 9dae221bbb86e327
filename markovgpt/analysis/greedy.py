"""Where does the likeliest token lead, and where is it not unique?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from markovgpt.chain import Chain, MarkovChain, check_is_chain
from markovgpt.sparse_chain import SparseChain

__all__ = ["GreedyMap", "greedy_map", "greedy_ties"]

_CELLS = 2**22  # entries of a table that are looked at together


class GreedyMap(NamedTuple):
    """What greedy decoding does in every state."""

    successors: NDArray[np.int32]  # (n,)
    tied: NDArray[np.bool_]  # (n,) the largest probability stands more than once


def greedy_ties(chain: Chain) -> NDArray[np.int64]:
    """States in which two or more next states share the largest probability exactly, ascending ``(m,)``.

    Greedy decoding takes the lowest token of them; another implementation may take another.
    """
    return np.flatnonzero(greedy_map(chain).tied).astype(np.int64)


def greedy_map(chain: Chain) -> GreedyMap:
    """Where the likeliest token leads, the lowest of a tie, and where there is a tie.

    What a walk cut off leads to ``"(elsewhere)"`` in sum: no token, so it is never the likeliest.
    """
    check_is_chain(chain)
    return _of_table(chain) if isinstance(chain, MarkovChain) else _of_matrix(chain)


def _of_table(chain: MarkovChain) -> GreedyMap:
    n, V = chain.probabilities.shape
    first = n - chain.states.sizes[-1]  # the first context of K tokens
    successors, tied = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.bool_)  # (n,)
    rows = max(1, _CELLS // V)
    for start in range(0, n, rows):
        law = chain.probabilities[start : start + rows]  # (r, V)
        states = np.arange(start, start + len(law))  # (r,)
        here = slice(start, start + len(law))
        grown = V * (states + 1)  # where token 0 leads from a context that is shorter than K
        shifted = first + (states - first) * V % (n - first)
        successors[here] = np.where(states < first, grown, shifted) + law.argmax(axis=1)
        tied[here] = (law == law.max(axis=1, keepdims=True)).sum(axis=1) > 1
    return GreedyMap(successors, tied)


def _of_matrix(chain: Chain) -> GreedyMap:
    matrix = chain.to_scipy()  # (n, n), no row is empty
    weights, begins = matrix.data, matrix.indptr[:-1]  # (nnz,), (n,)
    tokens = np.arange(len(weights))  # (nnz,) of a chain that names no tokens, the order of the states
    if isinstance(chain, SparseChain):
        cut_off = (chain.arrow_tokens < 0) & (matrix.indices >= len(chain.contexts))
        cut_off &= np.repeat(np.arange(chain.n_states) < len(chain.contexts), np.diff(matrix.indptr))
        weights = np.where(cut_off, 0.0, weights)
        tokens = np.where(chain.arrow_tokens < 0, chain.vocab_size, chain.arrow_tokens)
    widths = np.diff(matrix.indptr)
    at_most = weights == np.repeat(np.maximum.reduceat(weights, begins), widths)  # (nnz,)
    candidates = np.where(at_most, tokens, np.iinfo(np.int64).max)
    taken = at_most & (candidates == np.repeat(np.minimum.reduceat(candidates, begins), widths))
    _, arrows = np.unique(np.repeat(np.arange(len(begins)), widths)[taken], return_index=True)  # (n,) one a row
    successors = matrix.indices[np.flatnonzero(taken)[arrows]]  # (n,)
    return GreedyMap(successors.astype(np.int32), np.add.reduceat(at_most.astype(np.int64), begins) > 1)
