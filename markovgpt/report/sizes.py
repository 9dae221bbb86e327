"""How large is a state space, and how much does one context weigh? With the sizes of well-known models."""

from __future__ import annotations

import math

from markovgpt.report.phrases import plural
from markovgpt.report.sections import Column, Section, Table
from markovgpt.statespace import StateSpace, count_digits

__all__ = ["size_sections"]

_GPT2_TOKENS = 50_257
_KNOWN = (("GPT-2", _GPT2_TOKENS, 1024), ("GPT-3", _GPT2_TOKENS, 2048), ("GPT-4-32k", _GPT2_TOKENS, 32_768))
_NOTES = (
    "The article on the notebook gives GPT-2 a context of 2,048 and 3,998 kB, and GPT-3 one of 4,096. GPT-2's is "
    "1,024; 2,048 such tokens weigh 3,998 bytes, not kB; GPT-3's context is 2,048.",
    "GPT-4's vocabulary is taken as GPT-2's.",
)
_EXACT_DIGITS = 30


def size_sections(vocab_size: int, context_length: int) -> list[Section]:
    """What V tokens and a context of K make, and the table of known models.

    Raises
    ------
    ArgumentError
        V or K is below 1.
    """
    StateSpace(vocab_size=vocab_size, context_length=context_length)  # refuses what is no size
    bits = context_bits(vocab_size, context_length)
    facts = (
        ("states of length K", f"V^K = {_count(vocab_size, context_length, every=False)}"),
        ("states of lengths 1 to K", _count(vocab_size, context_length, every=True)),
        ("arrows", f"{vocab_size:,} out of every state"),
        ("one context", f"{_short(bits)} bits, {_bytes(bits)}"),
    )
    rows = tuple(
        (
            name,
            f"{V:,}",
            f"{K:,}",
            f"{count_digits(V, K):,}",
            f"{context_bits(V, K):,.0f}",
            _bytes(context_bits(V, K)),
        )
        for name, V, K in _KNOWN
    )
    titles = ("model", "tokens V", "context K", "digits of V^K", "bits of a context", "that is")
    columns = tuple(Column(title=title, align="left" if title == "model" else "right") for title in titles)
    return [
        Section(
            title=f"States of a model with V = {plural(vocab_size, 'token')} and a context of K = {context_length:,}",
            facts=facts,
        ),
        Section(title="Sizes of known models", table=Table(columns=columns, rows=rows), notes=_NOTES),
    ]


def context_bits(vocab_size: int, context_length: int) -> float:
    """Bits that tell one context of K tokens from the others: ``K * log2(V)``."""
    return context_length * math.log2(vocab_size)


def _count(vocab_size: int, context_length: int, *, every: bool) -> str:
    space = StateSpace(vocab_size=vocab_size, context_length=context_length, lengths="all" if every else "full")
    digits = count_digits(vocab_size, context_length)
    if digits > _EXACT_DIGITS:
        return f"a number of {digits:,} digits" + (" or one more" if every else "")
    n = space.n_states
    return f"{n:,}" + ("" if every else f" ({plural(len(str(n)), 'digit')})")


def _short(bits: float) -> str:
    return f"{bits:,.0f}" if bits >= 100 else f"{bits:.4g}"


def _bytes(bits: float) -> str:
    n = bits / 8
    if n < 10_000:
        return f"{n:,.0f} bytes" if n >= 10 else f"{n:.3g} bytes"
    return f"{n / 1000:,.1f} kB" if n < 10_000_000 else f"{n / 1e6:,.1f} MB"
