"""What does a solver need of a chain? Its steps, its equations one state at a time, and its flows.

Two kinds of irreducible chains have it: a full-length table, where every arrow is arithmetic
(:mod:`markovgpt.solvers.table_system`), and a sparse matrix (:mod:`markovgpt.solvers.matrix_system`). Self-loops matter
to ``push`` and ``pull`` only: wherever equations are solved or proven they are left out, since what a state sends to
itself does not change where the chain is.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

__all__ = ["UNIT", "Balance", "System", "balance_in_pairs", "collected", "rounded_down", "rounded_down_in_pairs"]

Vector = NDArray[np.float64]


UNIT = 2.0**-53
"""Largest relative error of one rounding."""


class Balance(NamedTuple):
    """Inflow minus outflow of every state, and by how much each can be wrong, both ``(n,)``."""

    net: Vector
    error: Vector


class System(Protocol):
    """An irreducible chain of n states as solvers see it."""

    @property
    def n(self) -> int: ...

    @property
    def most_arrows(self) -> int:
        """Most arrows into or out of one state."""
        ...

    def push(self, mu: Vector) -> Vector:
        """``mu P``."""
        ...

    def pull(self, f: Vector) -> Vector:
        """``P f``."""
        ...

    def row_defect(self) -> float:
        """A proven upper bound of ``|sum of a row - 1|``."""
        ...

    def greedy_successors(self) -> NDArray[np.int32]:
        """Likeliest successor of every state, ``(n,)``."""
        ...

    def sweep_measure(self, mu: Vector, source: Vector, order: NDArray[np.int32]) -> None:
        """Gauss-Seidel in place for ``mu = mu P + source``, states in ``order``."""
        ...

    def sweep_function(self, f: Vector, source: Vector, order: NDArray[np.int32]) -> None:
        """Gauss-Seidel in place for ``f = P f + source``, states against ``order``."""
        ...

    def lump_flows(self, mu: Vector, lump: NDArray[np.int32], m: int) -> NDArray[np.float64]:
        """Flow of the measure ``mu`` between every two lumps in a step, ``(m, m)``; flow within a lump is left out."""
        ...

    def lumped(self, mu: Vector, lump: NDArray[np.int32], m: int) -> csr_array[Any]:
        """The same flows as a sparse matrix ``(m, m)``, for many lumps."""
        ...

    def balance(self, hi: Vector, lo: Vector) -> Balance:
        """Inflow minus outflow of every state under the measure hi + lo, with a proven error."""
        ...

    def drift(self, w: Vector, low: Vector) -> Vector:
        """A proven lower bound of ``sum_y P(x, y) (w(x) - w(y))`` of w + low for every state, ``(n,)``."""
        ...


def balance_in_pairs(net: Vector, gross: Vector, terms: int) -> Balance:
    """With the error of sums in pairs of doubles."""
    return Balance(net, _error_in_pairs(net, gross, terms))


def rounded_down_in_pairs(total: Vector, absolute: Vector, terms: int) -> Vector:
    """A sum in pairs of doubles, less all that rounding can have added."""
    total -= _error_in_pairs(total, absolute, terms)
    return total


def _error_in_pairs(total: Vector, absolute: Vector, terms: int) -> Vector:
    """A product and a sum are wrong by less than 8 units of a pair each; the result, and what is made of it, by one."""
    absolute *= 16 * (terms + 4) * UNIT**2
    absolute += 2 * UNIT * abs(total)
    absolute += (terms + 2) * np.finfo(np.float64).tiny  # for what underflows
    return absolute


def rounded_down(total: Vector, absolute: Vector, terms: int) -> Vector:
    """A sum of terms of four roundings each, less all that these and the additions can have added."""
    absolute *= (terms + 5) * UNIT
    total -= absolute
    total -= (terms + 2) * np.finfo(np.float64).tiny  # for what underflows
    return total


def collected(weights: Vector, rows: NDArray[np.int32], columns: NDArray[np.int32], m: int) -> csr_array[Any]:
    """The sums of the weights of equal places, ``(m, m)``."""
    return coo_array((weights, (rows, columns)), shape=(m, m)).tocsr()
