"""Chains that lead solvers astray, and their stationary laws by mpmath, to 60 digits and without under- or overflow."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import mpmath
import numpy as np

import markovgpt as mg

__all__ = ["DIGITS", "TORTURE", "precise_stationary", "relative_error", "torture_chains"]

DIGITS = 60

Table = Callable[[np.random.Generator, int, int], np.ndarray]  # of rng, V and n = V^K


def _softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def _random(scale: float) -> Table:
    return lambda rng, V, n: _softmax(scale * rng.normal(size=(n, V)))


def _nearly_periodic(slip: float) -> Table:
    """The next token is the last one plus one, but for a slip."""
    return lambda rng, V, n: _mostly((np.arange(n) % V + 1) % V, slip * rng.random(n), V)


def _sticky(escape: Callable[[np.random.Generator, int], np.ndarray]) -> Table:
    """The last token again, but for an escape whose probability depends on it."""
    return lambda rng, V, n: _mostly(np.arange(n) % V, escape(rng, V)[np.arange(n) % V], V)


def _mostly(likely: np.ndarray, rest: np.ndarray, V: int) -> np.ndarray:
    table = np.tile((rest / (V - 1))[:, None], (1, V))
    table[np.arange(len(likely)), likely] = 1 - rest
    return table


def _golden_mean(rng: np.random.Generator, V: int, n: int) -> np.ndarray:
    """Token 1 never follows token 1."""
    table = rng.dirichlet(np.ones(V), size=n)
    table[np.arange(n) % V == 1, 1] = 0
    return table / table.sum(axis=1, keepdims=True)


def _with_zeros(rng: np.random.Generator, V: int, n: int) -> np.ndarray:
    table = rng.dirichlet(np.ones(V), size=n) * (rng.random((n, V)) < 0.7)
    table[table.sum(axis=1) == 0, 0] = 1
    return table / table.sum(axis=1, keepdims=True)


def _with_denormals(rng: np.random.Generator, V: int, n: int) -> np.ndarray:
    table = np.zeros((n, V))
    table[:, 1:] = rng.choice([5e-324, 3e-310, 1e-200, 0.1], size=(n, V - 1))
    table[:, 0] = 1 - table[:, 1:].sum(axis=1)
    return table


TORTURE: dict[str, Table] = {
    **{f"random, scale {s}": _random(s) for s in (1, 3, 10, 60, 300)},
    **{f"nearly periodic, {e:g}": _nearly_periodic(e) for e in (1e-3, 1e-8, 1e-14)},
    **{f"equal escapes, {e:g}": _sticky(lambda _, V, e=e: np.full(V, e)) for e in (1e-3, 1e-8, 1e-14)},
    **{f"unequal escapes, {e:g}": _sticky(lambda rng, V, e=e: e * rng.random(V)) for e in (1e-3, 1e-8, 1e-14)},
    "tied escapes": lambda _, V, n: _mostly(np.arange(n) // (n // V), np.full(n, 1e-12), V),
    "metastable sets": _sticky(lambda _, V: 10.0 ** -(3.0 + 5 * np.arange(V))),
    "golden mean": _golden_mean,
    "zeros": _with_zeros,
    "denormals": _with_denormals,
}


def torture_chains(kind: str, *sizes: tuple[int, int]) -> Iterator[np.ndarray]:
    """Transition matrices of the recurrent classes, for sizes ``(V, K)``."""
    for V, K in sizes:
        chain = mg.chain_from_table(TORTURE[kind](np.random.default_rng(V + 10 * K), V, V**K))
        for c in mg.recurrent_classes(chain):
            yield chain.to_numpy()[np.ix_(c.states, c.states)]


def precise_stationary(P: np.ndarray, *, divide_rows: bool) -> list[mpmath.mpf]:
    """Stationary law by elimination of one state after another.

    With ``divide_rows`` that of the chain whose rows are divided by their sums; else the diagonal is what they lack.
    """
    with mpmath.workdps(DIGITS + 10):
        A = [[mpmath.mpf(float(p)) for p in row] for row in P]
        n = len(A)
        sums = [mpmath.fsum(row) if divide_rows else mpmath.mpf(1) for row in A]
        for k in range(n - 1, 0, -1):
            s = mpmath.fsum(A[k][:k])
            for i in range(k):
                if A[i][k]:
                    A[i][k] /= s
                    for j in range(k):
                        A[i][j] += A[i][k] * A[k][j]
        weights = [mpmath.mpf(1)]
        for k in range(1, n):
            weights.append(mpmath.fsum(weights[i] * A[i][k] for i in range(k)))
        weights = [w * r for w, r in zip(weights, sums, strict=True)]
        total = mpmath.fsum(weights)
        return [w / total for w in weights]


def relative_error(found: list[mpmath.mpf], exact: list[mpmath.mpf]) -> float:
    """Largest ``|found - exact| / exact``."""
    with mpmath.workdps(DIGITS + 10):
        return max(float(abs(f - e) / e) for f, e in zip(found, exact, strict=True))
