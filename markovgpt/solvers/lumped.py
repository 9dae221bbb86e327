"""How does probability settle between a few lumps of states? Small systems, solved without subtracting flows.

Lumps A exchange the flows F(A, B). The elimination is that of :mod:`markovgpt.solvers.gth`: what leaves a lump is
summed from its parts. Once factored, it solves for functions, ``sum_B F(A, B) (c_A - c_B) = rho_A``, and for measures
given as multiples of the present one, ``sum_A (c_B F(B, A) - c_A F(A, B)) = rho_B``; both with ``c = 0`` for lump 0,
and both solvable when the sum of rho is 0.
"""

from __future__ import annotations

from decimal import MAX_EMAX, MIN_EMIN, Decimal, localcontext
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import NDArray

__all__ = ["LumpedFlows"]

Vector = NDArray[np.float64]
_DIGITS = 60


@final
class LumpedFlows:
    """Eliminated flows ``(m, m)`` between lumps; the diagonal is not read."""

    def __init__(self, flows: NDArray[np.float64]) -> None:
        self._given = flows
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

    def precise_function(self, rho: Vector) -> tuple[Vector, Vector]:
        """As :meth:`function`, in decimal arithmetic: the c as a pair, high + low.

        Times between lumps may be 1e22 steps, and differ by one.
        """
        with localcontext() as context:
            context.prec, context.Emin, context.Emax = _DIGITS, MIN_EMIN, MAX_EMAX
            F, leaving = self._decimals
            right = [Decimal(value) for value in rho.tolist()]
            for k in range(len(right) - 1, 0, -1):
                if leaving[k]:
                    share = right[k] / leaving[k]
                    for i in range(k):
                        right[i] += F[i][k] * share
            c = [Decimal(0)] * len(right)
            for k in range(1, len(right)):
                if leaving[k]:
                    c[k] = (right[k] + sum((F[k][j] * c[j] for j in range(k)), Decimal(0))) / leaving[k]
            high = np.array([float(value) for value in c])
            low = np.array([float(value - Decimal(h)) for value, h in zip(c, high.tolist(), strict=True)])
        return high, low

    @cached_property
    def _decimals(self) -> tuple[list[list[Decimal]], list[Decimal]]:
        """The same elimination; within the context of the caller."""
        F = [[Decimal(value) for value in row] for row in self._given.tolist()]
        leaving = [Decimal(0)] * len(F)
        for k in range(len(F) - 1, 0, -1):
            leaving[k] = sum(F[k][:k], Decimal(0))
            if leaving[k]:
                for i in range(k):
                    share = F[i][k] / leaving[k]
                    for j in range(k):
                        F[i][j] += share * F[k][j]
        return F, leaving

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
