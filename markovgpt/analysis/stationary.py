"""Where does the chain spend its time? The stationary distribution, with a proof of its accuracy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.analysis.classes import CommunicatingClass, only_recurrent_class, recurrent_classes
from markovgpt.chain import Chain
from markovgpt.errors import ArgumentError, NotComputedError
from markovgpt.solvers.certificate import stationary_error_bound
from markovgpt.solvers.gth import gth
from markovgpt.solvers.hitting import hitting_times
from markovgpt.solvers.power import power_iteration

__all__ = [
    "GTH_LIMIT",
    "PUSH_LIMIT",
    "StationaryDistribution",
    "stationary_distribution",
    "stationary_distributions",
]

GTH_LIMIT = 4096
"""Most states of a recurrent class that is solved by elimination, accurate in every entry."""

PUSH_LIMIT = 2**21
"""Most states of a recurrent class that is solved by pushing, and certified if it forgets quickly enough."""

CERTIFIED_BOUND = 1e-6
"""Largest proven L1 error of a distribution that is called certified."""

_GUESS_STEPS = 64


Progress = Callable[[str, int, int], None]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class StationaryDistribution:
    """A stationary distribution and what is known of its accuracy.

    Attributes
    ----------
    probabilities : (n,) float64, read-only
        Over all states of the chain; 0 outside ``states``.
    states : (m,) int64
        The recurrent class that carries it.
    period : int
        Period of that class.
    residual : float
        ``||pi P - pi||_1`` as computed. A small residual proves nothing by itself.
    error_bound : float
        Proven upper bound of ``||pi - exact||_1``; infinity if none below the trivial one, 2, was proven.
    method : str
        The algorithm.
    iterations : int
        Pushes of the algorithm; 0 for a direct one.
    """

    probabilities: NDArray[np.float64]
    states: NDArray[np.int64]
    period: int
    residual: float
    error_bound: float
    method: str
    iterations: int = 0

    def __post_init__(self) -> None:
        self.probabilities.setflags(write=False)

    @property
    def certified(self) -> bool:
        """Whether an error of at most 1e-6 was proven: ``error_bound <= 1e-6``."""
        return self.error_bound <= CERTIFIED_BOUND


def stationary_distribution(chain: Chain, *, progress: Progress | None = None) -> StationaryDistribution:
    """The stationary distribution of a chain with one recurrent class: ``pi P = pi``, sum 1.

    Up to 4,096 states by elimination, accurate in every entry; above that by pushing, and ``certified`` says whether an
    error bound could be proven. Look at it: an uncertified distribution may be wrong altogether.

    Raises
    ------
    ReducibleChainError
        Several recurrent classes: names them. Use :func:`stationary_distributions`.
    NotComputedError
        The recurrent class has more than 2^21 states.

    Examples
    --------
    >>> from markovgpt import chain_from_table
    >>> pi = stationary_distribution(chain_from_table([[0.9, 0.1], [0.3, 0.7]]))
    >>> pi.probabilities.round(12), pi.certified
    (array([0.75, 0.25]), True)
    """
    return _of_class(chain, only_recurrent_class(chain, "stationary distribution"), chain.to_scipy(), progress)


def stationary_distributions(chain: Chain, *, progress: Progress | None = None) -> tuple[StationaryDistribution, ...]:
    """One stationary distribution a recurrent class, in the order of their lowest states.

    Raises
    ------
    NotComputedError
        A recurrent class has more than 2^21 states.
    """
    matrix = chain.to_scipy()
    return tuple(_of_class(chain, c, matrix, progress) for c in recurrent_classes(chain))


def _of_class(chain: Chain, c: CommunicatingClass, matrix: Any, progress: Progress | None) -> StationaryDistribution:
    m = len(c.states)
    if m > PUSH_LIMIT:
        raise NotComputedError(
            f"Not computed above {PUSH_LIMIT:,} states: the stationary distribution of this recurrent class of {m:,}. "
            "Use a shorter context, or fewer tokens.",
            n_states=m,
            limit=PUSH_LIMIT,
        )
    part = matrix if m == chain.n_states else matrix[c.states][:, c.states]  # (m, m)
    method, solve = ("gth", _by_elimination) if m <= GTH_LIMIT else ("power iteration", _by_pushing)
    pi, steps, target, iterations = solve(part, c.period, progress)
    probabilities = np.zeros(chain.n_states)
    probabilities[c.states] = pi
    bound = stationary_error_bound(
        pi,
        push=lambda mu: mu @ part,
        pull=lambda f: part @ f,
        hitting_times=steps,
        target=target,
        terms=_most_terms(part),
    )
    return StationaryDistribution(
        probabilities=probabilities,
        states=c.states,
        period=c.period,
        residual=float(abs(pi @ part - pi).sum()),
        error_bound=bound,
        method=method,
        iterations=iterations,
    )


class _Solution(NamedTuple):
    stationary: NDArray[np.float64]  # (m,)
    hitting_times: NDArray[np.float64]  # (m,) steps to the target, for the certificate
    target: int
    iterations: int


def _by_elimination(part: Any, period: int, progress: Progress | None) -> _Solution:  # noqa: ARG001  # one signature
    block = part.toarray()  # (m, m)
    target = _likely_state(part)
    pi, steps = _eliminate(block, target)
    if pi[target] < pi.max() / 4:  # hitting times of a rare state are long, and would blur the bound
        target = int(pi.argmax())
        pi, steps = _eliminate(block, target)
    return _Solution(pi, steps, target, 0)


def _by_pushing(part: Any, period: int, progress: Progress | None) -> _Solution:
    incoming = part.T.tocsr()  # (m, m); a push by rows of the transpose is twice as fast
    pi, iterations = power_iteration(lambda mu: incoming @ mu, part.shape[0], lazy=period > 1, progress=progress)
    target = int(pi.argmax())
    return _Solution(pi, hitting_times(lambda f: part @ f, part.shape[0], target), target, iterations)


def _eliminate(block: NDArray[np.float64], target: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Stationary law and hitting times of ``target``, both ``(m,)`` in the order of the states of ``block``."""
    order = np.concatenate(([target], np.delete(np.arange(len(block)), target)))  # (m,) elimination leaves the first
    try:
        result = gth(block[np.ix_(order, order)])
    except ArgumentError as error:  # the class is irreducible: only a product below 1e-308 can have cut it in two
        raise NotComputedError(
            "GTH elimination underflows double precision: the chain is too nearly reducible.", n_states=len(block)
        ) from error
    pi, steps = np.empty(len(block)), np.empty(len(block))
    pi[order], steps[order] = result.stationary, result.hitting_times
    return pi, steps


def _most_terms(transition: Any) -> int:
    """Most products that one entry of ``mu P`` or ``P f`` adds up."""
    outgoing = np.diff(transition.indptr).max()
    return int(max(outgoing, np.bincount(transition.indices).max()))


def _likely_state(transition: Any) -> int:
    """A state that a few steps from the uniform law make likely: a good last state of elimination."""
    mu = np.full(transition.shape[0], 1 / transition.shape[0])  # (m,)
    for _ in range(_GUESS_STEPS):
        mu = (mu + mu @ transition) / 2  # lazy steps: a period must not matter
    return int(mu.argmax())
