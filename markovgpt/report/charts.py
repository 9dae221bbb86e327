"""How do numbers look as Unicode blocks?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

__all__ = ["bar", "curve"]

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_LEFT = " ▏▎▍▌▋▊▉█"


def bar(share: float, *, width: int = 24) -> str:
    """A horizontal bar of ``share`` (0..1) of the width, in eighths of a character; never empty for a positive share.

    >>> bar(0.5, width=4), bar(1.0, width=4), bar(0.0, width=4), bar(1e-9, width=4)
    ('██', '████', '', '▏')
    """
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    if share > 0:
        eighths = max(eighths, 1)
    return "█" * (eighths // 8) + _LEFT[eighths % 8].strip()


def curve(values: Sequence[float], *, width: int = 50, height: int = 5) -> tuple[list[str], float, float]:
    """Values as columns: lines of text, top first, and the values of the highest and the lowest column.

    A column is the mean of neighbours where there are more values than columns.

    >>> curve([4.0, 2.0, 0.0], height=1)
    (['█▄▁'], 4.0, 0.0)
    """
    n = min(width, len(values))
    edges = [round(i * len(values) / n) for i in range(n + 1)]
    means = [sum(values[a:b]) / (b - a) for a, b in pairwise(edges)]
    low, high = min(means), max(means)
    levels = [max(1, round((mean - low) / (high - low or 1.0) * 8 * height)) for mean in means]
    rows = [
        "".join(_EIGHTHS[min(max(level - 8 * row, 0), 8)] for level in levels).rstrip()
        for row in reversed(range(height))
    ]
    return rows, high, low
