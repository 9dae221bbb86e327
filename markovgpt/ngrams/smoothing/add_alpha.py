"""Add-alpha (Lidstone): what if every token had been seen alpha times more after every context?

``p(t | h) = (c(h, t) + alpha) / (c(h) + alpha V)``. Shorter contexts have no say; a context that was never seen gets
the uniform law. ``alpha = 1`` is Laplace's rule of succession, ``alpha = 1/2`` that of Jeffreys and Perks.

Source: Lidstone (1920), Transactions of the Faculty of Actuaries 8, 182-192; Manning & Schütze, Foundations of
Statistical Natural Language Processing (1999), section 6.2.2.
"""

from __future__ import annotations

import math

import numpy as np

from markovgpt.errors import ArgumentError
from markovgpt.ngrams.counts import NgramCounts
from markovgpt.ngrams.smoothing.law import Level

__all__ = ["add_alpha"]


def add_alpha(counts: NgramCounts, order: int, *, alpha: float) -> tuple[tuple[Level, ...], ...]:
    """The one level of every length of context, 0 to ``order``.

    Raises
    ------
    ArgumentError
        ``alpha`` is not a number above 0.

    >>> from markovgpt.ngrams import count_ngrams
    >>> levels = add_alpha(count_ngrams([0, 1, 0, 0, 1], vocab_size=2, context_length=1), 1, alpha=0.5)
    >>> levels[1][0].shares.tolist(), levels[1][0].rests.tolist()
    ([0.25, 0.5, 0.5], [0.25, 0.5])
    """
    if not 0 < alpha < math.inf:
        raise ArgumentError(
            f'alpha must be a number above 0: got {alpha}. For plain frequencies, smoothing="mle".', alpha=alpha
        )
    added = alpha * counts.vocab_size
    levels = []
    for length, table in enumerate(counts.tables[: order + 1]):
        both = table.totals + added  # (m,)
        shares = table.counts / both[table.row_of]
        levels.append(Level(length=length, table=table, shares=shares, rests=np.full(len(table), added) / both))
    return tuple((level,) for level in levels)
