"""Random models with a law for every context of length 1..K, and a place to start."""

from __future__ import annotations

import numpy as np
from brute import Context
from hypothesis import strategies as st
from strategies import tables

import markovgpt as mg

__all__ = ["Case", "cases", "matrix_of"]

SIZES = [(1, 2), (2, 1), (2, 2), (2, 3), (3, 1), (3, 2), (4, 1)]  # (V, K)


class Case:
    """A model of all lengths, and a context to start from."""

    def __init__(self, table: np.ndarray, start: Context) -> None:
        self.model = mg.from_matrix(table, lengths="all")
        self.chain = mg.build_chain(self.model, lengths="all")
        self.V, self.K, self.start = self.chain.vocab_size, self.chain.context_length, start
        self._laws = self.chain.probabilities.tolist()

    def __repr__(self) -> str:
        return f"Case(np.array({self.chain.probabilities.tolist()}), {self.start})"

    def law(self, context: Context) -> list[float]:
        """What the package makes of the model's logits: the numbers that a walk sees, to the last bit."""
        return self._laws[self.chain.states.index(context)]


@st.composite
def cases(draw: st.DrawFn, *, positive: bool = False, sizes: list[tuple[int, int]] = SIZES) -> Case:
    """V up to 4 and K up to 3; all probabilities above 0, or with zeros and ties."""
    V, K = draw(st.sampled_from(sizes))
    space = mg.StateSpace(vocab_size=V, context_length=K, lengths="all")
    table = draw(tables(space))  # (n, V)
    if positive:
        table = (table + 0.05) / (1 + 0.05 * V)
    return Case(table, space.context(draw(st.integers(0, space.n_states - 1))))


def matrix_of(chain: mg.SparseChain) -> dict[Context | str, dict[Context | str, float]]:
    """A sparse chain as dictionaries: contexts by their tokens, other states by their names."""
    names = [chain.context(s) or chain.label(s) for s in range(chain.n_states)]
    dense = chain.to_numpy()
    return {names[i]: {names[j]: float(dense[i, j]) for j in np.flatnonzero(dense[i])} for i in range(chain.n_states)}
