"""What is the chain of the states that a model can get to, with an end, or with a way out of its vocabulary?"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from markovgpt.chain import check_dense_size
from markovgpt.errors import ArgumentError, TableError
from markovgpt.origin import Origin
from markovgpt.vocabulary import Vocabulary

__all__ = ["ELSEWHERE", "END", "SparseChain"]

END = "(end)"
ELSEWHERE = "(elsewhere)"


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class SparseChain:
    """A chain over some contexts, found by walking, and a few states that are none: the end, or "anything else".

    Attributes
    ----------
    matrix : csr_array (n, n)
        Transition probabilities; rows sum to 1. State 0 is the start of the walk.
    arrow_tokens : (nnz,) int64
        The token of every stored entry, in the order of ``matrix.data``; -1 where it is no single token.
    contexts : (m, K) int64, m <= n
        Tokens of the states that are contexts, oldest first, filled with -1 on the left where they are shorter than K.
    special : tuple of n - m str
        Names of the other states, which come last and are absorbing: ``"(end)"``, ``"(elsewhere)"``.
    cut : (n,) float64
        Probability that was cut off at each state: tokens below the threshold or outside the vocabulary. The rest of
        the row was divided by its sum, or the cut leads to ``"(elsewhere)"``.
    vocabulary : Vocabulary
        Texts of the V tokens.
    origin : Origin
        Where the chain came from.
    """

    matrix: csr_array[Any]
    arrow_tokens: NDArray[np.int64]
    contexts: NDArray[np.int64]
    special: tuple[str, ...]
    cut: NDArray[np.float64]
    vocabulary: Vocabulary
    origin: Origin = field(default_factory=Origin)

    def __post_init__(self) -> None:
        n = len(self.contexts) + len(self.special)
        if self.matrix.shape != (n, n) or self.cut.shape != (n,) or len(self.arrow_tokens) != self.matrix.nnz:
            raise TableError(f"A sparse chain of {n} states needs a matrix ({n}, {n}): got {self.matrix.shape}.")
        for array in (self.matrix.data, self.arrow_tokens, self.contexts, self.cut):
            array.setflags(write=False)

    def __repr__(self) -> str:
        V, K = len(self.vocabulary), self.context_length
        return f"<SparseChain of {self.origin.model}: {self.n_states} reachable states, V={V}, K={K}>"

    @property
    def n_states(self) -> int:
        """Number of states, n."""
        return len(self.contexts) + len(self.special)

    @property
    def vocab_size(self) -> int:
        """Number of tokens, V."""
        return len(self.vocabulary)

    @property
    def context_length(self) -> int:
        """Longest context, K."""
        return int(self.contexts.shape[1])

    @property
    def fingerprint(self) -> str:
        """SHA-256 of contexts, matrix and cut: equal for equal chains."""
        digest = hashlib.sha256(repr((self.vocab_size, self.special)).encode())
        for array in (self.contexts, self.matrix.indptr, self.matrix.indices, self.matrix.data, self.cut):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def push(self, mu: ArrayLike) -> NDArray[np.float64]:
        """One step of a distribution, ``mu P``: ``(n,) -> (n,)``."""
        after: NDArray[np.float64] = self._vector(mu) @ self.matrix
        return after

    def pull(self, f: ArrayLike) -> NDArray[np.float64]:
        """Expected value of a function of the state after one step, ``P f``: ``(n,) -> (n,)``."""
        before: NDArray[np.float64] = self.matrix @ self._vector(f)
        return before

    def context(self, state: int) -> tuple[int, ...]:
        """Tokens of a state, oldest first; empty for a state that is no context."""
        if not 0 <= state < self.n_states:
            raise ArgumentError(f"States are 0..{self.n_states - 1}: got {state}.", state=state)
        if state >= len(self.contexts):
            return ()
        row = self.contexts[state]
        return tuple(row[row >= 0].tolist())

    def label(self, state: int) -> str:
        """Printable name of a state."""
        context = self.context(state)
        return self.vocabulary.label(context) if context else self.special[state - len(self.contexts)]

    def state(self, state: int | str | Sequence[int]) -> int:
        """Index of a state, given as its index, its label or its tokens.

        Raises
        ------
        ArgumentError
            It is not among the reachable states.
        """
        if isinstance(state, int | np.integer):
            self.context(int(state))  # refuses an index outside the chain
            return int(state)
        if isinstance(state, str) and state in self.special:
            return len(self.contexts) + self.special.index(state)
        tokens = self.vocabulary.parse(state) if isinstance(state, str) else tuple(state)
        row = np.full(self.context_length, -1)
        if 0 < len(tokens) <= len(row):
            row[-len(tokens) :] = tokens
        found = np.flatnonzero((self.contexts == row).all(axis=1))
        if not len(found):
            raise ArgumentError(
                f"The context {self.vocabulary.label(tokens)!r} is not one of the {len(self.contexts):,} reachable.",
                context=tokens,
            )
        return int(found[0])

    def row(self, state: int | str | Sequence[int]) -> NDArray[np.float64]:
        """Next-token probabilities ``(V,)`` of a state; they sum to less than 1 where a part leads elsewhere."""
        s = self.state(state)
        here = slice(self.matrix.indptr[s], self.matrix.indptr[s + 1])
        tokens, law = self.arrow_tokens[here], np.zeros(len(self.vocabulary))
        law[tokens[tokens >= 0]] = self.matrix.data[here][tokens >= 0]
        return law

    def to_scipy(self) -> csr_array[Any]:
        """The transition matrix ``(n, n)``; only entries above 0 are stored."""
        return self.matrix

    def to_numpy(self) -> NDArray[np.float64]:
        """The transition matrix as a dense array ``(n, n)``; up to 10,000 states."""
        check_dense_size(self.n_states)
        dense: NDArray[np.float64] = self.matrix.toarray()
        return dense

    def _vector(self, values: ArrayLike) -> NDArray[np.float64]:
        vector = np.asarray(values, dtype=np.float64)
        if vector.shape != (self.n_states,):
            raise ArgumentError(f"A vector over {self.n_states} states is needed: got shape {vector.shape}.")
        return vector
