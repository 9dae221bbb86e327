"""Maximum likelihood: which law makes the data likeliest?

``p(t | h) = c(h, t) / c(h)``, with ``c(h, t)`` how often t follows h and ``c(h)`` the sum over t. A context that
nothing ever followed has no such frequencies: it gets those of its longest suffix that has; the empty context always
has. After a context that has them, shorter ones have no say: the rest is 0.
"""

from __future__ import annotations

import numpy as np

from markovgpt.ngrams.counts import NgramCounts
from markovgpt.ngrams.smoothing.law import Level

__all__ = ["mle"]


def mle(counts: NgramCounts, order: int) -> tuple[tuple[Level, ...], ...]:
    """The levels of every length of context, 0 to ``order``.

    >>> from markovgpt.ngrams import count_ngrams
    >>> levels = mle(count_ngrams([0, 1, 0, 0, 1], vocab_size=3, context_length=1), 1)
    >>> levels[1][1].shares.round(4).tolist(), levels[1][1].rests.tolist()
    ([0.3333, 0.6667, 1.0], [0.0, 0.0])
    """
    levels = tuple(
        Level(length=length, table=table, shares=table.frequencies, rests=np.zeros(len(table)))
        for length, table in enumerate(counts.tables[: order + 1])
    )
    return tuple(levels[: length + 1] for length in range(order + 1))
