"""Chains that lead solvers astray."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

import markovgpt as mg

__all__ = ["LARGE", "TORTURE", "torture_chains"]

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
    table[:, 1:] = rng.choice([5e-324, 3e-310, 1e-200, min(0.1, 0.9 / V)], size=(n, V - 1))
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
"""For solvers of every entry: small tables are enough."""


def _context_length(V: int, n: int) -> int:
    return len(np.base_repr(n, V)) - 1 if V <= 36 else round(float(np.log(n) / np.log(V)))


def _digits(V: int, n: int) -> np.ndarray:
    """Tokens of every context, oldest first, ``(n, K)``."""
    K = _context_length(V, n)
    return np.arange(n)[:, None] // V ** np.arange(K - 1, -1, -1) % V


def _of_order_three(rng: np.random.Generator, V: int, n: int) -> np.ndarray:
    """The last three tokens matter; all the others hardly do."""
    few = min(V**3, n)
    return _softmax(2 * rng.normal(size=(few, V))[np.arange(n) % few] + 0.1 * rng.normal(size=(n, V)))


def _decaying(temperature: float) -> Table:
    """Each older token has half the influence of the next, at a low temperature."""

    def table(rng: np.random.Generator, V: int, n: int) -> np.ndarray:
        logits = 0.05 * rng.normal(size=(n, V))
        for age, token in enumerate(_digits(V, n).T[::-1]):
            logits += (rng.normal(size=(V, V)) * 0.5**age)[token]
        return _softmax(logits / temperature)

    return table


def _orbit(slip: float) -> Table:
    """The word 11110 over and over, but for a slip; elsewhere anything."""

    def table(rng: np.random.Generator, V: int, n: int) -> np.ndarray:
        K, word = _context_length(V, n), np.array([1, 1, 1, 1, 0])
        rows = _softmax(rng.normal(size=(n, V)))
        places = np.arange(5)
        contexts = word[(places[:, None] + np.arange(K)) % 5] @ V ** np.arange(K - 1, -1, -1)  # (5,)
        rows[contexts] = _mostly(word[(places + K) % 5], np.full(5, slip), V)
        return rows

    return table


def _holding(*escapes: float) -> Table:
    """The contexts 00..0, 11..1 and so on hold themselves, in the order (first, last, second, ...) of tokens."""

    def table(rng: np.random.Generator, V: int, n: int) -> np.ndarray:
        rows = _softmax(rng.normal(size=(n, V)))
        tokens = np.array([0, V - 1, *range(1, V - 1)])[: len(escapes)]  # (m,)
        rows[tokens * ((n - 1) // (V - 1))] = _mostly(tokens, np.array(escapes[: len(tokens)]), V)
        return rows

    return table


def _symmetric(escape: float) -> Table:
    """Two contexts hold themselves; everywhere else all tokens are equally likely: ties, and a symmetric law."""

    def table(rng: np.random.Generator, V: int, n: int) -> np.ndarray:
        rows = np.full((n, V), 1 / V)
        rows[[0, -1]] = _mostly(np.array([0, V - 1]), np.full(2, escape), V)
        return rows

    return table


def _parts(count: int, *switches: float) -> Table:
    """Tokens in ``count`` parts; the next token is of another part than the last one with small probability."""

    def table(rng: np.random.Generator, V: int, n: int) -> np.ndarray:
        part = np.arange(V) * count // V  # (V,)
        rows, last = _softmax(rng.normal(size=(n, V))), np.arange(n) % V
        same = part == part[last][:, None]  # (n, V)
        inside, outside = rows * same, rows * ~same
        share = np.resize(switches, count)[part[last]][:, None]  # (n, 1)
        inside /= inside.sum(axis=1, keepdims=True)
        others = outside.sum(axis=1, keepdims=True)
        return np.where(others > 0, (1 - share) * inside + share * outside / np.where(others > 0, others, 1), inside)

    return table


def _copying(oldest: bool, noise: float) -> Table:
    def table(rng: np.random.Generator, V: int, n: int) -> np.ndarray:
        copied = np.arange(n) // (n // V) if oldest else np.arange(n) % V
        return (1 - noise) * np.eye(V)[copied] + noise * _softmax(rng.normal(size=(n, V)))

    return table


def _sinks(*tokens: int) -> Table:
    """Some contexts of one token only are never left."""

    def table(rng: np.random.Generator, V: int, n: int) -> np.ndarray:
        rows = _softmax(rng.normal(size=(n, V)))
        for token in set(tokens) & set(range(-1, V)):
            rows[token % V * ((n - 1) // (V - 1))] = np.eye(V)[token]
        return rows

    return table


def _of_all_sizes(least: int) -> Table:
    """Probabilities of every order of magnitude."""

    def table(rng: np.random.Generator, V: int, n: int) -> np.ndarray:
        rows = 10.0 ** rng.uniform(least, 0, size=(n, V))
        rows[np.arange(n), rng.integers(V, size=n)] = 1
        return rows / rows.sum(axis=1, keepdims=True)

    return table


_SMALL = (1e-3, 1e-6, 1e-10, 1e-14)

LARGE: dict[str, Table] = {
    **TORTURE,
    "uniform": lambda _, V, n: np.full((n, V), 1 / V),
    "random, scale 30": _random(30),
    "order 3 plus noise": _of_order_three,
    **{f"decaying influence at {T:g}": _decaying(T) for T in (1, 0.25, 0.1, 0.05)},
    **{f"orbit of a word, {e:g}": _orbit(e) for e in _SMALL},
    **{f"two hold, {e:g}": _holding(e, 3 * e) for e in _SMALL},
    **{f"two hold equally, {e:g}": _holding(e, e) for e in _SMALL},
    **{f"two hold symmetrically, {e:g}": _symmetric(e) for e in _SMALL},
    "three hold": _holding(1e-6, 1e-9, 1e-12),
    **{f"halves, {e:g}": _parts(2, e, 2 * e) for e in _SMALL},
    "equal halves": _parts(2, 1e-9),
    "thirds": _parts(3, 1e-4, 1e-8, 1e-12),
    **{f"copies the oldest, noise {e:g}": _copying(True, e) for e in (0, 1e-6, 1e-3, 1e-1)},
    **{f"copies the last, noise {e:g}": _copying(False, e) for e in (0, 1e-10, 1e-3)},
    "two sinks": _sinks(0, -1),
    "a sink for every token": _sinks(*range(27)),
    "one sink": _sinks(0),
    "all sizes to 1e-20": _of_all_sizes(-20),
    "all sizes to 1e-300": _of_all_sizes(-300),
}
"""For solvers of whole laws: wide metastable sets, loops, ties, slow mixing, several classes."""


def torture_chains(kind: str, *sizes: tuple[int, int]) -> Iterator[np.ndarray]:
    """Transition matrices of the recurrent classes, for sizes ``(V, K)``."""
    for V, K in sizes:
        chain = mg.chain_from_table(LARGE[kind](np.random.default_rng(V + 10 * K), V, V**K))
        for c in mg.recurrent_classes(chain):
            yield chain.to_numpy()[np.ix_(c.states, c.states)]
