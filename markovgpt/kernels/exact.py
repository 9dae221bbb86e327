"""What is lost when a sum or a product of two doubles is rounded? A double, computed exactly (Knuth; Dekker 1971).

Compiled without fused multiply-add, which would join what must stay apart. Numba looks for changes in the file of the
loop that calls these, not in this one: whoever changes a line here must touch those files, too.
"""

from __future__ import annotations

from markovgpt.kernels.compiled import compiled_exactly

__all__ = ["joined", "product", "two_sum"]

_SPLIT = 2.0**27 + 1


@compiled_exactly
def product(a: float, b: float) -> tuple[float, float]:
    """``a * b`` rounded, and its error, unless it underflows."""
    s, t = _SPLIT * a, _SPLIT * b
    a1, b1 = s - (s - a), t - (t - b)
    a2, b2 = a - a1, b - b1
    p = a * b
    return p, ((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2


@compiled_exactly
def two_sum(a: float, b: float) -> tuple[float, float]:
    """``a + b`` rounded, and its error."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


@compiled_exactly
def joined(a: float, b: float) -> tuple[float, float]:
    """``a + b`` rounded, and its error, where a is the larger."""
    s = a + b
    return s, b - (s - a)
