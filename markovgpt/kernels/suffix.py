"""How is a measure on contexts split into a law of suffixes and the next-token law behind each, in place?"""

from __future__ import annotations

from typing import Any

from markovgpt.kernels.compiled import compiled

__all__ = ["compose", "condition", "distance", "pull_suffixes"]


@compiled
def condition(start: int, stop: int, joint: Any, marginal: Any) -> None:
    """Divide rows start..stop of ``joint (R, V)`` by their sums, which go to ``marginal (R,)``."""
    V = joint.shape[1]
    for r in range(start, stop):
        total = 0.0
        for t in range(V):
            total += joint[r, t]
        marginal[r] = total
        if total > 0:
            for t in range(V):
                joint[r, t] /= total


@compiled
def compose(start: int, stop: int, conditional: Any, marginal: Any) -> None:
    """Multiply rows start..stop of ``conditional (R, V)`` by ``marginal (R,)``."""
    V = conditional.shape[1]
    for r in range(start, stop):
        for t in range(V):
            conditional[r, t] *= marginal[r]


@compiled
def pull_suffixes(start: int, stop: int, table: Any, coarse: Any, rest: Any, out: Any) -> None:
    """``P f + rest`` in states start..stop, for an f that is given by the last K - 1 tokens: ``coarse (n / V,)``."""
    V = table.shape[1]
    R = len(coarse)
    for s in range(start, stop):
        total = rest[s]
        for t in range(V):
            total += table[s, t] * coarse[(s * V + t) % R]
        out[s] = total


@compiled
def distance(a: Any, b: Any) -> float:
    """``sum |a - b|`` of two vectors."""
    total = 0.0
    for i in range(len(a)):
        total += abs(a[i] - b[i])
    return total
