"""Which loops does greedy decoding end in, how large are their basins, and how long does sampling stay in them?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import exp, expm1, fsum, log, log1p
from typing import final

import numpy as np
from numpy.typing import NDArray

from markovgpt.analysis.greedy import greedy_map
from markovgpt.analysis.orbits import orbits
from markovgpt.chain import MarkovChain
from markovgpt.sparse_chain import SparseChain

__all__ = ["GreedyLoop", "GreedyLoops", "greedy_loops"]

Progress = Callable[[str, int, int], None]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class GreedyLoop:
    """States that greedy decoding goes round for ever, and how sampling leaves them.

    Attributes
    ----------
    states : (L,) int64, read-only
        In the order of the orbit.
    tokens : (L,) int64, read-only
        ``tokens[i]`` is emitted at ``states[i]``; -1 where the arrow is no single token, as at an absorbing end. Of the
        L rotations this is the least.
    text : str
        The tokens by their printable names; of an absorbing end, its name.
    basin_size : int
        Number of states whose greedy orbit ends here, those of the loop included.
    longest_approach : int
        Most greedy steps from such a state to the loop.
    ties : (t,) int64, read-only
        States of the loop in which the likeliest token is not unique: the lowest is followed.
    turn_probability : float
        Probability that sampling follows the loop for one turn of L tokens.
    escape_probability : float
        One minus that, without cancellation: it keeps its digits where it is 1e-300. 0 if the loop is never left.
    expected_escape_times : (L,) float64, read-only
        Expected number of sampled tokens, from each state of the loop, up to and including the first that is not the
        loop's; infinite if it is never left.
    """

    states: NDArray[np.int64]
    tokens: NDArray[np.int64]
    text: str
    basin_size: int
    longest_approach: int
    ties: NDArray[np.int64]
    turn_probability: float
    escape_probability: float
    expected_escape_times: NDArray[np.float64]

    def __post_init__(self) -> None:
        for array in (self.states, self.tokens, self.ties, self.expected_escape_times):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.states)

    @property
    def expected_escape_time(self) -> float:
        """Expected number of tokens until the loop is left, averaged over its states."""
        return float(self.expected_escape_times.mean())


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class GreedyLoops:
    """All loops of greedy decoding, that of the largest basin first.

    ``len()`` is the number of loops; iteration yields :class:`GreedyLoop`.

    Attributes
    ----------
    loop_of : (n,) int32, read-only
        The loop that the greedy orbit of each state ends in.
    depth : (n,) int32, read-only
        Greedy steps from each state to its loop; 0 on the loop.
    basin_sizes : (c,) int64, read-only
        Number of states in the basin of each loop.
    ties : (t,) int64, read-only
        All states in which the likeliest token is not unique, on loops and elsewhere.
    """

    loop_of: NDArray[np.int32]
    depth: NDArray[np.int32]
    basin_sizes: NDArray[np.int64]
    ties: NDArray[np.int64]
    _chain: MarkovChain | SparseChain = field(repr=False)
    _states: NDArray[np.int32] = field(repr=False)  # (m,) loop by loop
    _starts: NDArray[np.int64] = field(repr=False)  # (c,) where each loop begins among them
    _lengths: NDArray[np.int64] = field(repr=False)  # (c,)
    _approaches: NDArray[np.int32] = field(repr=False)  # (c,) largest depth of each basin

    def __post_init__(self) -> None:
        for array in (self.loop_of, self.depth, self.basin_sizes, self.ties):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.basin_sizes)

    def __iter__(self) -> Iterator[GreedyLoop]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, i: int) -> GreedyLoop:
        i = range(len(self))[i]
        states = self._states[self._starts[i] : self._starts[i] + self._lengths[i]].astype(np.int64)  # (L,)
        tokens, _, _ = _steps(self._chain, states)  # (L,)
        states = np.roll(states, -_least_rotation(tokens.tolist()))
        tokens, followed, left = _steps(self._chain, states)  # (L,) each
        log_turn = fsum(map(_log_share, followed.tolist(), left.tolist()))
        return GreedyLoop(
            states=states,
            tokens=tokens,
            text=_text(self._chain, states, tokens),
            basin_size=int(self.basin_sizes[i]),
            longest_approach=int(self._approaches[i]),
            ties=states[np.isin(states, self.ties)],
            turn_probability=exp(log_turn),
            escape_probability=0.0 - expm1(log_turn),
            expected_escape_times=_escape_times(followed, left, -expm1(log_turn)),
        )


def greedy_loops(chain: MarkovChain | SparseChain, *, progress: Progress | None = None) -> GreedyLoops:
    """The loops of greedy decoding: always the likeliest token, the lowest of a tie.

    Every orbit ends in one. At a low temperature sampling stays in a loop for long: ``escape_probability`` and
    ``expected_escape_times`` say how long, for the chain as it is, its temperature included. An absorbing end of a
    chain is a loop of its own.

    Examples
    --------
    From state 0, another 0 follows with probability 0.9; so the first 1 is the tenth token on average.

    >>> from markovgpt import chain_from_table
    >>> loops = greedy_loops(chain_from_table([[0.9, 0.1], [1.0, 0.0]]))
    >>> [(loop.text, loop.basin_size, round(loop.escape_probability, 12)) for loop in loops]
    [('0', 2, 0.1)]
    >>> round(loops[0].expected_escape_time, 12)
    10.0
    """
    successors, tied = greedy_map(chain)
    found = orbits(successors, progress=progress)
    del successors
    n_loops = len(found.loop_starts) - 1
    basins = np.bincount(found.loop_of, minlength=n_loops)  # (c,)
    order = np.lexsort((found.loop_states[found.loop_starts[:-1]], -basins))  # (c,) largest first, then lowest state
    rank = np.empty(n_loops, dtype=np.int32)
    rank[order] = np.arange(n_loops, dtype=np.int32)
    loop_of = rank[found.loop_of]  # (n,)
    approaches = np.zeros(n_loops, dtype=np.int32)
    np.maximum.at(approaches, loop_of, found.depth)
    return GreedyLoops(
        loop_of=loop_of,
        depth=found.depth,
        basin_sizes=basins[order].astype(np.int64),
        ties=np.flatnonzero(tied).astype(np.int64),
        _chain=chain,
        _states=found.loop_states,
        _starts=found.loop_starts[:-1][order],
        _lengths=np.diff(found.loop_starts)[order],
        _approaches=approaches,
    )


def _steps(
    chain: MarkovChain | SparseChain, states: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Of each state of a loop: token that is followed, its probability, and the sum of all others, ``(L,)`` each."""
    if isinstance(chain, MarkovChain):
        laws = chain.probabilities[states]  # (L, V)
        tokens = laws.argmax(axis=1)  # (L,)
        followed = laws[np.arange(len(laws)), tokens]  # (L,)
        laws[np.arange(len(laws)), tokens] = 0.0
        return tokens.astype(np.int64), followed, laws.sum(axis=1)
    tokens, followed, left = np.empty(len(states), dtype=np.int64), np.empty(len(states)), np.empty(len(states))
    for i, (state, after) in enumerate(zip(states.tolist(), np.roll(states, -1).tolist(), strict=True)):
        here = slice(chain.matrix.indptr[state], chain.matrix.indptr[state + 1])
        arrow = chain.matrix.indices[here] == after
        tokens[i] = chain.arrow_tokens[here][arrow][0]
        followed[i], left[i] = chain.matrix.data[here][arrow][0], chain.matrix.data[here][~arrow].sum()
    return tokens, followed, left


def _log_share(p: float, q: float) -> float:
    """Logarithm of ``p / (p + q)``, to a few units in the last place whichever of the two is tiny."""
    return log1p(-q / (p + q)) if q < p else log(p / (p + q))


def _escape_times(followed: NDArray[np.float64], left: NDArray[np.float64], escape: float) -> NDArray[np.float64]:
    """Expected steps until the loop is left, from each of its states, ``(L,)``: sums and products of positive numbers.

    ``E[T] = sum of P(T > k)``, which repeats every turn, less likely by the probability of a turn; and the step before
    a state costs 1 and then, if the loop is followed, what that state costs.
    """
    times = np.full(len(followed), np.inf)  # (L,)
    if escape == 0:
        return times
    share = followed / (followed + left)  # (L,)
    stays = np.concatenate(([1.0], np.cumprod(share)[:-1]))  # (L,) P(T > k) in the first turn from state 0
    later = fsum(stays.tolist()) / escape
    times[0] = later
    for i in range(len(times) - 1, 0, -1):
        later = 1 + float(share[i]) * later
        times[i] = later
    return times


def _text(chain: MarkovChain | SparseChain, states: NDArray[np.int64], tokens: NDArray[np.int64]) -> str:
    if len(states) == 1 and tokens[0] < 0:
        return chain.label(int(states[0]))
    names = [chain.vocabulary.names[t] if t >= 0 else "?" for t in tokens.tolist()]
    return chain.vocabulary.separator.join(names)


def _least_rotation(word: list[int]) -> int:
    """Where the least of all rotations of a word begins, in linear time."""
    n, i, j, same = len(word), 0, 1, 0
    while i < n and j < n and same < n:
        a, b = word[(i + same) % n], word[(j + same) % n]
        if a == b:
            same += 1
            continue
        if a > b:
            i += same + 1
        else:
            j += same + 1
        if i == j:
            j += 1
        same = 0
    return min(i, j)
