"""Which tokens after a prompt are drawn rightly, and which are not: all, the first ones, or those after them?"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, xlog1py, xlogy

from markovgpt.comparison.correction import adjusted_p_values
from markovgpt.comparison.rows import total_variation
from markovgpt.testing.causes.evidence import Evidence
from markovgpt.testing.samples.ranks import RankTally
from markovgpt.testing.samples.tails import row_tests

__all__ = ["Mean", "Split", "apart", "chance_distance", "rejected_rows", "split_of"]

Integers = NDArray[np.int64]
Table = NDArray[np.float64]

_FARTHER = 3.0
_DOUBT = 1e-3  # probability that a share of wrong draws is overlooked on the side that is called right
_MOST_SPLITS = 8


class Mean(NamedTuple):
    """Mean total variation between draws and their laws, and what right draws as few would have on average."""

    seen: float
    chance: float

    def __str__(self) -> str:
        return f"mean TV {self.seen:.2g}, by chance {self.chance:.2g}"


class Split(NamedTuple):
    """Draws before a step are right and those from it on are wrong, or the other way round.

    Attributes
    ----------
    first : int, at least 1
        Steps before the split.
    later : bool
        Whether those after the split are wrong; otherwise those before it.
    right, wrong : Mean
        On either side, over the same states.
    """

    first: int
    later: bool
    right: Mean
    wrong: Mean

    def says(self) -> str:
        """Which tokens are drawn rightly, in words."""
        s = self.first
        begin = "token 1 after the prompt is" if s == 1 else f"tokens 1 to {s} after the prompt are"
        after = f"from token {s + 1} on, in the same states, it is"
        if self.later:
            return f"{begin} drawn rightly ({self.right}); {after} not ({self.wrong})"
        return f"{begin} drawn wrongly ({self.wrong}); {after} drawn rightly ({self.right})"


def split_of(evidence: Evidence, alpha: float) -> Split | None:
    """Where a sample goes wrong, or goes right; None if it is the same at all steps, or cannot be told.

    One side must be rejected at ``alpha`` and the other one not. In the states that are wrong, the one side must be at
    least three times as far from the laws as the other, beyond what chance alone makes of so few draws.
    """
    last = int(evidence.steps.max())
    found = []
    for first in range(1, min(last, _MOST_SPLITS) + 1):
        early = evidence.steps < first
        before, after = evidence.only(early).counts(), evidence.only(~early).counts()
        wrong_before, wrong_after = (rejected_rows(counts, evidence.laws, alpha) for counts in (before, after))
        if wrong_before is None and wrong_after is not None:
            pair = apart(before, after, evidence.laws, wrong_after)
            found += [Split(first, True, *pair)] if pair else []
        elif wrong_after is None and wrong_before is not None:
            pair = apart(after, before, evidence.laws, wrong_before)
            found += [Split(first, False, *pair)] if pair else []
    later = [split for split in found if split.later]
    return later[-1] if later else found[0] if found else None


def rejected_rows(counts: Integers, laws: Table, alpha: float) -> NDArray[np.bool_] | None:
    """Which states are rejected, ``(m, V), (m, V) -> (m,)``; all, if they are together only; None if none is."""
    drawn = counts.sum(axis=1) > 0
    if not drawn.any():
        return None
    tally = RankTally(counts.shape[1])
    tally.add(counts[drawn], laws[drawn])
    p_values = row_tests(counts[drawn], laws[drawn]).p_values
    family = np.concatenate([p_values, [test.p_value for test in tally.tests()]])
    rejected = adjusted_p_values(family, "holm") <= alpha
    if not rejected.any():
        return None
    rows = np.zeros(len(counts), dtype=np.bool_)
    rows[drawn] = rejected[: len(p_values)] if rejected[: len(p_values)].any() else True
    return rows


def apart(right: Integers, wrong: Integers, laws: Table, rows: NDArray[np.bool_]) -> tuple[Mean, Mean] | None:
    """Mean distances of counts that look right and of others, ``(m, V)`` each; None if they are not apart.

    Over the states ``rows`` that have draws on both sides, each weighed with the fewer of its draws. A draw changes
    such a mean by at most one over the sum of the weights, so chance moves it by little (McDiarmid).
    """
    n, others = right.sum(axis=1), wrong.sum(axis=1)
    rows = rows & (n > 0) & (others > 0)
    if not rows.any():
        return None
    weights = np.minimum(n, others)[rows].astype(np.float64)
    total = float(weights.sum())

    def mean(counts: Integers) -> Mean:
        sizes, own = counts[rows].sum(axis=1), laws[rows]
        seen = total_variation(counts[rows] / sizes[:, None], own)
        return Mean(float(seen @ weights / total), float(chance_distance(sizes, own) @ weights / total))

    near, far = mean(right), mean(wrong)
    slack = math.sqrt(-math.log(_DOUBT) / (2 * total))
    farther = far.seen - far.chance >= _FARTHER * (max(near.seen - near.chance, 0.0) + slack)
    return (near, far) if farther else None


def chance_distance(n: Integers, laws: Table) -> Table:
    """Expected total variation between n right draws and their law, ``(m,), (m, V) -> (m,)``.

    Half the sum of the mean absolute deviations of binomial counts, each ``2 (k + 1) C(n, k + 1) p^(k+1) (1-p)^(n-k)``
    with k the whole part of n p (de Moivre).

    >>> chance_distance(np.array([1, 2]), np.array([[0.5, 0.5], [0.5, 0.5]])).tolist()
    [0.5, 0.25]
    """
    size = n[:, None].astype(np.float64)
    p = np.clip(laws, 0.0, 1.0)
    k = np.minimum(np.floor(size * p), size - 1)  # at p = 1 the deviation is 0 whatever k is
    logs = (
        gammaln(size + 1) - gammaln(k + 2) - gammaln(size - k) + np.log(k + 1) + xlogy(k + 1, p) + xlog1py(size - k, -p)
    )
    return np.asarray(np.exp(logs).sum(axis=1) / size[:, 0])
