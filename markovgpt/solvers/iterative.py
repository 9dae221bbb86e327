"""How is the stationary law of a large chain found, and then proven? In stages, each if the one before is not enough.

| stage                | solves                                         | is given up, or not enough, when          |
|----------------------|------------------------------------------------|-------------------------------------------|
| cycles over suffixes | law and hitting times of a table, by pushing   | the last cycles promise too many more     |
| greedy sweeps        | both, of any chain, in the order of greedy     | not converged after 60 cycles             |
|                      | decoding, with its loops as lumps              | (also where the law so far is far off)    |
| correction           | the law to twice the digits, up to five times  | the proven bound is within the tolerance, |
|                      |                                                | or no longer shrinks                      |
| power iteration      | the law, with hitting times by GMRES           | only where there is no compiler           |

A small change from cycle to cycle is no sign of being right; so the law of a stage counts once its hitting times prove
it, and where they cannot be found quickly the next stage begins.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from markovgpt.kernels.compiled import can_compile, load_compiler
from markovgpt.solvers import greedy, suffix
from markovgpt.solvers.certificate import stationary_error_bound
from markovgpt.solvers.hitting import hitting_times
from markovgpt.solvers.power import power_iteration
from markovgpt.solvers.solution import HittingTimes, Report, Solution
from markovgpt.solvers.system import System
from markovgpt.solvers.table_system import TableSystem

__all__ = ["solve_iteratively"]

Vector = NDArray[np.float64]
_CORRECTIONS = 5
_TRIVIAL = 2.0  # no two distributions are farther apart; bounds above it tell only whether corrections help
_ROUGH = 1e-3  # a law within this is near enough for a correction, which is linear


def solve_iteratively(system: System, *, tolerance: float, report: Report) -> Solution:
    """Stationary law of an irreducible chain with a proven L1 error, at most ``tolerance`` if that can be reached.

    On an interrupt (Ctrl-C) the best law so far is returned, with the bound that is proven for it.
    """
    solution = Solution(law=np.full(system.n, 1 / system.n), method="pushing")
    try:
        load_compiler()
        with np.errstate(all="ignore"):  # what overflows or underflows proves nothing, and the bound says so
            _solve(system, solution, tolerance, report)
    except KeyboardInterrupt:
        solution.interrupted = True
    if not (solution.error_bound < _TRIVIAL):
        solution.error_bound = np.inf
    return solution


def _solve(system: System, solution: Solution, tolerance: float, report: Report) -> None:
    times: HittingTimes | None = None
    if not can_compile():
        _by_pushing(system, solution, report)
        return
    if isinstance(system, TableSystem):
        times = _by_suffixes(system, solution, report)
        if solution.error_bound <= tolerance:
            return
    forest = greedy.greedy_forest(system)
    if times is None or not (solution.error_bound <= _ROUGH):
        times = _by_sweeps(system, solution, forest, times, report)
    for _ in range(_CORRECTIONS):
        if solution.error_bound <= tolerance or not times.are_finite:
            return
        before = solution.error_bound
        _correct(system, solution, forest, times, report)
        if not (solution.error_bound < before / 2):
            return


def _by_pushing(system: System, solution: Solution, report: Report) -> None:
    """All that is left without a compiler: enough where the chain soon forgets where it was."""

    def keep(law: Vector, step: int) -> None:
        solution.keep(law, step)
        report(f"step {step}")

    solution.method = "power iteration"
    found = power_iteration(system.push, system.n, lazy=True, keep=keep)
    solution.law, solution.iterations = found.stationary, found.iterations
    report("proof")
    target = int(solution.law.argmax())
    times = hitting_times(system.pull, system.n, target)
    _prove(system, solution, HittingTimes(times, np.zeros(system.n), target), report)


def _by_suffixes(system: TableSystem, solution: Solution, report: Report) -> HittingTimes | None:
    """Law and hitting times by cycles over suffixes; None where they were given up."""
    solution.method = "suffix cycles"
    law = suffix.stationary_law(system, keep=solution.keep, report=report)
    if not np.isfinite(law.value).all():
        return None
    solution.law, solution.iterations = law.value, law.cycles
    if not law.converged:
        return None
    target = int(solution.law.argmax())
    times = suffix.hitting_times(system, solution.law, target, report=report)
    if not times.converged:
        return None
    return _prove(system, solution, HittingTimes.of(times, target), report)


def _by_sweeps(
    system: System, solution: Solution, forest: greedy.Forest, times: HittingTimes | None, report: Report
) -> HittingTimes:
    """The law by greedy sweeps, from the best so far, and hitting times, if none were found."""
    before, solution.method = solution.iterations, "greedy sweeps"
    law = greedy.stationary_law(system, solution.law, forest, keep=solution.keep, report=report)
    solution.law, solution.iterations = law.value, before + law.cycles
    if times is None or not times.are_finite:
        target = int(solution.law.argmax())
        found = greedy.hitting_times(system, solution.law, target, forest, report=report)
        times = HittingTimes.of(found, target)
    return _prove(system, solution, times, report)


def _prove(system: System, solution: Solution, times: HittingTimes, report: Report) -> HittingTimes:
    """The error bound that these times prove."""
    solution.error_bound = _bound(system, solution.law, None, times)
    report(f"error bound so far {solution.error_bound:.0e}")
    return times


def _bound(system: System, law: Vector, low: Vector | None, times: HittingTimes) -> float:
    return stationary_error_bound(
        system,
        law,
        low=low,
        hitting_times=times.high,
        times_low=times.low,
        target=times.target,
        trivial=np.inf,
    )


def _correct(system: System, solution: Solution, forest: greedy.Forest, times: HittingTimes, report: Report) -> None:
    """Add what the flows of the law, computed to 32 digits, still lack; kept if the bound shrinks."""
    high, low = solution.law, np.zeros(system.n) if solution.low is None else solution.low
    net = system.balance(high, low).net
    lacking = greedy.correction(system, high, net, forest)
    lacking -= high * (lacking.sum() / high.sum())  # any multiple of the law balances: keep the sum
    low = low + lacking
    improved = np.maximum(high + low, 0.0)
    low = low - (improved - high)  # what is rounded off, exactly
    bound = _bound(system, improved, low, times)
    report(f"error bound so far {bound:.0e}")
    if bound < solution.error_bound:
        solution.error_bound = np.inf  # an interrupt between two of these lines must not leave a bound of another law
        solution.law, solution.low = improved, low
        solution.error_bound = bound
