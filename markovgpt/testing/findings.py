"""How does a check say that a rule is broken, or that it cannot be asked of this model?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Finding", "NotApplicable", "fact", "law_table"]

_MOST_TOKENS = 5  # of a row that is shown


@final
class Finding(AssertionError):  # noqa: N818  # it is what a check found, in a model that may well be right elsewhere
    """A broken rule: a headline, facts in lines, and what is likely.

    ``whole`` says that the headline is a message that needs no command to reproduce it after it.
    """

    def __init__(self, headline: str, *facts: str, likely: str = "", whole: bool = False) -> None:
        super().__init__("\n".join([headline, *facts]))
        self.headline, self.facts, self.likely, self.whole = headline, facts, likely, whole


@final
class NotApplicable(Exception):  # noqa: N818  # no error: the check is skipped, with this reason
    """The check cannot be asked of this model; the message is the reason."""


def fact(name: str, text: str) -> str:
    """A line of a message, the names in one column.

    >>> fact("worst", "after '1 0 1'")
    "  worst      after '1 0 1'"
    """
    return f"  {name:<10} {text}"


def law_table(
    labels: Sequence[str], got: NDArray[np.float64], expected: NDArray[np.float64], *, names: tuple[str, str]
) -> list[str]:
    """Two laws side by side, ``(V,), (V,)``: the tokens where they differ most, at most five.

    >>> print(*law_table(["a", "b"], np.array([0.5, 0.5]), np.array([0.75, 0.25]), names=("batch", "alone")), sep="\\n")
      next            batch       alone        diff
      a                 0.5        0.75       -0.25
      b                 0.5        0.25       +0.25
    """
    gaps = np.nan_to_num(abs(got - expected), nan=np.inf)
    rows = np.argsort(-gaps, kind="stable")[:_MOST_TOKENS]
    width = max(10, *(len(labels[i]) for i in rows))
    sizes = [max(11, len(name)) for name in names]
    head = f"  {'next':<{width}} {names[0]:>{sizes[0]}} {names[1]:>{sizes[1]}} {'diff':>11}"
    lines = [
        f"  {labels[i]:<{width}} {got[i]:>{sizes[0]}.6g} {expected[i]:>{sizes[1]}.6g} {got[i] - expected[i]:>+11.4g}"
        for i in rows
    ]
    return [head, *lines]
