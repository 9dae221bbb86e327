"""How often does each token follow each context in a sequence?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from markovgpt.errors import DataError
from markovgpt.statespace import StateSpace

__all__ = ["NgramCounts", "count_ngrams"]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class NgramCounts:
    """Counts of the next token per state.

    Attributes
    ----------
    states : StateSpace
        n states of V tokens.
    counts : (n, V) int64, read-only
        How often each token followed each context.
    """

    states: StateSpace
    counts: NDArray[np.int64]

    def __post_init__(self) -> None:
        self.counts.setflags(write=False)

    @property
    def totals(self) -> NDArray[np.int64]:
        """How often each context was followed by anything, ``(n,)``."""
        totals: NDArray[np.int64] = self.counts.sum(axis=1)
        return totals

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Which contexts occur in the data with a token after them, ``(n,)``."""
        return self.totals > 0

    @property
    def seen_states(self) -> NDArray[np.int64]:
        """The states that were seen, ascending ``(m,)``."""
        return np.flatnonzero(self.seen).astype(np.int64)

    @property
    def frequencies(self) -> NDArray[np.float64]:
        """Relative frequencies of the next token for the seen states, ``(m, V)`` in the order of ``seen_states``."""
        seen = self.seen_states
        frequencies: NDArray[np.float64] = self.counts[seen] / self.totals[seen, None]
        return frequencies


def count_ngrams(tokens: ArrayLike, states: StateSpace) -> NgramCounts:
    """Count what follows each context in one sequence, for every length of context that the state space has.

    Parameters
    ----------
    tokens : (n_tokens,) integers in 0..V-1
        The sequence.
    states : StateSpace
        V tokens, contexts of length K or 1..K.

    Raises
    ------
    DataError
        Not one sequence of whole numbers, or not longer than the shortest context, or with a token outside the
        vocabulary.

    Examples
    --------
    >>> count_ngrams([0, 1, 0, 1, 1], StateSpace(vocab_size=2, context_length=1)).counts
    array([[0, 2],
           [1, 1]])
    """
    given = np.asarray(tokens)
    if given.ndim != 1 or not (given.size == 0 or np.issubdtype(given.dtype, np.integer)):
        raise DataError(
            f"Tokens are one sequence of whole numbers: got an array of {given.dtype} of shape {given.shape}. "
            "For text, use vocabulary.encode(text)."
        )
    sequence = given.astype(np.int64)  # (n_tokens,)
    V, n = states.vocab_size, len(sequence)
    if n < states.shortest + 1:
        raise DataError(
            f"Counting what follows {states.shortest} tokens needs at least {states.shortest + 1}: got {n}.", n=n
        )
    if sequence.min() < 0 or sequence.max() >= V:
        where = int(np.argmax((sequence < 0) | (sequence >= V)))
        raise DataError(f"Tokens are 0..{V - 1}: got {sequence[where]} at position {where} of the data.")
    counts = np.zeros(states.n_states * V, dtype=np.int64)
    for length in range(states.shortest, min(states.context_length, n - 1) + 1):
        cells = states.states_of(sequence[:-1], length) * V + sequence[length:]  # (n - length,)
        counts += np.bincount(cells, minlength=len(counts))
    return NgramCounts(states=states, counts=counts.reshape(-1, V))
