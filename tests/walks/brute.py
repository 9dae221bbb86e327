"""The definitions, word by word: dictionaries and recursion, one context at a time."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Context", "Law", "length_probabilities", "reach", "reach_of_rare", "staying"]

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


def reach_of_rare(
    law: Law, start: Context, *, K: int, min_reach: float, end: int | None = None
) -> tuple[dict[Context, dict[Context | str, float]], dict[Context, float], list[float]]:
    """As :func:`reach`, for the other threshold; and the probabilities that were compared with it.

    Depth by depth: a context that was not met before is left out if all arrows of this depth together lead to it with
    a probability below ``min_reach``, unless a context of this depth has no other arrow: then its likeliest is kept.
    """
    rows: dict[Context, dict[Context | str, float]] = {}
    cut: dict[Context, float] = {}
    reached = {start: 1.0}
    level, compared = [start], []
    while level:
        mass: dict[Context, float] = {}
        arrows: dict[Context, list[tuple[float, int, Context | str]]] = {}
        for context in level:
            arrows[context] = []
            for t, p in enumerate(law(context)):
                target: Context | str = "(end)" if t == end else (*context, t)[-K:]
                if p > 0:
                    arrows[context].append((p, t, target))
                    if not isinstance(target, str) and target not in reached:
                        mass[target] = mass.get(target, 0.0) + reached[context] * p
        compared += mass.values()
        wanted = {target for target, m in mass.items() if m >= min_reach}
        stranded = [c for c in level if not any(t in wanted or t not in mass for _, _, t in arrows[c])]
        wanted |= {max(arrows[c], key=lambda arrow: (arrow[0], -arrow[1]))[2] for c in stranded}
        for context in level:
            kept = [arrow for arrow in arrows[context] if arrow[2] in wanted or arrow[2] not in mass]
            total = sum(p for p, _, _ in kept)
            cut[context] = sum(p for p, _, _ in arrows[context]) - total
            rows[context] = {}
            for p, _, target in kept:
                rows[context][target] = rows[context].get(target, 0.0) + p / total
        level = [target for target in mass if target in wanted]
        reached |= {target: mass[target] for target in level}
    return rows, cut, compared


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


def staying(law: Law, rows: dict[Context, dict[Context | str, float]], start: Context, *, K: int, end: int) -> float:
    """Probability that a sequence of the whole law ends without an arrow that ``rows`` lack: a sum of 400 steps."""
    here, ended = {start: 1.0}, 0.0
    for _ in range(400):
        after: dict[Context, float] = {}
        for context, mass in here.items():
            for t, p in enumerate(law(context)):
                target: Context | str = "(end)" if t == end else (*context, t)[-K:]
                if target not in rows[context]:
                    continue
                if isinstance(target, str):
                    ended += mass * p
                else:
                    after[target] = after.get(target, 0.0) + mass * p
        here = after
    return ended
