"""Where do two chains over the same tokens differ: in their rows, in the long run, and in what greedy decoding says?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.analysis import StationaryDistribution, entropy_rate, stationary_distributions
from markovgpt.analysis.stationary import check_stationary
from markovgpt.chain import MarkovChain
from markovgpt.comparison.lifting import lift_stationary, same_contexts
from markovgpt.comparison.rows import jensen_shannon, kl_divergence, total_variation
from markovgpt.model import Progress

__all__ = ["ChainComparison", "ChainLongRun", "compare_chains", "first_greedy_difference"]

_CELLS = 2**20  # entries of two tables that are looked at together


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ChainLongRun:
    """What one chain, in the long run, would notice of being replaced by the other.

    Attributes
    ----------
    stationary : StationaryDistribution
        Where it spends its time; every mean below is over it.
    entropy_rate : float, bits per token
    kl_rate : float, bits per token
        ``sum_s pi(s) KL(own row || other row)``: the surprise that the other adds to its text, infinite where the
        other excludes what it writes.
    total_variation : float, 0 to 1
        Mean total variation of the rows: the share of tokens that would be drawn otherwise, at least.
    greedy_mass : float, 0 to 1
        Share of time in states where the greedy token of the other is another one.
    likeliest_greedy_state : int
        The one of these states where it is most often; -1 where it is in none.
    """

    stationary: StationaryDistribution
    entropy_rate: float
    kl_rate: float
    total_variation: float
    greedy_mass: float
    likeliest_greedy_state: int


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ChainComparison:
    """Two chains, a and b, over the same states.

    Attributes
    ----------
    a, b : MarkovChain
        As compared: that of the shorter contexts was lifted (:func:`markovgpt.lift`).
    total_variation : (n,) float64, 0 to 1, read-only
        Between the next-token laws of each state.
    kl_ab, kl_ba : (n,) float64, bits, read-only
        ``KL(a || b)`` and ``KL(b || a)`` of the rows; infinite where the second excludes what the first does not.
    jensen_shannon : (n,) float64, bits, 0 to 1, read-only
    only_a, only_b : (n,) int64, read-only
        Number of tokens that are possible in one of the chains only.
    greedy_states : (m,) int64, ascending, read-only
        States in which greedy decoding says different tokens: the likeliest, the lowest of a tie.
    greedy_ties : (k,) int64, ascending, read-only
        Those of them in which a likeliest token of a is one of b as well: another breaking of the tie would agree.
    long_run_a, long_run_b : ChainLongRun, or None
        None for a chain that has several recurrent classes, and so no one long run.
    stationary_distance : float, 0 to 1, or None
        Total variation between the two stationary distributions; None where there are not two.
    stationary_distance_error : float
        By how much it can be wrong: half the sum of the proven errors, infinite where none is proven.
    """

    a: MarkovChain
    b: MarkovChain
    total_variation: NDArray[np.float64]
    kl_ab: NDArray[np.float64]
    kl_ba: NDArray[np.float64]
    jensen_shannon: NDArray[np.float64]
    only_a: NDArray[np.int64]
    only_b: NDArray[np.int64]
    greedy_states: NDArray[np.int64]
    greedy_ties: NDArray[np.int64]
    long_run_a: ChainLongRun | None
    long_run_b: ChainLongRun | None
    stationary_distance: float | None
    stationary_distance_error: float

    def __post_init__(self) -> None:
        for array in (self.total_variation, self.kl_ab, self.kl_ba, self.jensen_shannon, self.only_a, self.only_b):
            array.setflags(write=False)
        self.greedy_states.setflags(write=False)
        self.greedy_ties.setflags(write=False)

    @property
    def n_states(self) -> int:
        """Number of states compared, n."""
        return len(self.total_variation)

    @property
    def worst_state(self) -> int:
        """State of the largest total variation, the lowest of a tie."""
        return int(self.total_variation.argmax())


def compare_chains(
    a: MarkovChain,
    b: MarkovChain,
    *,
    stationary_a: StationaryDistribution | None = None,
    stationary_b: StationaryDistribution | None = None,
    progress: Progress | None = None,
) -> ChainComparison:
    """Compare two chains over the same tokens, state by state and in the long run.

    Where the context of one is shorter, that one is lifted: its row for a context is that of the last K tokens.

    Parameters
    ----------
    a, b : MarkovChain
        Over all contexts, of equal ``lengths`` ("full" or "all") and equal token texts.
    stationary_a, stationary_b : StationaryDistribution, optional
        Of the chains as given. Computed where they are missing and there is one recurrent class.
    progress : callable, optional
        As for :func:`~markovgpt.stationary_distribution`.

    Raises
    ------
    ArgumentError
        The chains cannot be compared: one is not over all contexts, or their tokens or lengths differ; or a
        distribution belongs to a chain of another size.

    Examples
    --------
    After a 0 the first chain throws a fair coin, the second never says 1.

    >>> from markovgpt import chain_from_table
    >>> found = compare_chains(chain_from_table([[0.5, 0.5], [1, 0]]), chain_from_table([[1, 0], [1, 0]]))
    >>> found.total_variation.tolist(), found.kl_ab.tolist(), found.kl_ba.tolist()
    ([0.5, 0.0], [inf, 0.0], [1.0, 0.0])
    >>> round(found.stationary_distance, 12)  # (2/3, 1/3) and (1, 0)
    0.333333333333
    """
    lifted_a, lifted_b = same_contexts(a, b)
    K = lifted_a.context_length
    pi_a, pi_b = _law(a, stationary_a, progress), _law(b, stationary_b, progress)
    pi_a = lift_stationary(a, pi_a, K) if pi_a and a.context_length < K else pi_a
    pi_b = lift_stationary(b, pi_b, K) if pi_b and b.context_length < K else pi_b
    rows = _compare_rows(lifted_a.probabilities, lifted_b.probabilities)
    distance, error = None, math.inf
    if pi_a and pi_b:
        distance = min(float(abs(pi_a.probabilities - pi_b.probabilities).sum()) / 2, 1.0)
        error = (pi_a.error_bound + pi_b.error_bound) / 2 + 64 * float(np.finfo(np.float64).eps)  # and of the sum
    greedy = np.flatnonzero(rows.greedy)
    return ChainComparison(
        a=lifted_a,
        b=lifted_b,
        total_variation=rows.distance,
        kl_ab=rows.kl_ab,
        kl_ba=rows.kl_ba,
        jensen_shannon=rows.jensen_shannon,
        only_a=rows.only_a,
        only_b=rows.only_b,
        greedy_states=greedy,
        greedy_ties=np.flatnonzero(rows.ties),
        long_run_a=pi_a and _long_run(lifted_a, pi_a, rows.kl_ab, rows.distance, greedy),
        long_run_b=pi_b and _long_run(lifted_b, pi_b, rows.kl_ba, rows.distance, greedy),
        stationary_distance=distance,
        stationary_distance_error=error,
    )


def first_greedy_difference(a: MarkovChain, b: MarkovChain, start: int | str | Sequence[int]) -> int | None:
    """Position of the first token in which two greedy continuations of a start differ, from 0; None if they never do.

    ``start`` is a state of the chain with the longer contexts: its index, label or tokens. Of likeliest tokens that tie
    the lowest is followed. Errors are those of :func:`compare_chains`.

    Examples
    --------
    After a 1 both say 0, and after a 0 only the second says 0 again: they part at the second token.

    >>> from markovgpt import chain_from_table
    >>> a, b = chain_from_table([[0.4, 0.6], [0.9, 0.1]]), chain_from_table([[0.8, 0.2], [0.9, 0.1]])
    >>> first_greedy_difference(a, b, "1"), first_greedy_difference(a, a, "1")
    (1, None)
    """
    a, b = same_contexts(a, b)
    state, seen, position = a.state(start), set[int](), 0
    while state not in seen:
        seen.add(state)
        token = int(a.probabilities[state].argmax())
        if token != int(b.probabilities[state].argmax()):
            return position
        state, position = int(a.states.successors(np.array([state]))[0, token]), position + 1
    return None


def _law(
    chain: MarkovChain, known: StationaryDistribution | None, progress: Progress | None
) -> StationaryDistribution | None:
    if known is None:
        laws = stationary_distributions(chain, progress=progress)
        return laws[0] if len(laws) == 1 else None
    check_stationary(chain, known)
    return known


class _Rows(NamedTuple):
    """What is known of every state, ``(n,)`` each."""

    distance: NDArray[np.float64]
    kl_ab: NDArray[np.float64]
    kl_ba: NDArray[np.float64]
    jensen_shannon: NDArray[np.float64]
    only_a: NDArray[np.int64]
    only_b: NDArray[np.int64]
    greedy: NDArray[np.bool_]  # the likeliest tokens differ
    ties: NDArray[np.bool_]  # and would not have to


def _compare_rows(a: NDArray[np.float64], b: NDArray[np.float64]) -> _Rows:
    n, V = a.shape
    together = max(1, _CELLS // V)
    blocks = [_compare_block(a[i : i + together], b[i : i + together]) for i in range(0, n, together)]
    return _Rows(*(np.concatenate(parts) for parts in zip(*blocks, strict=True)))


def _compare_block(p: NDArray[np.float64], q: NDArray[np.float64]) -> _Rows:
    differ = p.argmax(axis=1) != q.argmax(axis=1)  # (m,)
    likeliest = (p == p.max(axis=1, keepdims=True)) & (q == q.max(axis=1, keepdims=True))  # (m, V) of both
    return _Rows(
        distance=total_variation(p, q),
        kl_ab=kl_divergence(p, q),
        kl_ba=kl_divergence(q, p),
        jensen_shannon=jensen_shannon(p, q),
        only_a=((p > 0) & (q == 0)).sum(axis=1),
        only_b=((q > 0) & (p == 0)).sum(axis=1),
        greedy=differ,
        ties=differ & likeliest.any(axis=1),
    )


def _long_run(
    chain: MarkovChain,
    stationary: StationaryDistribution,
    kl: NDArray[np.float64],
    distance: NDArray[np.float64],
    greedy: NDArray[np.int64],
) -> ChainLongRun:
    pi = stationary.probabilities  # (n,)
    visited, masses = pi > 0, pi[greedy]
    return ChainLongRun(
        stationary=stationary,
        entropy_rate=entropy_rate(chain, stationary),
        kl_rate=float(pi[visited] @ kl[visited]),
        total_variation=min(float(pi @ distance), 1.0),
        greedy_mass=min(float(masses.sum()), 1.0),
        likeliest_greedy_state=int(greedy[masses.argmax()]) if masses.any() else -1,
    )
