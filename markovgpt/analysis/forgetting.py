"""How long is a start surely too far from the stationary distribution, and when is every one surely near?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.analysis.loops import GreedyLoop, greedy_loops
from markovgpt.analysis.stationary import StationaryDistribution
from markovgpt.chain import Chain, MarkovChain
from markovgpt.operators import push_many
from markovgpt.sparse_chain import SparseChain

__all__ = ["Goal", "StepBounds", "by_loops", "by_powers", "by_pushes", "from_every_start", "largest_loops"]

Matrix = NDArray[np.float64]
Progress = Callable[[str, int, int], None]

_UNIT = float(np.finfo(np.float64).eps)
_LOOPS = 64  # greedy loops that are asked how long sampling stays in them
_LOOP_STARTS = 3  # of them, starts of a distribution that is pushed
_MOST_STEPS = 5_000  # of each
_ENTRIES = 2**32  # of the table that all of them together may go through
_CELLS = 2**22  # of distributions that are pushed together


class StepBounds(NamedTuple):
    """Steps that are surely needed, and that are surely enough."""

    lower: int
    upper: float
    start: int  # that needs ``lower`` steps


@final
class Goal:
    """The distribution to get to, and what is certain of a computed distance from it."""

    def __init__(self, stationary: StationaryDistribution, eps: float) -> None:
        self.pi, self.eps = stationary.probabilities, eps
        self.error = stationary.error_bound / 2  # in total variation
        self.n = len(self.pi)

    def slack(self, t: int) -> float:
        """How wrong the distance after t steps can be: of pi, and n products and sums a step, of rows that sum to 1."""
        return self.error + (t * (self.n + 8) + 64) * _UNIT

    def surely_above(self, distance: float, t: int) -> bool:
        """Whether the true distance is above eps, where ``distance`` was computed after t steps."""
        return distance - self.slack(t) > self.eps

    def surely_reached(self, distance: float, t: int) -> bool:
        """Whether it is at most eps."""
        return distance + self.slack(t) <= self.eps


def by_powers(P: Matrix, goal: Goal) -> StepBounds:
    """Squares of the matrix, then bisection between two of them."""
    powers = [P]  # 1, 2, 4, ... steps, (n, n) each
    while not goal.surely_reached(_farthest(powers[-1], goal)[0], t := 2 ** (len(powers) - 1)):
        if not (goal.slack(2 * t) < goal.eps):
            break
        powers.append(powers[-1] @ powers[-1])
    above, power = _last(powers, goal.surely_above, goal)
    lower, start = (above + 1, _farthest(power, goal)[1]) if above >= 0 else (0, -1)
    after = power @ P if above >= 0 else power
    if goal.surely_reached(_farthest(after, goal)[0], lower):
        return StepBounds(lower, lower, start)
    missed, power = _last(powers, lambda d, t: not goal.surely_reached(d, t), goal)
    reached = goal.surely_reached(_farthest(power @ P, goal)[0], missed + 1)
    return StepBounds(lower, missed + 1 if reached else math.inf, start)


def _last(powers: list[Matrix], holds: Callable[[float, int], bool], goal: Goal) -> tuple[int, Matrix]:
    """The last t at which something holds that holds up to some t, and P^t; -1 and P^0 if it never does."""
    t, power = 0, np.eye(goal.n)
    if not holds(_farthest(power, goal)[0], 0):
        return -1, power
    for k in reversed(range(len(powers))):
        further = power @ powers[k] if t else powers[k]
        if holds(_farthest(further, goal)[0], t + 2**k):
            t, power = t + 2**k, further
    return t, power


def _farthest(power: Matrix, goal: Goal) -> tuple[float, int]:
    """The largest total variation of a row from the goal, and that row."""
    distances = abs(power - goal.pi).sum(axis=1) / 2  # (n,)
    start = int(distances.argmax())
    return float(distances[start]), start


def largest_loops(chain: Chain) -> list[GreedyLoop]:
    """Greedy loops of the largest basins; none of a chain that names no tokens."""
    if not isinstance(chain, MarkovChain | SparseChain):
        return []
    loops = greedy_loops(chain)
    return [loops[i] for i in range(min(_LOOPS, len(loops)))]


def by_pushes(chain: Chain, goal: Goal, loops: Sequence[GreedyLoop]) -> Iterator[StepBounds]:
    """How long the likeliest state, the least likely and some of loops are surely too far away."""
    if not (goal.error < goal.eps):
        return
    starts = {int(goal.pi.argmin()), int(goal.pi.argmax())}
    starts |= {int(loop.states[0]) for loop in loops[:_LOOP_STARTS]}
    entries = chain.probabilities.size if isinstance(chain, MarkovChain) else chain.to_scipy().nnz
    most = min(_MOST_STEPS, max(64, _ENTRIES // (entries * len(starts))))
    for start in sorted(starts):
        mu, t = np.zeros(goal.n), 0
        mu[start] = 1.0
        while t < most and goal.surely_above(float(abs(mu - goal.pi).sum()) / 2, t):
            mu, t = chain.push(mu), t + 1
        yield StepBounds(t, math.inf, start)


def by_loops(goal: Goal, loops: Sequence[GreedyLoop]) -> Iterator[StepBounds]:
    """The same from greedy loops: after m turns sampling is still there with probability ``turn ** m``, or more."""
    for loop in loops:
        home = float(goal.pi[loop.states].sum()) + goal.slack(0)
        if home + goal.eps < 1 and 0 < loop.escape_probability < 1:
            turns = min(math.log(home + goal.eps) / math.log1p(-loop.escape_probability) * (1 - 1e-9), 1e300)
            yield StepBounds(len(loop) * (math.ceil(turns) - 1) + 1, math.inf, int(loop.states[0]))


def from_every_start(
    chain: MarkovChain, goal: Goal, known: StepBounds, *, most: float, progress: Progress | None
) -> StepBounds:
    """Many starts at a time, for as long as the slowest so far; those that are too far away then, for longer."""
    n, steps = chain.n_states, known.lower
    lower, start = known.lower, known.start
    together = max(1, _CELLS // n)
    for first in range(0, n, together):
        if progress is not None:
            progress("mixing time", first, n)
        mu = np.eye(n, min(together, n - first), -first)  # (n, m)
        for _ in range(steps):
            mu = push_many(chain.probabilities, mu, sizes=chain.states.sizes)
        while not goal.surely_reached((found := _farthest(mu.T, goal))[0], steps):
            if not (steps < most and goal.slack(steps) < goal.eps):
                return StepBounds(lower, math.inf, start)
            if goal.surely_above(found[0], steps):
                lower, start = steps + 1, first + found[1]
            mu, steps = push_many(chain.probabilities, mu, sizes=chain.states.sizes), steps + 1
    return StepBounds(lower, steps, start)
