"""Does a text ever contain a pattern? The chain and the automaton of the patterns, together."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from markovgpt.analysis import absorption_probabilities
from markovgpt.chain import MarkovChain
from markovgpt.errors import TooManyStatesError
from markovgpt.sparse_chain import SparseChain
from markovgpt.testing.automata import Patterns

__all__ = ["Occurrence", "Reached", "first_occurrence", "probability_of"]

Integers = NDArray[np.int64]
Table = NDArray[np.float64]

_MOST_PAIRS = 2**24
_UNIT = float(np.finfo(np.float64).eps)


class Occurrence(NamedTuple):
    """A shortest way to a pattern: the state it begins in, the tokens drawn, and their probability."""

    start: int
    tokens: tuple[int, ...]
    probability: float


class Reached(NamedTuple):
    """The probability that a pattern is drawn: between proven bounds."""

    lower: float
    upper: float


def first_occurrence(
    chain: MarkovChain, patterns: Patterns, starts: Integers, *, within: int | None = None
) -> Occurrence | None:
    """A shortest text of positive probability, from one of some states, that a pattern ends; None if there is none."""
    q = len(patterns.steps)
    codes = _begin(chain, patterns, starts)  # pairs (state, automaton), as state * q + automaton
    if chain.n_states * q > _MOST_PAIRS:
        raise TooManyStatesError(
            f"{chain.n_states:,} states times {q:,} of the patterns are more than {_MOST_PAIRS:,}."
        )
    parent = np.full(chain.n_states * q, -2, dtype=np.int64)  # -2: not met, -1: a start
    via = np.zeros(chain.n_states * q, dtype=np.int32)
    parent[codes] = -1
    frontier, depth = np.unique(codes), 0
    while len(frontier) and (within is None or depth < within):
        states, before = frontier // q, frontier % q
        possible = chain.probabilities[states] > 0  # (m, V)
        after = patterns.steps[before]  # (m, V)
        found = possible & patterns.accepts[before]
        if found.any():
            row, token = (int(i) for i in np.argwhere(found)[0])
            return _traced(chain, parent, via, int(frontier[row]), token, q)
        targets = chain.states.successors(states) * q + after  # (m, V)
        rows, tokens = np.nonzero(possible & (parent[targets] == -2))
        new, first = np.unique(targets[rows, tokens], return_index=True)
        parent[new], via[new] = frontier[rows[first]], tokens[first]
        frontier, depth = new, depth + 1
    return None


def probability_of(chain: MarkovChain, patterns: Patterns, start: int, *, within: int | None = None) -> Reached:
    """Probability that a pattern ends in one of the next ``within`` tokens, or ever: proven bounds.

    ``within`` tokens: step by step. Ever: the chain of states and automaton, in which what can no longer reach a
    pattern is one absorbing state, and its absorption probabilities.
    """
    matrix = _product(chain, patterns, start)
    m = matrix.shape[0] - 2
    if within is not None:
        law = np.zeros(m + 2)
        law[0] = 1.0
        for _ in range(within):
            law = np.asarray(law @ matrix)
        slack = (within + 2) * (chain.vocab_size + 3) * _UNIT
        return Reached(max(float(law[m]) - slack, 0.0), min(float(law[m]) + slack, 1.0))
    reaches = _reaching(matrix, m)
    if not reaches[0]:
        return Reached(0.0, 0.0)
    dead = ~reaches
    dead[m:] = False
    if not dead.any():
        return Reached(1.0, 1.0)  # from everywhere there is a way, and the states are finite
    kept = np.flatnonzero(reaches[:m])
    whole = _with_dead_lumped(matrix, kept, m)
    contexts = np.full((len(kept), chain.context_length), -1, dtype=np.int64)
    product = SparseChain(
        matrix=whole,
        arrow_tokens=np.full(whole.nnz, -1, dtype=np.int64),
        contexts=contexts,
        special=("(pattern)", "(never)"),
        cut=np.zeros(len(kept) + 2),
        vocabulary=chain.vocabulary,
    )
    begin = np.zeros(len(kept) + 2)
    begin[0] = 1.0
    ends = absorption_probabilities(product, begin)
    place = next(i for i, c in enumerate(ends.classes) if len(kept) in c.states)
    return Reached(float(ends.lower[place]), float(ends.upper[place]))


def _begin(chain: MarkovChain, patterns: Patterns, starts: Integers) -> Integers:
    """The pairs that some states begin in, ``(m,)``: the automaton has read their tokens."""
    q, codes = len(patterns.steps), np.empty(len(starts), dtype=np.int64)
    for length in range(chain.states.shortest, chain.context_length + 1):
        first, after = chain.states.offset(length), chain.states.offset(length + 1)
        here = (starts >= first) & (starts < after)
        weights = chain.vocab_size ** np.arange(length - 1, -1, -1, dtype=np.int64)
        contexts = (starts[here] - first)[:, None] // weights % chain.vocab_size
        codes[here] = starts[here] * q + patterns.after(contexts)
    return codes


def _traced(chain: MarkovChain, parent: Integers, via: NDArray[np.int32], code: int, token: int, q: int) -> Occurrence:
    tokens, probability = [token], float(chain.probabilities[code // q, token])
    while parent[code] >= 0:
        token, code = int(via[code]), int(parent[code])
        tokens.append(token)
        probability *= float(chain.probabilities[code // q, token])
    return Occurrence(code // q, tuple(reversed(tokens)), probability)


def _product(chain: MarkovChain, patterns: Patterns, start: int) -> csr_array[Any]:
    """Pairs that the start leads to, the start first, and the matrix between them; then the pattern, and one unused."""
    q = len(patterns.steps)
    code = int(_begin(chain, patterns, np.array([start], dtype=np.int64))[0])
    levels, known = [np.array([code], dtype=np.int64)], np.array([code], dtype=np.int64)
    while len(levels[-1]):
        states, before = levels[-1] // q, levels[-1] % q
        after = patterns.steps[before]
        targets = chain.states.successors(states) * q + after
        going = (chain.probabilities[states] > 0) & ~patterns.accepts[before]
        new = np.setdiff1d(targets[going], known)
        known = np.union1d(known, new)
        if len(known) > _MOST_PAIRS:
            raise TooManyStatesError(f"More than {_MOST_PAIRS:,} pairs of a state and a part of a pattern.")
        levels.append(new)
    pairs = np.concatenate([[code], known[known != code]])
    order = np.argsort(pairs)
    states, before = pairs // q, pairs % q
    after = patterns.steps[before]  # (m, V)
    p = chain.probabilities[states]
    p = p / p.sum(axis=1, keepdims=True)
    rows, tokens = np.nonzero(p > 0)
    targets = chain.states.successors(states)[rows, tokens] * q + after[rows, tokens]
    m = len(pairs)
    columns = np.full(len(rows), m)
    inside = ~patterns.accepts[before[rows], tokens]
    columns[inside] = order[np.searchsorted(pairs, targets[inside], sorter=order)]
    data = np.concatenate([p[rows, tokens], [1.0, 1.0]])
    return csr_array(
        (data, (np.concatenate([rows, [m, m + 1]]), np.concatenate([columns, [m, m + 1]]))), shape=(m + 2, m + 2)
    )


def _reaching(matrix: csr_array[Any], target: int) -> NDArray[np.bool_]:
    """Which states have a way to ``target``."""
    from scipy.sparse.csgraph import breadth_first_order

    reaches = np.zeros(matrix.shape[0], dtype=np.bool_)
    reaches[breadth_first_order(matrix.T.tocsr(), target, return_predecessors=False)] = True
    return reaches


def _with_dead_lumped(matrix: csr_array[Any], kept: Integers, m: int) -> csr_array[Any]:
    """The kept states, the pattern, and one state for all others."""
    column = np.full(m + 2, len(kept) + 1)
    column[kept], column[m] = np.arange(len(kept)), len(kept)
    part = matrix[np.concatenate([kept, [m]])].tocoo()
    rows, columns = np.concatenate([part.row, [len(kept) + 1]]), np.concatenate([column[part.col], [len(kept) + 1]])
    n = len(kept) + 2
    lumped = csr_array((np.concatenate([part.data, [1.0]]), (rows, columns)), shape=(n, n))
    lumped.sum_duplicates()
    return lumped
