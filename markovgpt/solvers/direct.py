"""How is the stationary law of a small chain found, and then proven? By elimination, which is proven twice.

The number of roundings bounds the relative error of every entry before the first digit is computed
(:mod:`markovgpt.solvers.gth`), and the hitting times that elimination brings with it bound the error afterwards
(:mod:`markovgpt.solvers.certificate`), whatever a bug or an underflow may have done. The smaller bound counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from markovgpt.errors import ArgumentError, NotComputedError
from markovgpt.solvers.certificate import stationary_error_bound
from markovgpt.solvers.extended import check_extended_size, extended_gth
from markovgpt.solvers.gth import Elimination, gth
from markovgpt.solvers.matrix_system import MatrixSystem
from markovgpt.solvers.solution import Solution

__all__ = ["solve_directly", "solve_in_extended_precision"]

Progress = Callable[[str, int, int], None]
_UNIT = 2.0**-53
_GUESS_STEPS = 64


def solve_directly(matrix: Any, *, progress: Progress | None = None) -> Solution:
    """Stationary law of an irreducible chain, ``csr_array (n, n)``, by GTH elimination.

    After Ctrl-C a guess, of which nothing is proven.

    Raises
    ------
    NotComputedError
        Double precision is left: the chain is too nearly reducible.
    """
    block, system = matrix.toarray(), MatrixSystem(matrix)
    guess = _guess(system)
    target = int(guess.argmax())
    try:
        found = _eliminate(block, target, progress)
        if found.stationary[target] < found.stationary.max() / 4:  # hitting times of a rare state would blur the bound
            target = int(found.stationary.argmax())
            found = _eliminate(block, target, progress)
    except KeyboardInterrupt:
        return _interrupted(guess)
    proven = stationary_error_bound(system, found.stationary, hitting_times=found.hitting_times, target=target)
    relative = _of_divided_rows(found.relative_error, system)
    return Solution(
        law=found.stationary,
        error_bound=min(proven, relative if relative < 2 else math.inf),
        relative_error=relative,
        method="gth",
    )


def solve_in_extended_precision(matrix: Any, *, progress: Progress | None) -> Solution:
    """The same with some 25 proven digits of every entry, and without underflow.

    After Ctrl-C a guess, of which nothing is proven.

    Raises
    ------
    NotComputedError
        More states than :data:`markovgpt.solvers.extended.EXTENDED_LIMIT`.
    """
    check_extended_size(matrix.shape[0])
    try:
        found = extended_gth(matrix.toarray(), progress=progress)
    except KeyboardInterrupt:
        return _interrupted(_guess(MatrixSystem(matrix)))
    error = found.relative_error + 4 * _UNIT  # of the doubles that it is rounded to
    return Solution(
        law=found.stationary,
        error_bound=error + len(found.stationary) * 5e-324,
        relative_error=error if found.stationary.min() > np.finfo(np.float64).tiny else math.inf,
        method="gth, extended precision",
        low=found.stationary_low,
        extended=found,
    )


def _interrupted(guess: NDArray[np.float64]) -> Solution:
    return Solution(law=guess, method="pushing", iterations=_GUESS_STEPS, interrupted=True)


def _eliminate(block: NDArray[np.float64], target: int, progress: Progress | None) -> Elimination:
    """Elimination down to the state ``target``; in the order of the states of ``block``."""
    order = np.concatenate(([target], np.delete(np.arange(len(block)), target)))  # (m,)
    try:
        result = gth(block[np.ix_(order, order)], progress=progress)
    except ArgumentError as error:  # the class is irreducible: only a product below 1e-308 can have cut it in two
        raise NotComputedError(
            "GTH elimination underflows double precision: the chain is too nearly reducible. Extended precision "
            "(extended=True, --extended) has no such limit.",
            n_states=len(block),
        ) from error
    law, steps = np.empty(len(block)), np.empty(len(block))
    law[order], steps[order] = result.stationary, result.hitting_times
    return Elimination(stationary=law, hitting_times=steps, relative_error=result.relative_error)


def _of_divided_rows(relative_error: float, system: MatrixSystem) -> float:
    """Relative error for the chain whose rows are divided by their sums: that multiplies the law by those sums."""
    if not system.matrix.has_canonical_format:  # entries stored twice are added up, with one more rounding
        return math.inf
    defect = system.row_defect()
    spread = 2 * defect / (1 - defect) + 8 * _UNIT
    return relative_error + spread * (1 + relative_error)


def _guess(system: MatrixSystem) -> NDArray[np.float64]:
    """Where a few steps lead from the uniform law, ``(n,)``: its likeliest state is a good last one of elimination."""
    mu = np.full(system.n, 1 / system.n)  # (n,)
    for _ in range(_GUESS_STEPS):
        mu = (mu + system.push(mu)) / 2  # lazy steps: a period must not matter
    return mu
