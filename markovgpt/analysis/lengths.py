"""How long are the sequences that a chain generates before it ends?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from markovgpt.chain import Chain, check_is_chain
from markovgpt.errors import ArgumentError

__all__ = ["LengthDistribution", "absorption_lengths", "staying_probability"]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class LengthDistribution:
    """Steps from a start until the chain is absorbed, and where it was until then.

    Attributes
    ----------
    probabilities : (T + 1,) float64, read-only
        Probability that it takes exactly t steps, t = 0..T.
    remaining : float
        Probability that it takes more than T steps, or for ever.
    visits : (n,) float64, read-only
        Expected visits of each state within T steps; of an absorbing one, the probability of ending there.
    """

    probabilities: NDArray[np.float64]
    remaining: float
    visits: NDArray[np.float64]

    def __post_init__(self) -> None:
        self.probabilities.setflags(write=False)
        self.visits.setflags(write=False)

    @property
    def mean(self) -> float:
        """Expected number of steps, of those that end within T: the expected length where nothing remains.

        Raises
        ------
        ArgumentError
            None ends.
        """
        ended = self.probabilities.sum()
        if not (ended > 0):
            raise ArgumentError(f"No sequence ends within {len(self.probabilities) - 1:,} steps: there is no mean.")
        return float(np.arange(len(self.probabilities)) @ self.probabilities / ended)

    def quantile(self, share: float) -> int:
        """The least number of steps within which at least ``share`` of all sequences end.

        Raises
        ------
        ArgumentError
            Fewer end within the T steps that were computed.
        """
        reached = np.flatnonzero(np.cumsum(self.probabilities) >= share)
        if not len(reached):
            raise ArgumentError(
                f"Only {1 - self.remaining:.6g} of the sequences end within {len(self.probabilities) - 1:,} steps: "
                f"there is no {share:g} quantile among them."
            )
        return int(reached[0])


def absorption_lengths(
    chain: Chain,
    start: int,
    *,
    ends: Sequence[int] | None = None,
    tolerance: float = 1e-12,
    max_steps: int = 100_000,
) -> LengthDistribution:
    """The distribution of the steps from ``start`` until an absorbing state is reached.

    Stops when at most ``tolerance`` is still on its way, or after ``max_steps``; what remains is part of the answer.

    Parameters
    ----------
    chain : Chain
        n states, at least one of them absorbing.
    start : int
        State.
    ends : absorbing states, optional
        Those that count as the end, all by default. A sequence that is absorbed by another one never ends: it remains.
    tolerance, max_steps
        When to stop.

    Raises
    ------
    ArgumentError
        No state is absorbing, or an end is not.

    Examples
    --------
    A coin that ends a word with probability one half: 2 flips on average.

    >>> import markovgpt as mg
    >>> chain = mg.chain_from_table([[0.5, 0.5], [0.0, 1.0]])
    >>> lengths = absorption_lengths(chain, 0)
    >>> lengths.probabilities[:4], round(lengths.mean, 9), lengths.visits.round(9)
    (array([0.   , 0.5  , 0.25 , 0.125]), 2.0, array([2., 1.]))
    """
    absorbing = _absorbing(chain)  # (n,)
    if not absorbing.any():
        raise ArgumentError("No state of this chain is absorbing: its sequences have no end, and no length.")
    is_end = absorbing.copy()  # (n,)
    if ends is not None:
        is_end[:] = False
        is_end[list(ends)] = True
    if (is_end & ~absorbing).any():
        state = int(np.argmax(is_end & ~absorbing))
        raise ArgumentError(f"The end {chain.label(state)!r} is not absorbing: it can be left.", state=state)
    mu = np.zeros(chain.n_states)  # (n,)
    mu[start] = 1.0
    visits = np.zeros(chain.n_states)
    by_length = []
    stuck = 0.0
    for _ in range(max_steps + 1):
        visits += mu
        by_length.append(float(mu[is_end].sum()))
        stuck += float(mu[absorbing & ~is_end].sum())
        mu[absorbing] = 0.0
        if not (mu.sum() > tolerance):
            break
        mu = chain.push(mu)
    return LengthDistribution(probabilities=np.array(by_length), remaining=float(mu.sum()) + stuck, visits=visits)


def staying_probability(
    chain: Chain, start: int, cut: NDArray[np.float64], *, tolerance: float = 1e-12, max_steps: int = 100_000
) -> float:
    """Probability that a sequence of the whole model never takes what was cut off, until it ends or is trapped.

    Parameters
    ----------
    chain : Chain
        n states; what was cut off at each state was divided away.
    start : int
        State.
    cut : (n,) float64
        Probability that was cut off at each state.
    tolerance, max_steps
        Stops when at most ``tolerance`` neither ended nor left.

    Examples
    --------
    At each step one half ends, one quarter stays, and one quarter was cut: 2/3 end without having been cut.

    >>> import numpy as np, markovgpt as mg
    >>> chain = mg.chain_from_table([[1 / 3, 2 / 3], [0.0, 1.0]])
    >>> round(staying_probability(chain, 0, np.array([0.25, 0.0])), 9)
    0.666666667
    """
    absorbing = _absorbing(chain) & (cut == 0)  # (n,); one with a cut is left sooner or later
    mu = np.zeros(chain.n_states)  # (n,)
    mu[start] = 1.0
    ended = 0.0
    for _ in range(max_steps + 1):
        ended += float(mu[absorbing].sum())
        mu[absorbing] = 0.0
        if not (mu.sum() > tolerance):
            break
        mu = chain.push(mu * (1 - cut))
    return ended


def _absorbing(chain: Chain) -> NDArray[np.bool_]:
    """States that lead to themselves alone, ``(n,)``: a way out of 1e-17 counts, although the rest rounds to 1."""
    check_is_chain(chain)
    matrix = chain.to_scipy()
    alone: NDArray[np.bool_] = (np.diff(matrix.indptr) == 1) & (matrix.diagonal() > 0)
    return alone
