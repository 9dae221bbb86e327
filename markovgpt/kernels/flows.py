"""How does probability flow between lumps of states, and how exactly do the flows of a measure balance?

The balance is computed in pairs of doubles (hi + lo, about 32 digits), of products and sums whose errors are carried
along (:mod:`markovgpt.kernels.exact`).
"""

from __future__ import annotations

from typing import Any

from markovgpt.kernels.compiled import compiled, compiled_exactly
from markovgpt.kernels.exact import joined, product, two_sum

__all__ = ["balance", "balance_csr", "drift", "drift_csr", "lump_flows"]

_FLAT = 2.0**53  # the low part of a measure is computed with this many times the relative error of the high part


@compiled
def lump_flows(table: Any, mu: Any, lump: Any, flows: Any) -> None:
    """Add the flow between every two lumps, ``sum mu(x) P(x, y)``, to ``flows (m, m)``; ``lump (n,)`` int32."""
    n, V = table.shape
    for s in range(n):
        row = flows[lump[s]]
        weight = mu[s]
        for t in range(V):
            row[lump[(s * V + t) % n]] += weight * table[s, t]


@compiled_exactly
def _add_product(total: float, rest: float, hi: float, lo: float, p: float) -> Any:
    """``(total + rest) + (hi + lo) * p``."""
    term, error = product(hi, p)
    added, lost = two_sum(total, term)
    return joined(added, (error + lo * p) + lost + rest)


@compiled_exactly
def balance(start: int, stop: int, table: Any, hi: Any, lo: Any, net: Any, gross: Any) -> None:
    """Inflow minus outflow of the states start..stop under the measure hi + lo, self-loops left out.

    ``gross`` is the sum of the absolute terms, those of lo counted 2^53 times: the error is some 2^-106 of it.
    """
    n, V = table.shape
    R = n // V
    for y in range(start, stop):
        r = y // V
        t = y - r * V
        into, into_rest, out, out_rest, terms = 0.0, 0.0, 0.0, 0.0, 0.0
        for a in range(V):
            s = a * R + r
            if s != y:
                into, into_rest = _add_product(into, into_rest, hi[s], lo[s], table[s, t])
                terms += (abs(hi[s]) + _FLAT * abs(lo[s])) * table[s, t]
        for u in range(V):
            if (y * V + u) % n != y:
                out, out_rest = _add_product(out, out_rest, hi[y], lo[y], table[y, u])
                terms += (abs(hi[y]) + _FLAT * abs(lo[y])) * table[y, u]
        net[y] = _difference(into, into_rest, out, out_rest)
        gross[y] = terms


@compiled_exactly
def balance_csr(
    in_indptr: Any,
    in_sources: Any,
    in_data: Any,
    out_indptr: Any,
    out_data: Any,
    hi: Any,
    lo: Any,
    net: Any,
    gross: Any,
) -> None:
    """As :func:`balance`, for matrices of incoming and of outgoing arrows without self-loops."""
    for y in range(len(hi)):
        into, into_rest, out, out_rest, terms = 0.0, 0.0, 0.0, 0.0, 0.0
        for k in range(in_indptr[y], in_indptr[y + 1]):
            s = in_sources[k]
            into, into_rest = _add_product(into, into_rest, hi[s], lo[s], in_data[k])
            terms += (abs(hi[s]) + _FLAT * abs(lo[s])) * in_data[k]
        for k in range(out_indptr[y], out_indptr[y + 1]):
            out, out_rest = _add_product(out, out_rest, hi[y], lo[y], out_data[k])
            terms += (abs(hi[y]) + _FLAT * abs(lo[y])) * out_data[k]
        net[y] = _difference(into, into_rest, out, out_rest)
        gross[y] = terms


@compiled_exactly
def _difference(a: float, a_rest: float, b: float, b_rest: float) -> float:
    """``(a + a_rest) - (b + b_rest)``."""
    d, lost = two_sum(a, -b)
    return d + (lost + (a_rest - b_rest))


@compiled_exactly
def drift(start: int, stop: int, table: Any, w: Any, low: Any, sums: Any, sizes: Any) -> None:
    """``sum_y P(x, y) (w(x) - w(y))`` of w + low, for the states start..stop.

    ``sizes`` are the sums of the absolute terms, low parts counted 2^53 times: the error is some 2^-106 of it.
    """
    n, V = table.shape
    for x in range(start, stop):
        total, rest, size = 0.0, 0.0, 0.0
        for t in range(V):
            y = (x * V + t) % n
            high, lost = two_sum(w[x], -w[y])
            total, rest = _add_product(total, rest, high, (low[x] - low[y]) + lost, table[x, t])
            size += table[x, t] * (abs(high) + _FLAT * (abs(low[x] - low[y]) + abs(lost)))
        sums[x] = total
        sizes[x] = size


@compiled_exactly
def drift_csr(indptr: Any, targets: Any, data: Any, w: Any, low: Any, sums: Any, sizes: Any) -> None:
    """As :func:`drift`, for a matrix of outgoing arrows without self-loops."""
    for x in range(len(w)):
        total, rest, size = 0.0, 0.0, 0.0
        for k in range(indptr[x], indptr[x + 1]):
            y = targets[k]
            high, lost = two_sum(w[x], -w[y])
            total, rest = _add_product(total, rest, high, (low[x] - low[y]) + lost, data[k])
            size += data[k] * (abs(high) + _FLAT * (abs(low[x] - low[y]) + abs(lost)))
        sums[x] = total
        sizes[x] = size
