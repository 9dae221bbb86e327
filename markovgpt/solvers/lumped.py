"""How does probability settle between a few lumps of states? Small systems, solved without subtracting flows.

Lumps A exchange the flows F(A, B). The elimination is that of :mod:`markovgpt.solvers.gth`: what leaves a lump is
summed from its parts. Once factored, it solves for functions, ``sum_B F(A, B) (c_A - c_B) = rho_A``, and for measures
given as multiples of the present one, ``sum_A (c_B F(B, A) - c_A F(A, B)) = rho_B``; both with ``c = 0`` for lump 0,
and both solvable when the sum of rho is 0.
"""

from __future__ import annotations

from typing import final

import numpy as np
from numpy.typing import NDArray

__all__ = ["LumpedFlows"]

Vector = NDArray[np.float64]


@final
class LumpedFlows:
    """Eliminated flows ``(m, m)`` between lumps; the diagonal is not read."""

    def __init__(self, flows: NDArray[np.float64]) -> None:
        F = flows.copy()  # (m, m)
        m = len(F)
        leaving = np.zeros(m)
        for k in range(m - 1, 0, -1):
            leaving[k] = F[k, :k].sum()
            if leaving[k] > 0:
                F[:k, :k] += np.outer(F[:k, k] / leaving[k], F[k, :k])
        self._flows, self._leaving = F, leaving

    def stationary_factors(self) -> Vector:
        """The c > 0 of ``sum_A (c_B F(B, A) - c_A F(A, B)) = 0``, ``(m,)``: by how much each lump is too light."""
        F, leaving = self._flows, self._leaving
        c = np.ones(len(F))
        for k in range(1, len(F)):
            c[k] = c[:k] @ F[:k, k] / leaving[k] if leaving[k] > 0 else 0.0
        return c

    def function(self, rho: Vector) -> Vector:
        """The c of ``sum_B F(A, B) (c_A - c_B) = rho_A``, ``(m,)``."""
        F, leaving, right = self._flows, self._leaving, rho.copy()
        for k in range(len(F) - 1, 0, -1):
            if leaving[k] > 0:
                right[:k] += F[:k, k] * (right[k] / leaving[k])
        c = np.zeros(len(F))
        for k in range(1, len(F)):
            if leaving[k] > 0:
                c[k] = (right[k] + F[k, :k] @ c[:k]) / leaving[k]
        return c

    def measure(self, rho: Vector) -> Vector:
        """The c of ``sum_A (c_B F(B, A) - c_A F(A, B)) = rho_B``, ``(m,)``."""
        F, leaving, right = self._flows, self._leaving, rho.copy()
        for k in range(len(F) - 1, 0, -1):
            if leaving[k] > 0:
                right[:k] += F[k, :k] * (right[k] / leaving[k])
        c = np.zeros(len(F))
        for k in range(1, len(F)):
            if leaving[k] > 0:
                c[k] = (right[k] + c[:k] @ F[:k, k]) / leaving[k]
        return c
