"""The definitions, word by word: dictionaries and recursion, one context at a time."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Context", "Law", "length_probabilities", "reach"]

Context = tuple[int, ...]
Law = Callable[[Context], list[float]]


def reach(
    law: Law, start: Context, *, K: int, min_probability: float = 0.0, end: int | None = None
) -> tuple[dict[Context, dict[Context | str, float]], dict[Context, float]]:
    """``{context: {target: probability}}`` of every context that can be reached, and ``{context: cut}``.

    Tokens below the threshold are left out, but never the likeliest (the lowest of a tie); the rest is divided by its
    sum. The end token leads to ``"(end)"``.
    """
    rows: dict[Context, dict[Context | str, float]] = {}
    cut: dict[Context, float] = {}
    waiting = [start]
    while waiting:
        context = waiting.pop()
        if context in rows:
            continue
        p = law(context)
        kept = [t for t in range(len(p)) if p[t] > 0 and (p[t] >= min_probability or t == p.index(max(p)))]
        total = sum(p[t] for t in kept)
        cut[context] = sum(p[t] for t in range(len(p)) if t not in kept)
        rows[context] = {}
        for t in kept:
            target: Context | str = "(end)" if t == end else (*context, t)[-K:]
            rows[context][target] = rows[context].get(target, 0.0) + p[t] / total
            if not isinstance(target, str):
                waiting.append(target)
    return rows, cut


def length_probabilities(law: Law, start: Context, *, K: int, end: int, longest: int) -> list[float]:
    """Probability that the first end token is the t-th, t = 0..longest: a sum over all sequences of t tokens."""
    found = [0.0] * (longest + 1)

    def go_on(context: Context, probability: float, t: int) -> None:
        for token, p in enumerate(law(context)):
            if token == end:
                found[t] += probability * p
            elif t < longest and p > 0:
                go_on((*context, token)[-K:], probability * p, t + 1)

    go_on(start, 1.0, 1)
    return found
