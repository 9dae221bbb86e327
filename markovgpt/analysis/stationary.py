"""Where does the chain spend its time? The stationary distribution, with a proof of its accuracy."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.analysis.classes import (
    CommunicatingClass,
    CommunicatingClasses,
    communicating_classes,
    only_recurrent_class,
)
from markovgpt.chain import Chain, MarkovChain, check_is_chain
from markovgpt.errors import ArgumentError
from markovgpt.solvers.direct import solve_directly, solve_in_extended_precision
from markovgpt.solvers.extended import ExtendedElimination
from markovgpt.solvers.iterative import solve_iteratively
from markovgpt.solvers.matrix_system import MatrixSystem
from markovgpt.solvers.solution import Solution
from markovgpt.solvers.system import System
from markovgpt.solvers.table_system import TableSystem

__all__ = [
    "CERTIFIED_BOUND",
    "GTH_LIMIT",
    "StationaryDistribution",
    "check_stationary",
    "stationary_distribution",
    "stationary_distributions",
]

GTH_LIMIT = 4096
"""Most states of a recurrent class that is solved by elimination, accurate in every entry."""

CERTIFIED_BOUND = 1e-6
"""Largest proven L1 error of a distribution that is called certified."""

Progress = Callable[[str, int, int], None]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class StationaryDistribution:
    """A stationary distribution and what is known of its accuracy.

    Attributes
    ----------
    probabilities : (n,) float64, read-only
        Over all states of the chain; 0 outside ``states``.
    states : (m,) int64, read-only
        The recurrent class that carries it.
    period : int
        Period of that class.
    residual : float
        ``||pi P - pi||_1`` as computed. A small residual proves nothing by itself.
    error_bound : float
        Proven upper bound of ``||pi - exact||_1``; infinity if none below the trivial one, 2, was proven.
    relative_error : float
        Proven upper bound of ``|pi(s) / exact(s) - 1|`` for every state of the class; infinity if none was proven, as
        for all chains that are too large for elimination.
    method : str
        The algorithm.
    iterations : int
        Cycles of the algorithm; 0 for a direct one.
    interrupted : bool
        Stopped by Ctrl-C: the best that was known then.
    extended : ExtendedElimination, or None
        The same beyond the digits and the range of float64, where that was asked for; in the order of ``states``.
    """

    probabilities: NDArray[np.float64]
    states: NDArray[np.int64]
    period: int
    residual: float
    error_bound: float
    relative_error: float
    method: str
    iterations: int = 0
    interrupted: bool = False
    extended: ExtendedElimination | None = None

    def __post_init__(self) -> None:
        self.probabilities.setflags(write=False)
        self.states.setflags(write=False)

    @property
    def certified(self) -> bool:
        """Whether an error of at most 1e-6 was proven: ``error_bound <= 1e-6``."""
        return self.error_bound <= CERTIFIED_BOUND


def stationary_distribution(
    chain: Chain, *, tolerance: float = 1e-8, extended: bool = False, progress: Progress | None = None
) -> StationaryDistribution:
    """The stationary distribution of a chain with one recurrent class: ``pi P = pi``, sum 1.

    Up to 4,096 states by elimination, accurate in every entry; larger ones in stages, each only if the one before is
    not enough (:mod:`markovgpt.solvers.iterative`). ``certified`` says whether an error bound could be proven. Look at
    it: an uncertified distribution may be wrong altogether.

    Parameters
    ----------
    chain : Chain
        n states.
    tolerance : float
        L1 error to be proven, above 0, for classes of more than 4,096 states: work goes on until
        ``error_bound <= tolerance``, or until no more can be proven.
    extended : bool
        Eliminate with some 25 digits and without underflow (``extended`` of the result); up to 4,096 states.
    progress : callable, optional
        Called as ``progress("stationary law: what was reached", 0, 0)``, or with the number of states eliminated and
        of all. After Ctrl-C the best so far is returned, and says that it was ``interrupted``.

    Raises
    ------
    ReducibleChainError
        Several recurrent classes: names them. Use :func:`stationary_distributions`.
    NotComputedError
        Extended precision was asked for, and the recurrent class has more than 4,096 states.

    Examples
    --------
    >>> from markovgpt import chain_from_table
    >>> pi = stationary_distribution(chain_from_table([[0.9, 0.1], [0.3, 0.7]]))
    >>> pi.probabilities.round(12), pi.certified
    (array([0.75, 0.25]), True)
    """
    _check(tolerance)
    c = only_recurrent_class(chain, "stationary distribution")
    return _of_class(chain, c, tolerance, extended, progress)


def stationary_distributions(
    chain: Chain,
    *,
    tolerance: float = 1e-8,
    extended: bool = False,
    classes: CommunicatingClasses | None = None,
    progress: Progress | None = None,
) -> tuple[StationaryDistribution, ...]:
    """One stationary distribution a recurrent class, in the order of their lowest states.

    Parameters and errors are those of :func:`stationary_distribution`; ``classes`` are those of the chain, if they are
    known. After Ctrl-C those that were found, the last one as far as it was.
    """
    _check(tolerance)
    found: list[StationaryDistribution] = []
    for c in (communicating_classes(chain, progress=progress) if classes is None else classes).recurrent_classes:
        try:
            found.append(_of_class(chain, c, tolerance, extended, progress))
        except KeyboardInterrupt:  # before there is anything to show of this class
            if not found:
                raise
            break
        if found[-1].interrupted:
            break
    return tuple(found)


def check_stationary(chain: Chain, stationary: StationaryDistribution) -> None:
    """Refuse a distribution that is none, or of a chain of another size.

    Raises
    ------
    ArgumentError
        Says which.
    """
    check_is_chain(chain)
    if not isinstance(stationary, StationaryDistribution):
        raise ArgumentError(
            "The stationary distribution is what stationary_distribution(chain) returns, with its error bound: got "
            f"{type(stationary).__name__}."
        )
    if stationary.probabilities.shape != (chain.n_states,):
        raise ArgumentError(f"The chain has {chain.n_states} states, the distribution {len(stationary.probabilities)}.")


def _check(tolerance: float) -> None:
    if not (tolerance > 0):
        raise ArgumentError(f"tolerance is an error to be proven, above 0: got {tolerance!r}.", tolerance=tolerance)


def _of_class(
    chain: Chain, c: CommunicatingClass, tolerance: float, extended: bool, progress: Progress | None
) -> StationaryDistribution:
    def report(text: str) -> None:
        if progress is not None:
            progress(f"stationary law: {text}", 0, 0)

    if extended:
        matrix = _matrix_of(chain, c)
        return _result(chain, c, MatrixSystem(matrix), solve_in_extended_precision(matrix, progress=progress))
    if len(c.states) <= GTH_LIMIT:
        matrix = _matrix_of(chain, c)
        solution = solve_directly(matrix, progress=progress)
        if solution.interrupted or solution.error_bound <= tolerance:
            return _result(chain, c, MatrixSystem(matrix), solution)
        system = _system_of(chain, c)
        other = solve_iteratively(system, tolerance=tolerance, report=report)
        return _result(chain, c, system, _better(solution, other))
    system = _system_of(chain, c)
    return _result(chain, c, system, solve_iteratively(system, tolerance=tolerance, report=report))


def _better(eliminated: Solution, other: Solution) -> Solution:
    """The law of elimination, whose every entry is proven, with the L1 error of another one and their distance.

    Where elimination underflowed and proves nothing, the other law itself.
    """
    if not (eliminated.relative_error < math.inf):
        return min(eliminated, other, key=lambda found: found.error_bound)
    distance = math.fsum(abs(eliminated.law - other.law).tolist())
    eliminated.error_bound = min(eliminated.error_bound, (other.error_bound + distance) * (1 + 1e-15))
    eliminated.interrupted = other.interrupted
    return eliminated


def _result(chain: Chain, c: CommunicatingClass, system: System, solution: Solution) -> StationaryDistribution:
    law = solution.law
    probabilities = law if len(law) == chain.n_states else np.zeros(chain.n_states)
    if probabilities is not law:
        probabilities[c.states] = law
    return StationaryDistribution(
        probabilities=probabilities,
        states=c.states,
        period=c.period,
        residual=float(abs(system.push(law) - law).sum()),
        error_bound=solution.error_bound if solution.error_bound < 2 else math.inf,
        relative_error=solution.relative_error,
        method=solution.method,
        iterations=solution.iterations,
        interrupted=solution.interrupted,
        extended=solution.extended,
    )


def _matrix_of(chain: Chain, c: CommunicatingClass) -> Any:
    """The transition matrix inside a class, ``csr_array (m, m)``."""
    if isinstance(chain, MarkovChain) and len(c.states) < chain.n_states // 4:
        return _rows_of(chain, c)
    matrix = chain.to_scipy()
    return matrix if len(c.states) == chain.n_states else matrix[c.states][:, c.states]


def _rows_of(chain: MarkovChain, c: CommunicatingClass) -> Any:
    """The same without the matrix of all states: a small class of a large chain."""
    from scipy.sparse import coo_array

    rows = chain.probabilities[c.states]  # (m, V)
    targets = chain.states.successors(c.states)  # (m, V)
    sources, tokens = np.nonzero(rows)
    places = np.searchsorted(c.states, targets[sources, tokens])
    m = len(c.states)
    return coo_array((rows[sources, tokens], (sources, places)), shape=(m, m)).tocsr()


def _system_of(chain: Chain, c: CommunicatingClass) -> System:
    """A class of many states: the table itself where it is the whole of it, and a sparse matrix otherwise."""
    if isinstance(chain, MarkovChain) and len(c.states) == chain.states.sizes[-1]:
        return TableSystem(chain.probabilities[-len(c.states) :])
    return MatrixSystem(_matrix_of(chain, c))
