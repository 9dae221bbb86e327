"""Counts by their definition, one position at a time, for the tests of counting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hypothesis import strategies as st

from markovgpt import NgramCounts

__all__ = ["Grams", "counted_grams", "grams_of_definition", "gram_cases"]

Grams = list[Counter[tuple[int, ...]]]
"""For each length of context 0 to K, how often each gram (the context, then the token) occurs."""


def grams_of_definition(
    sequences: Sequence[Sequence[int | None]],
    context_length: int,
    *,
    start: int | None = None,
    end: int | None = None,
    circular: bool = False,
) -> Grams:
    """Every token with every context of known tokens in front of it; None is an unknown token."""
    grams: Grams = [Counter() for _ in range(context_length + 1)]
    for sequence in sequences:
        n, before = len(sequence), []
        if n and circular:
            before = [sequence[place % n] for place in range(-context_length, 0)]
        elif n and start is not None:
            before = [start] * context_length
        entries = [*before, *sequence, *([end] if n and end is not None else [])]
        for place in range(len(before), len(entries)):
            for length in range(min(context_length, place) + 1):
                gram = tuple(entries[place - length : place + 1])
                if None not in gram:
                    grams[length][gram] += 1
    return grams


def counted_grams(counts: NgramCounts) -> Grams:
    """The same, of what was counted."""
    grams: Grams = []
    for length, table in enumerate(counts.tables):
        found = Counter()
        for context, start, stop in zip(
            table.contexts.tolist(), table.starts[:-1].tolist(), table.starts[1:].tolist(), strict=True
        ):
            digits = tuple(context // counts.vocab_size**place % counts.vocab_size for place in reversed(range(length)))
            for token, count in zip(table.tokens[start:stop].tolist(), table.counts[start:stop].tolist(), strict=True):
                found[*digits, token] = count
        grams.append(found)
    return grams


@st.composite
def gram_cases(draw: st.DrawFn, *, gaps: bool) -> tuple[int, int, list[list[int | None]], dict[str, int | bool]]:
    """V, K, some sequences, and how they begin and end."""
    V, K = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    token = st.integers(0, V - 1)
    entry = st.one_of(token, st.none()) if gaps else token
    sequences = draw(st.lists(st.lists(entry, max_size=12), min_size=1, max_size=6))
    ends = st.fixed_dictionaries({}, optional={"start": token, "end": token})
    return V, K, sequences, draw(st.one_of(ends, st.just({"circular": True})))
