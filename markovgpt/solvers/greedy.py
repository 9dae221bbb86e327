"""How are a chain's slowest questions solved? Along the path of greedy decoding, and between its loops.

A cold chain follows its likeliest tokens for long, and so do mass, expected times and errors. Sweeping the equations in
the order of greedy decoding (Gauss-Seidel) carries them all the way down in one pass, where a push moves one step; what
remains are the shares of the loops that greedy decoding ends in, and those are solved on the small chain of loops and
basins, by elimination (aggregation and disaggregation; Koury, McAllister & Stewart 1984). Nothing is subtracted in the
stationary law, so that shares of 1e-14 and switches once in 1e14 steps keep their digits.
"""

from __future__ import annotations

from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.solvers.lumped import LumpedFlows
from markovgpt.solvers.matrix_system import MatrixSystem
from markovgpt.solvers.solution import Attempt, Keep, Report
from markovgpt.solvers.system import System

__all__ = ["Forest", "correction", "greedy_forest", "hitting_times", "stationary_law"]

Vector = NDArray[np.float64]
_SWEEPS = 4
_DENSE_LUMPS = 256  # more lumps are a sparse chain, to which the same method is applied
_FEW_LUMPS = 64  # equations of so many are solved in decimal arithmetic
_INNER_CYCLES = 2
_EVEN = 1e-3
_GROWTH = 1e6  # more than any way down to the solution goes up
_NO_MASS = 1e-290  # digits of less are lost


class Forest(NamedTuple):
    """Where greedy decoding leads.

    Attributes
    ----------
    order : (n,) int32
        Every state before its likeliest successor, but for one state of each loop.
    lump : (n,) int32
        Loops are lumps, and so are the states that lead into each loop.
    m : int
        Number of lumps.
    """

    order: NDArray[np.int32]
    lump: NDArray[np.int32]
    m: int


def greedy_forest(system: System) -> Forest:
    """The paths of greedy decoding of a chain."""
    from markovgpt.kernels.orbits import orbit_order

    order, loop_starts, lump = orbit_order(system.greedy_successors())
    n_loops = len(loop_starts) - 1
    lump[order[: loop_starts[0]]] += n_loops  # a loop and what leads into it mix slowly with each other
    used = np.flatnonzero(np.bincount(lump, minlength=2 * n_loops))
    number = np.zeros(2 * n_loops, dtype=np.int32)
    number[used] = np.arange(len(used), dtype=np.int32)
    return Forest(order, number[lump], len(used))


def _paired(chain: MatrixSystem) -> Forest:
    """As :func:`greedy_forest`, for a chain of lumps: staying does not count, and each loop takes in what leads to it.

    No loop is shorter than two, so there are at most half as many lumps.
    """
    from markovgpt.kernels.orbits import orbit_order

    order, loop_starts, loop_of = orbit_order(chain.likeliest_others())
    return Forest(order, loop_of, len(loop_starts) - 1)


def stationary_law(
    system: System,
    start: Vector,
    forest: Forest,
    *,
    tolerance: float = 1e-15,
    max_cycles: int = 60,
    keep: Keep,
    report: Report,
) -> Attempt:
    """The stationary law ``(n,)``, from a positive first guess.

    Converged means that a cycle changes it by at most ``tolerance`` in all, or that rounding is all that is left; and
    that no state, however unlikely, changes by more than a thousandth of itself: the way from one metastable set to
    another may lead through states of 1e-40.
    """
    mu, nothing = start.copy(), np.zeros(system.n)
    changes: list[float] = []
    for cycle in range(1, max_cycles + 1):
        before = mu.copy()
        if cycle > 1:
            lumps = _Lumps(system, mu, forest)
            mu *= lumps.spread(lumps.shares())
        for _ in range(_SWEEPS):
            system.sweep_measure(mu, nothing, forest.order)
            mu /= mu.sum()
        np.abs(np.subtract(mu, before, out=before), out=before)
        changes.append(float(before.sum()))
        if not np.isfinite(changes[-1]):  # an overflow: what was there before is the best there is
            return Attempt(start, cycle - 1, False)
        keep(mu, cycle)
        report(f"cycle {cycle}, last change {changes[-1]:.0e}")
        stalled = cycle > 3 and changes[-1] < 1e-11 and changes[-1] > min(changes[:-1]) / 2
        settled = cycle > 2 and (stalled or not (changes[-1] > tolerance))  # the first cycle does not move lumps
        if settled and _is_even(mu, before):
            return Attempt(mu, cycle, True)
    return Attempt(mu, max_cycles, False)


def _is_even(mu: Vector, change: Vector) -> bool:
    """Whether every state that has mass changed by a small part of it."""
    return bool(((change <= _EVEN * mu) | (mu < _NO_MASS)).all())


def hitting_times(
    system: System,
    pi: Vector,
    target: int,
    forest: Forest,
    *,
    goal: float = 0.25,
    max_cycles: int = 60,
    report: Report,
) -> Attempt:
    """Expected steps to ``target``, ``(n,)``, to within ``goal`` of a step in the equation of every other state."""
    once = 1 / pi[target]  # h = P h + 1, less this much at the target: then the equation has a solution
    lumps = _Lumps(system, pi, forest)
    h, low, rest = np.zeros(system.n), np.zeros(system.n), np.ones(system.n)
    rest[target] -= once
    misses = [np.inf]
    while misses[-1] > goal and len(misses) <= max_cycles and misses[-1] <= _GROWTH * min(misses):
        for level in lumps.levels(lumps.gather(pi * rest)):
            h, low = _added(h, low, lumps.spread(level))
        rest = 1 - system.drift(h, low)
        rest[target] -= once
        step = np.zeros(system.n)  # within lumps; on top of times of 1e20 it would be lost
        for _ in range(_SWEEPS):
            system.sweep_function(step, rest, forest.order)
        h, low = _added(h, low, step)
        rest = 1 - system.drift(h, low)
        at_target, rest[target] = rest[target] - once, 0.0
        misses.append(float(abs(rest).max()))
        rest[target] = at_target
        report(f"proof, cycle {len(misses) - 1}, within {misses[-1]:.0e} steps")
    h, low = _added(h, low, np.full(system.n, -h[target]))
    h, low = _added(h, low, np.full(system.n, -low[target]))
    return Attempt(h, len(misses) - 1, misses[-1] <= goal, low)


def _added(high: Vector, low: Vector, more: Vector) -> tuple[Vector, Vector]:
    """``high + low + more`` as a pair."""
    total = high + more
    shadow = total - high
    low = low + ((high - (total - shadow)) + (more - shadow))
    high = total + low
    return high, low - (high - total)


def correction(
    system: System, pi: Vector, net: Vector, forest: Forest, *, reduction: float = 1e-6, max_cycles: int = 30
) -> Vector:
    """The e ``(n,)`` of ``e - e P = net``: what must be added to ``pi`` for its flows to balance."""
    lumps = _Lumps(system, pi, forest)
    e, rest = np.zeros(system.n), net
    first = float(abs(net).sum())
    for _ in range(max_cycles):
        rest = _measure_cycle(system, pi, e, net, rest, forest, lumps)
        if not (float(abs(rest).sum()) > reduction * first):
            break
    return e


def _function_cycle(
    system: System, pi: Vector, f: Vector, source: Vector, rest: Vector, forest: Forest, lumps: _Lumps
) -> Vector:
    """Improve f, in place, towards ``f = P f + source``, where ``rest`` is missing; returns what is missing now."""
    f += lumps.spread(lumps.function(lumps.gather(pi * rest)))
    for _ in range(_SWEEPS):
        system.sweep_function(f, source, forest.order)
    return source + system.pull(f) - f


def _measure_cycle(
    system: System, pi: Vector, mu: Vector, source: Vector, rest: Vector, forest: Forest, lumps: _Lumps
) -> Vector:
    """Improve mu, in place, towards ``mu = mu P + source``, where ``rest`` is missing; returns what is missing now."""
    mu += pi * lumps.spread(lumps.measure(lumps.gather(rest)))
    for _ in range(_SWEEPS):
        system.sweep_measure(mu, source, forest.order)
    return source + system.push(mu) - mu


@final
class _Lumps:
    """The lumps that carry mass, heaviest first, and the chain between them: dense and eliminated, or sparse."""

    def __init__(self, system: System, pi: Vector, forest: Forest) -> None:
        mass: Vector = np.bincount(forest.lump, pi, forest.m).astype(np.float64, copy=False)
        present = np.flatnonzero(mass > 0)
        numbers = present[np.argsort(-mass[present], kind="stable")]  # (m',)
        self._numbers, self._lump, self._m = numbers, forest.lump, forest.m
        self._direct: LumpedFlows | None = None
        if len(numbers) <= _DENSE_LUMPS:
            flows = system.lump_flows(pi, forest.lump, forest.m)
            self._direct = LumpedFlows(flows[np.ix_(numbers, numbers)])
            return
        self._mass = mass[numbers]
        sparse = system.lumped(pi, forest.lump, forest.m)[numbers][:, numbers].tocsr()
        sparse.data /= np.repeat(self._mass, np.diff(sparse.indptr))
        self._chain = MatrixSystem(sparse)
        self._forest = _paired(self._chain)
        self._shrinks = self._forest.m <= 0.75 * len(numbers)  # not where flows between lumps underflow

    def gather(self, values: Vector) -> Vector:
        sums: Vector = np.bincount(self._lump, values, self._m)[self._numbers].astype(np.float64, copy=False)
        return sums

    def spread(self, values: Vector) -> Vector:
        every = np.zeros(self._m)
        every[self._numbers] = values
        spread: Vector = every[self._lump]
        return spread

    def shares(self) -> Vector:
        """By which factor the mass of each lump must change for their flows to balance."""
        if self._direct is not None:
            found = self._direct.stationary_factors()
            return found if np.isfinite(found).all() and found.max() > 0 else np.ones(len(found))
        if not self._shrinks:
            return np.ones(len(self._mass))
        cycles = 1 + _INNER_CYCLES
        law = stationary_law(
            self._chain, self._mass, self._forest, max_cycles=cycles, keep=lambda *_: None, report=lambda _: None
        )
        return law.value / self._mass

    def function(self, rho: Vector) -> Vector:
        """The c of ``c = P c + rho / mass`` in the chain of lumps."""
        if self._direct is not None:
            return self._direct.function(rho)
        if not self._shrinks:
            return np.zeros(len(rho))
        c, inner = np.zeros(len(rho)), _Lumps(self._chain, self._mass, self._forest)
        rest = source = rho / self._mass
        for _ in range(_INNER_CYCLES):
            rest = _function_cycle(self._chain, self._mass, c, source, rest, self._forest, inner)
        return c

    def levels(self, rho: Vector) -> tuple[Vector, ...]:
        """The same c in parts, to be added up in pairs: with 32 digits where there are few lumps."""
        if self._direct is None or len(rho) > _FEW_LUMPS:
            return (self.function(rho),)
        return self._direct.precise_function(rho)

    def measure(self, rho: Vector) -> Vector:
        """The c of ``c mass = (c mass) P + rho`` in the chain of lumps."""
        if self._direct is not None:
            return self._direct.measure(rho)
        if not self._shrinks:
            return np.zeros(len(rho))
        mu, inner, rest = np.zeros(len(rho)), _Lumps(self._chain, self._mass, self._forest), rho
        for _ in range(_INNER_CYCLES):
            rest = _measure_cycle(self._chain, self._mass, mu, rho, rest, self._forest, inner)
        return mu / self._mass
