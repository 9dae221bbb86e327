"""What does a table of next-token probabilities do as a system of equations? Every arrow is arithmetic."""

from __future__ import annotations

from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from markovgpt.solvers.system import UNIT, Balance, balance_in_pairs, collected, rounded_down_in_pairs

__all__ = ["TableSystem"]

Vector = NDArray[np.float64]
_ROWS = 2**20  # summed at once


@final
class TableSystem:
    """A full-length table of next-token probabilities ``(V^K, V)``."""

    def __init__(self, table: NDArray[np.float64]) -> None:
        self.table = table
        self.n, self.most_arrows = int(table.shape[0]), int(table.shape[1])

    def push(self, mu: Vector, *, out: Vector | None = None) -> Vector:
        from markovgpt.kernels.steps import push

        return push(self.table, mu, out=out)

    def pull(self, f: Vector, *, out: Vector | None = None) -> Vector:
        from markovgpt.kernels.steps import pull

        return pull(self.table, f, out=out)

    def row_defect(self) -> float:
        worst = 0.0
        for start in range(0, self.n, _ROWS):
            sums = self.table[start : start + _ROWS].sum(axis=1)
            worst = max(worst, float(sums.max()) - 1, 1 - float(sums.min()))
        return worst + 2 * float(self.most_arrows) * UNIT

    def greedy_successors(self) -> NDArray[np.int32]:
        from markovgpt.kernels.orbits import greedy_successors

        return greedy_successors(self.table)

    def sweep_measure(self, mu: Vector, source: Vector, order: NDArray[np.int32]) -> None:
        from markovgpt.kernels.sweeps import sweep_measure

        sweep_measure(self.table, order, source, mu)

    def sweep_function(self, f: Vector, source: Vector, order: NDArray[np.int32]) -> None:
        from markovgpt.kernels.sweeps import sweep_function

        sweep_function(self.table, order, source, f)

    def lump_flows(self, mu: Vector, lump: NDArray[np.int32], m: int) -> NDArray[np.float64]:
        from markovgpt.kernels.flows import lump_flows

        flows = np.zeros((m, m))
        lump_flows(self.table, mu, lump, flows)
        return flows

    def lumped(self, mu: Vector, lump: NDArray[np.int32], m: int) -> csr_array[Any]:
        V = self.table.shape[1]
        weights = (self.table * mu[:, None]).ravel()  # (n V,)
        return collected(weights, np.repeat(lump, V), np.tile(lump, V), m)

    def balance(self, hi: Vector, lo: Vector) -> Balance:
        from markovgpt.kernels.flows import balance
        from markovgpt.kernels.threads import run_in_pieces

        net, gross = np.empty(self.n), np.empty(self.n)
        run_in_pieces(balance, self.n, self.table, hi, lo, net, gross, smallest=4096)
        return balance_in_pairs(net, gross, self.most_arrows)

    def drift(self, w: Vector, low: Vector) -> Vector:
        from markovgpt.kernels.flows import drift
        from markovgpt.kernels.threads import run_in_pieces

        total, absolute = np.empty(self.n), np.empty(self.n)
        run_in_pieces(drift, self.n, self.table, w, low, total, absolute, smallest=4096)
        return rounded_down_in_pairs(total, absolute, self.most_arrows)
