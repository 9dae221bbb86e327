"""Witten-Bell: how often was the next token after a context one that had not been seen there before?

``p(t | h) = (c(h, t) + T(h) p(t | h')) / (c(h) + T(h))``, with ``T(h)`` the number of distinct tokens that follow h,
which is how often something new followed, and ``h'`` the context without its oldest token. The recursion ends in the
uniform law under the empty context, so that every token has a positive probability. A context that was never seen has
the law of ``h'``.

Source: Witten & Bell (1991), IEEE Transactions on Information Theory 37, 1085-1094, method C; interpolated as in Chen &
Goodman (1999), Computer Speech and Language 13, 359-394.
"""

from __future__ import annotations

import numpy as np

from markovgpt.ngrams.counts import NgramCounts
from markovgpt.ngrams.smoothing.law import Level

__all__ = ["witten_bell"]


def witten_bell(counts: NgramCounts, order: int) -> tuple[tuple[Level, ...], ...]:
    """The levels of every length of context, 0 to ``order``.

    >>> from markovgpt.ngrams import count_ngrams
    >>> levels = witten_bell(count_ngrams([0, 1, 0, 0, 1], vocab_size=2, context_length=1), 1)
    >>> levels[1][1].shares.tolist(), levels[1][1].rests.tolist()
    ([0.2, 0.4, 0.5], [0.4, 0.5])
    """
    levels = []
    for length, table in enumerate(counts.tables[: order + 1]):
        types = np.diff(table.starts)  # (m,)
        both = table.totals + types
        levels.append(Level(length=length, table=table, shares=table.counts / both[table.row_of], rests=types / both))
    return tuple(tuple(levels[: length + 1]) for length in range(order + 1))
