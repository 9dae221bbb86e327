"""Where do two chains differ that should be equal?"""

from __future__ import annotations

import numpy as np

from markovgpt.chain import MarkovChain
from markovgpt.errors import ArgumentError
from markovgpt.testing.assertions.chains import ApproxChain

__all__ = ["explain"]

_MOST_ROWS = 5
_MOST_TOKENS = 6


def explain(left: object, right: object) -> list[str] | None:
    """Lines for ``assert left == right``, as pytest shows them; None if these are no chains."""
    head = f"{left!r} == {right!r}"
    chain, other = (right, left) if isinstance(left, ApproxChain) else (left, right)
    if not isinstance(chain, MarkovChain):
        return None
    if isinstance(other, MarkovChain):
        return [head, *_differences(chain, other)]
    if isinstance(other, ApproxChain):
        return [head, *_approximate_differences(chain, other)]
    return None


def _approximate_differences(chain: MarkovChain, expected: ApproxChain) -> list[str]:
    try:
        return expected.explain(chain).splitlines()[1:]
    except ArgumentError as error:  # they cannot be compared
        return [f"  {error}"]


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
