"""Where does the chain spend its time? The stationary distribution, with a proof of its accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.analysis.classes import CommunicatingClass, only_recurrent_class, recurrent_classes
from markovgpt.chain import Chain
from markovgpt.errors import ArgumentError, NotComputedError
from markovgpt.solvers.certificate import stationary_error_bound
from markovgpt.solvers.gth import gth

__all__ = ["GTH_LIMIT", "StationaryDistribution", "stationary_distribution", "stationary_distributions"]

GTH_LIMIT = 4096
"""Most states of a recurrent class whose stationary distribution is computed."""

_GUESS_STEPS = 64


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
        Proven upper bound of ``||pi - exact||_1``; infinity if none was proven.
    method : str
        The algorithm.
    iterations : int
        Of the algorithm; 0 for a direct one.
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
        """Whether a finite error bound was proven."""
        return bool(np.isfinite(self.error_bound))


def stationary_distribution(chain: Chain) -> StationaryDistribution:
    """The stationary distribution of a chain with one recurrent class: ``pi P = pi``, sum 1.

    Raises
    ------
    ReducibleChainError
        Several recurrent classes: names them. Use :func:`stationary_distributions`.
    NotComputedError
        The recurrent class has more than 4,096 states.

    Examples
    --------
    >>> from markovgpt.chain import chain_from_table
    >>> pi = stationary_distribution(chain_from_table([[0.9, 0.1], [0.3, 0.7]]))
    >>> pi.probabilities.round(12), pi.certified
    (array([0.75, 0.25]), True)
    """
    return _of_class(chain, only_recurrent_class(chain, "stationary distribution"), chain.to_scipy())


def stationary_distributions(chain: Chain) -> tuple[StationaryDistribution, ...]:
    """One stationary distribution a recurrent class, in the order of their lowest states.

    Raises
    ------
    NotComputedError
        A recurrent class has more than 4,096 states.
    """
    matrix = chain.to_scipy()
    return tuple(_of_class(chain, c, matrix) for c in recurrent_classes(chain))


def _of_class(chain: Chain, c: CommunicatingClass, matrix: Any) -> StationaryDistribution:
    m = len(c.states)
    if m > GTH_LIMIT:
        raise NotComputedError(
            f"Not computed above {GTH_LIMIT:,} states: the stationary distribution of this recurrent class of {m:,}. "
            "Use a shorter context, or fewer tokens.",
            n_states=m,
            limit=GTH_LIMIT,
        )
    sparse = matrix[c.states][:, c.states]  # (m, m)
    block = sparse.toarray()  # (m, m)
    target = _likely_state(sparse)
    pi, steps = _eliminate(block, target)
    if pi[target] < pi.max() / 4:  # hitting times of a rare state are long, and would blur the bound
        target = int(pi.argmax())
        pi, steps = _eliminate(block, target)
    probabilities = np.zeros(chain.n_states)
    probabilities[c.states] = pi
    bound = stationary_error_bound(
        pi,
        push=lambda mu: mu @ sparse,
        pull=lambda f: sparse @ f,
        hitting_times=steps,
        target=target,
        terms=_most_terms(sparse),
    )
    return StationaryDistribution(
        probabilities=probabilities,
        states=c.states,
        period=c.period,
        residual=float(abs(pi @ sparse - pi).sum()),
        error_bound=bound,
        method="gth",
    )


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
