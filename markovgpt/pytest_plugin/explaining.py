"""Where do two chains differ that should be equal?"""

from __future__ import annotations

import numpy as np

from markovgpt.chain import MarkovChain
from markovgpt.testing.assertions.chains import ApproxChain

__all__ = ["explain"]

_MOST_ROWS = 5
_MOST_TOKENS = 6


def explain(left: object, right: object) -> list[str] | None:
    """Lines for ``assert left == right``; None if these are no chains."""
    if isinstance(left, ApproxChain) and isinstance(right, MarkovChain):
        left, right = right, left
    if isinstance(left, MarkovChain) and isinstance(right, ApproxChain):
        try:
            return left_and_right(left, right.chain) + right.explain(left).splitlines()[1:]
        except ValueError as error:  # chains that cannot be compared
            return [*left_and_right(left, right.chain), f"  {error}"]
    if isinstance(left, MarkovChain) and isinstance(right, MarkovChain):
        return left_and_right(left, right) + _differences(left, right)
    return None


def left_and_right(left: MarkovChain, right: MarkovChain) -> list[str]:
    """The headline."""
    return [f"the chains of {left.origin.model} (left) and {right.origin.model} (right) are not equal"]


def _differences(left: MarkovChain, right: MarkovChain) -> list[str]:
    facts = [
        f"  {name:<10} {a} != {b}"
        for name, a, b in (
            ("tokens", left.vocab_size, right.vocab_size),
            ("context", left.context_length, right.context_length),
            ("lengths", left.states.lengths, right.states.lengths),
        )
        if a != b
    ]
    if not facts and left.vocabulary.tokens != right.vocabulary.tokens:
        pairs = zip(left.vocabulary.tokens, right.vocabulary.tokens, strict=True)
        token, (a, b) = next((t, pair) for t, pair in enumerate(pairs) if pair[0] != pair[1])
        facts.append(f"  {'texts':<10} token {token} is {a!r} != {b!r}")
    if left.probabilities.shape != right.probabilities.shape:
        return facts
    p, q = left.probabilities, right.probabilities  # (n, V)
    rows = np.flatnonzero((p != q).any(axis=1))  # (m,)
    if not len(rows):
        return facts
    distances = abs(p[rows] - q[rows]).sum(axis=1) / 2  # (m,)
    worst = int(rows[distances.argmax()])
    facts.append(
        f"  {'rows':<10} {len(rows):,} of {len(p):,} differ; largest TV {distances.max():.4g} at {left.label(worst)!r}"
    )
    for row in rows[:_MOST_ROWS].tolist():
        facts.append(f"  {left.label(row)!r:<10} {_law(p[row])} != {_law(q[row])}")
    if len(rows) > _MOST_ROWS:
        facts.append(f"  ... and {len(rows) - _MOST_ROWS:,} other rows")
    if distances.max() < 1e-6:
        facts.append("  likely     rounding: compare with approx_chain(expected, atol=1e-6) of markovgpt.testing")
    return facts


def _law(row: np.ndarray) -> str:
    more = ", ..." if len(row) > _MOST_TOKENS else ""
    return "[" + ", ".join(f"{value:.6g}" for value in row[:_MOST_TOKENS].tolist()) + more + "]"
