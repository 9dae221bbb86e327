"""How are the stationary and the hitting-time equations relaxed in place, state after state in a given order?

Gauss-Seidel: each state is set to what its equation asks, from the newest values of the others. The self-loop is solved
for, not iterated, and the probability of leaving is summed from its parts: nothing is subtracted.
"""

from __future__ import annotations

from typing import Any

from markovgpt.kernels.compiled import compiled

__all__ = ["sweep_function", "sweep_function_csr", "sweep_measure", "sweep_measure_csr"]


@compiled
def sweep_measure(table: Any, order: Any, source: Any, mu: Any) -> None:
    """Solve ``mu(y) = sum_x mu(x) P(x, y) + source(y)`` for y after y in ``order``; ``mu (n,)`` is overwritten."""
    n, V = table.shape
    R = n // V
    for i in range(len(order)):
        y = order[i]
        r = y // V
        t = y - r * V
        into = source[y]
        for a in range(V):
            s = a * R + r
            if s != y:
                into += mu[s] * table[s, t]
        leaving = 0.0
        for u in range(V):
            if (y * V + u) % n != y:
                leaving += table[y, u]
        if leaving > 0:
            mu[y] = into / leaving


@compiled
def sweep_function(table: Any, order: Any, source: Any, f: Any) -> None:
    """Solve ``f(x) = sum_y P(x, y) f(y) + source(x)`` for x after x, ``order`` backwards; ``f (n,)`` is overwritten."""
    n, V = table.shape
    for i in range(len(order) - 1, -1, -1):
        x = order[i]
        ahead = source[x]
        leaving = 0.0
        for t in range(V):
            y = (x * V + t) % n
            if y != x:
                ahead += table[x, t] * f[y]
                leaving += table[x, t]
        if leaving > 0:
            f[x] = ahead / leaving


@compiled
def sweep_measure_csr(indptr: Any, sources: Any, data: Any, leaving: Any, order: Any, source: Any, mu: Any) -> None:
    """As :func:`sweep_measure`; row y of the matrix holds what comes in, without self-loops; ``leaving (n,)``."""
    for i in range(len(order)):
        y = order[i]
        into = source[y]
        for k in range(indptr[y], indptr[y + 1]):
            into += mu[sources[k]] * data[k]
        if leaving[y] > 0:
            mu[y] = into / leaving[y]


@compiled
def sweep_function_csr(indptr: Any, targets: Any, data: Any, leaving: Any, order: Any, source: Any, f: Any) -> None:
    """As :func:`sweep_function`; row x of the matrix holds what goes out, without self-loops; ``leaving (n,)``."""
    for i in range(len(order) - 1, -1, -1):
        x = order[i]
        ahead = source[x]
        for k in range(indptr[x], indptr[x + 1]):
            ahead += data[k] * f[targets[k]]
        if leaving[x] > 0:
            f[x] = ahead / leaving[x]
