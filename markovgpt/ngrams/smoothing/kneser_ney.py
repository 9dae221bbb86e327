"""Kneser-Ney: after how many different tokens has a gram been seen, where the longer one was not?

For a context h of L tokens, interpolated, with one absolute discount D_j a length j of context::

    p(t | h) = (c(h, t) - D_L) / c(h) + D_L T(h) / c(h) q(t | h')         the first term for counted t only
    q(t | g) = (N(g, t) - D_j) / N(g) + D_j U(g) / N(g) q(t | g')

``c`` counts how often, ``T(h)`` how many distinct tokens follow. ``N(g, t)`` is the number of distinct tokens before
the gram (g, t), ``N(g)`` its sum over t, and ``U(g)`` the number of t where it is positive; ``'`` leaves out the oldest
token. Under the empty context stands the uniform law ``1 / V``, so that every token has a positive probability if every
D is positive.

- A context that was never seen (``c(h) = 0``, ``N(g) = 0``) has the law of the shorter one.
- A gram that stands at the beginning of sequences only has no token before it: it does not count in q.
- A context of fewer tokens than the order has the law p of its own length, as in a model of that order.
- A discount that is not given is the estimate ``n1 / (n1 + 2 n2)``, where n1 and n2 are how many grams of that level
  count 1 and 2 (by c for p, by N for q). Where one of them is 0 the estimate would leave nothing for new tokens, or
  nothing of what was seen once; it is no estimate, and 1/2 is taken.

Source: Kneser & Ney (1995), ICASSP, 181-184; Ney, Essen & Kneser (1994), Computer Speech and Language 8, 1-38 (the
estimate); Chen & Goodman (1999), Computer Speech and Language 13, 359-394 (interpolated, all orders).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from markovgpt.errors import ArgumentError
from markovgpt.ngrams.counts import NgramCounts
from markovgpt.ngrams.smoothing.law import Level
from markovgpt.ngrams.table import CountTable, merge_grams, table_of_grams

__all__ = ["kneser_ney"]

_FALLBACK = 0.5


def kneser_ney(
    counts: NgramCounts, order: int, *, discount: float | Sequence[float] | None
) -> tuple[tuple[Level, ...], ...]:
    """The levels of every length of context, 0 to ``order``.

    ``discount`` is from 0 to 1: one for all lengths of context, or one for each, that of the empty one first.

    Raises
    ------
    ArgumentError
        A discount outside 0..1, or not as many as there are lengths.

    >>> from markovgpt.ngrams import count_ngrams
    >>> levels = kneser_ney(count_ngrams([0, 1, 0, 0, 1], vocab_size=2, context_length=1), 1, discount=0.5)
    >>> levels[1][1].shares.round(4).tolist(), levels[1][0].table.counts.tolist()
    ([0.1667, 0.5, 0.5], [2, 1])
    """
    given = _given(discount, order)
    shorter = [
        _level(length, _continuations(table, length), given[length])
        for length, table in enumerate(counts.tables[1 : order + 1])
    ]
    return tuple(
        (*shorter[:length], _level(length, table, given[length]))
        for length, table in enumerate(counts.tables[: order + 1])
    )


def _given(discount: float | Sequence[float] | None, order: int) -> list[float | None]:
    """One a length of context, None where it is to be estimated."""
    given = [discount] * (order + 1) if discount is None or isinstance(discount, int | float) else list(discount)
    if len(given) != order + 1:
        raise ArgumentError(
            f"Kneser-Ney of order {order} has {order + 1} discounts, one for each length of context from 0: got "
            f"{len(given)}. Give one number for all of them, or none to have them estimated.",
            discount=discount,
        )
    for value in given:
        if value is not None and not 0 <= value <= 1:
            raise ArgumentError(f"A discount of Kneser-Ney is from 0 to 1: got {value}.", discount=value)
    return list(given)


def _continuations(longer: CountTable, length: int) -> CountTable:
    """N, by contexts of ``length`` tokens: the distinct tokens before each gram. The table has one token more."""
    grams, _ = longer.grams
    kept = grams % longer.vocab_size ** (length + 1)
    return table_of_grams(merge_grams([(kept, np.ones_like(kept))]), longer.vocab_size)


def _level(length: int, table: CountTable, given: float | None) -> Level:
    discount = _estimate(table) if given is None else given
    totals, types = table.totals, np.diff(table.starts)  # (m,)
    return Level(
        length=length,
        table=table,
        shares=(table.counts - discount) / totals[table.row_of],
        rests=discount * types / totals,
    )


def _estimate(table: CountTable) -> float:
    once, twice = int((table.counts == 1).sum()), int((table.counts == 2).sum())
    return once / (once + 2 * twice) if once and twice else _FALLBACK
