"""What does a sparse transition matrix do as a system of equations?"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from markovgpt.kernels.compiled import can_compile
from markovgpt.solvers.system import UNIT, Balance, balance_in_pairs, collected, rounded_down, rounded_down_in_pairs

__all__ = ["MatrixSystem"]

Vector = NDArray[np.float64]
_LONG = 32  # entries of a row that are added up without a thought for rounding
_COMPILED_FROM = 4097  # states; for fewer it does not pay to import a compiler


@final
class MatrixSystem:
    """A sparse transition matrix, ``csr_array (n, n)``."""

    def __init__(self, matrix: Any) -> None:
        self.matrix = matrix
        self.n = int(matrix.shape[0])

    @cached_property
    def _incoming(self) -> Any:
        return self.matrix.T.tocsr()

    @cached_property
    def _out(self) -> Any:
        """Outgoing arrows without self-loops."""
        loops = self.matrix.copy()
        loops.setdiag(0.0)
        loops.eliminate_zeros()
        return loops

    @cached_property
    def _into(self) -> Any:
        """Incoming arrows without self-loops: row y holds the sources of y."""
        return self._out.T.tocsr()

    @cached_property
    def _leaving(self) -> Vector:
        return np.asarray(self._out.sum(axis=1)).ravel()

    @cached_property
    def most_arrows(self) -> int:
        return int(max(np.diff(self.matrix.indptr).max(), np.diff(self._incoming.indptr).max()))

    def push(self, mu: Vector) -> Vector:
        after: Vector = self._incoming @ mu
        return after

    def pull(self, f: Vector) -> Vector:
        before: Vector = self.matrix @ f
        return before

    def row_defect(self) -> float:
        sums = np.asarray(self.matrix.sum(axis=1))
        starts, lengths = self.matrix.indptr, np.diff(self.matrix.indptr)
        for row in np.flatnonzero(lengths > _LONG):
            sums[row] = math.fsum(self.matrix.data[starts[row] : starts[row + 1]].tolist())
        return float(abs(sums - 1).max()) + 2 * min(int(lengths.max()), _LONG) * UNIT

    def greedy_successors(self) -> NDArray[np.int32]:
        return _likeliest(self.matrix)

    def likeliest_others(self) -> NDArray[np.int32]:
        """Likeliest successor of every state but itself, ``(n,)``."""
        return _likeliest(self._out)

    def sweep_measure(self, mu: Vector, source: Vector, order: NDArray[np.int32]) -> None:
        from markovgpt.kernels.sweeps import sweep_measure_csr

        into = self._into
        sweep_measure_csr(into.indptr, into.indices, into.data, self._leaving, order, source, mu)

    def sweep_function(self, f: Vector, source: Vector, order: NDArray[np.int32]) -> None:
        from markovgpt.kernels.sweeps import sweep_function_csr

        out = self._out
        sweep_function_csr(out.indptr, out.indices, out.data, self._leaving, order, source, f)

    def lump_flows(self, mu: Vector, lump: NDArray[np.int32], m: int) -> NDArray[np.float64]:
        pairs = lump[self._sources].astype(np.int64) * m + lump[self._out.indices]  # (nnz,)
        return _sums(pairs, mu[self._sources] * self._out.data, m * m).reshape(m, m)

    def lumped(self, mu: Vector, lump: NDArray[np.int32], m: int) -> csr_array[Any]:
        sources = np.repeat(np.arange(self.n), np.diff(self.matrix.indptr))  # (nnz,)
        return collected(mu[sources] * self.matrix.data, lump[sources], lump[self.matrix.indices], m)

    def balance(self, hi: Vector, lo: Vector) -> Balance:
        into, out, n = self._into, self._out, self.n
        if not self._is_compiled:
            flows = hi[self._sources] * out.data  # (nnz,)
            net = _sums(out.indices, flows, n) - _sums(self._sources, flows, n)
            gross, neglected = (abs(part) * self._leaving + abs(part) @ out for part in (hi, lo))
            rounding = (self.most_arrows + 4) * UNIT * gross + 2 * neglected
            rounding += (self.most_arrows + 2) * np.finfo(np.float64).tiny  # for what underflows
            return Balance(net, rounding)
        from markovgpt.kernels.flows import balance_csr

        net, gross = np.empty(n), np.empty(n)
        balance_csr(into.indptr, into.indices, into.data, out.indptr, out.data, hi, lo, net, gross)
        return balance_in_pairs(net, gross, self.most_arrows)

    def drift(self, w: Vector, low: Vector) -> Vector:
        out, n = self._out, self.n
        if not self._is_compiled:
            high_part, low_part = w[self._sources] - w[out.indices], low[self._sources] - low[out.indices]  # (nnz,)
            total = _sums(self._sources, out.data * (high_part + low_part), n)
            absolute = _sums(self._sources, out.data * (abs(high_part) + abs(low_part)), n)
            return rounded_down(total, absolute, self.most_arrows)
        from markovgpt.kernels.flows import drift_csr

        total, absolute = np.empty(n), np.empty(n)
        drift_csr(out.indptr, out.indices, out.data, w, low, total, absolute)
        return rounded_down_in_pairs(total, absolute, self.most_arrows)

    @property
    def _is_compiled(self) -> bool:
        return self.n >= _COMPILED_FROM and can_compile()

    @cached_property
    def _sources(self) -> NDArray[np.int64]:
        """Source of every arrow that is no self-loop, ``(nnz,)``."""
        return np.repeat(np.arange(self.n), np.diff(self._out.indptr))


def _sums(places: NDArray[Any], values: Vector, n: int) -> Vector:
    """Sum of the values of each place, ``(n,)``."""
    return np.bincount(places, values, n).astype(np.float64, copy=False)


def _likeliest(matrix: csr_array[Any]) -> NDArray[np.int32]:
    """Column of the largest entry of each row, the first of a tie, ``(n,)``; an empty row has its own."""
    lengths = np.diff(matrix.indptr)
    found = np.arange(matrix.shape[0], dtype=np.int32)
    filled = np.flatnonzero(lengths)
    if len(filled):
        starts, data = matrix.indptr[filled], matrix.data
        largest = np.repeat(np.maximum.reduceat(data, starts), lengths[filled])  # (nnz,)
        places = np.where(data == largest, np.arange(len(data)), len(data))
        found[filled] = matrix.indices[np.minimum.reduceat(places, starts)]
    return found
