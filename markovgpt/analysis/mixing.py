"""How many steps until the start is forgotten? The mixing time, exactly or between two proven bounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from markovgpt.analysis.classes import communicating_classes
from markovgpt.analysis.coupling import meeting_bound
from markovgpt.analysis.forgetting import (
    Goal,
    StepBounds,
    by_loops,
    by_powers,
    by_pushes,
    from_every_start,
    largest_loops,
)
from markovgpt.analysis.stationary import StationaryDistribution, check_stationary
from markovgpt.chain import Chain, MarkovChain
from markovgpt.errors import ArgumentError

__all__ = ["EXACT_LIMIT", "MixingTime", "mixing_time"]

Progress = Callable[[str, int, int], None]

EXACT_LIMIT = 1024
"""Most states of a chain whose matrix is raised to powers."""

_AFFORDABLE = 2**34  # products, for which every start is gone through unasked


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class MixingTime:
    """The least t with ``max_i TV(P^t(i, .), pi) <= eps``, as far as it is proven: from ``lower`` to ``upper`` steps.

    Attributes
    ----------
    eps : float
        Total variation that counts as forgotten, above 0 and below 1/2.
    lower : int, or infinity
        It takes at least so many steps. Infinite: the start is never forgotten.
    upper : int, or infinity
        It takes at most so many. Infinite with a finite ``lower``: nothing is proven.
    slowest_start : int
        A state from which ``lower`` steps are needed, and -1 where ``lower`` is 0 or infinite.
    method : str
        How it was found.
    reason : str
        Why the two bounds differ, or why the start is never forgotten; empty for an exact finite answer.
    """

    eps: float
    lower: float
    upper: float
    slowest_start: int
    method: str
    reason: str

    @property
    def exact(self) -> bool:
        """Whether the bounds meet: the mixing time is ``lower``."""
        return self.lower == self.upper

    @property
    def mixes(self) -> bool:
        """Whether every start is forgotten in the end: ``lower`` is finite."""
        return self.lower < math.inf


def mixing_time(
    chain: Chain,
    stationary: StationaryDistribution,
    *,
    eps: float = 0.25,
    every_start: bool = False,
    progress: Progress | None = None,
) -> MixingTime:
    """Steps until the distribution is within total variation ``eps`` of the stationary one, from the worst start.

    Up to 1,024 states by powers of the matrix, and for chains over all contexts of some thousands from every start:
    exact, unless rounding or the error of the stationary distribution leave a step open. For larger chains a lower
    bound, from starts that are likely to be slow and from greedy loops that are seldom left, and an upper bound
    (:mod:`markovgpt.analysis.coupling`) that may be far above it. The error of the stationary distribution and all
    rounding are taken into account. A periodic chain, and one with several recurrent classes, never mixes; the result
    says so.

    Parameters
    ----------
    chain : Chain
        n states.
    stationary : StationaryDistribution
        Of this chain.
    eps : float
        Above 0 and below 1/2: a chain of period 2 can come as near as 1/2.
    every_start : bool
        Go through all starts of a chain over all contexts, however many: exact, n^2 V products a step.
    progress : callable, optional
        Called as ``progress("mixing time", starts done, n)`` meanwhile.

    Raises
    ------
    ArgumentError
        ``eps`` is not above 0 and below 1/2, the distribution belongs to a chain of another size, or every start was
        asked of another kind of chain.

    Source
    ------
    Levin, Peres & Wilmer, Markov Chains and Mixing Times, 2nd ed., sections 4.4 and 4.5: the maximum never rises.

    Examples
    --------
    The distance from the start 1 is 0.75 * 0.6^t: 0.27 after two steps, 0.162 after three.

    >>> from markovgpt import chain_from_table, stationary_distribution
    >>> chain = chain_from_table([[0.9, 0.1], [0.3, 0.7]])
    >>> found = mixing_time(chain, stationary_distribution(chain))
    >>> found.lower, found.upper, chain.label(found.slowest_start)
    (3, 3, '1')
    """
    if not (0 < eps < 0.5):
        raise ArgumentError(f"eps is a total variation above 0 and below 1/2: got {eps!r}.", eps=eps)
    check_stationary(chain, stationary)
    table = chain if isinstance(chain, MarkovChain) else None
    if every_start and table is None:
        raise ArgumentError(f"Every start is gone through of chains over all contexts: got a {type(chain).__name__}.")
    if why := _why_never(chain, stationary):
        return MixingTime(eps=eps, lower=math.inf, upper=math.inf, slowest_start=-1, method="classes", reason=why)

    goal = Goal(stationary, eps)
    if chain.n_states <= EXACT_LIMIT and goal.error < eps:
        best, method = by_powers(chain.to_scipy().toarray(), goal), "powers of the matrix"
    else:
        best, method = StepBounds(0, math.inf, -1), "bounds"
    if best.lower < best.upper:
        loops = largest_loops(chain)
        slow = [best, *by_pushes(chain, goal, loops), *by_loops(goal, loops)]
        best = max(slow, key=lambda found: found.lower)._replace(upper=best.upper)
    if table is not None and best.lower < best.upper and goal.error < eps:
        most = math.inf if every_start else _AFFORDABLE / (chain.n_states**2 * max(table.vocab_size, 16))  # steps
        if best.lower < most:
            best = from_every_start(table, goal, best, most=most, progress=progress)
            method = "every start" if best.upper < math.inf else method
    if table is not None and best.lower < best.upper:
        best = best._replace(upper=min(best.upper, meeting_bound(table, eps, at_least=int(best.lower))))
    lower, upper, start = best
    reason = "" if lower == upper else _why_open(chain, goal, best, every_start)
    return MixingTime(eps=eps, lower=lower, upper=upper, slowest_start=start, method=method, reason=reason)


def _why_never(chain: Chain, stationary: StationaryDistribution) -> str:
    if stationary.period > 1:
        return f"the chain has period {stationary.period}: it never forgets in which phase it began"
    if len(stationary.states) < chain.n_states:
        several = int(communicating_classes(chain).recurrent.sum())
        if several > 1:
            return f"the chain has {several} recurrent classes: it never forgets in which it ended up"
    return ""


def _why_open(chain: Chain, goal: Goal, found: StepBounds, every_start: bool) -> str:
    if goal.error >= goal.eps:
        return "the error of the stationary distribution that is proven is too large"
    if goal.n <= EXACT_LIMIT or every_start:
        return "rounding and the error of the stationary distribution leave some steps open"
    if not isinstance(chain, MarkovChain):
        return "upper bounds are known for chains over all contexts"
    if found.upper == math.inf:
        return "the rows have too little in common for an upper bound; every_start=True finds it"
    return "bounds, since the chain is large; every_start=True finds the mixing time"
