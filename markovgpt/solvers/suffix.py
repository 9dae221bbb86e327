"""How are the equations of a table solved by forgetting the oldest token? Step, and correct by ever shorter contexts.

One push of a measure gives the joint law of the last K - 1 tokens and the next. Its conditional law is a chain of order
K - 1: a V-th of the states, and again a table. Its stationary law, found in the same way down to a handful of states,
corrects the shares of all suffixes at once (multilevel aggregation over a natural hierarchy; Horton & Leutenegger
1994). A cycle costs little more than two pushes. For expected times the same chains are used the other way round.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from markovgpt.solvers.lumped import LumpedFlows
from markovgpt.solvers.solution import Attempt, Keep, Report
from markovgpt.solvers.table_system import TableSystem

__all__ = ["hitting_times", "stationary_law"]

Vector = NDArray[np.float64]
_BOTTOM = 64  # states of the coarsest chain, at most, unless there are more tokens than that
_BOTTOM_SOLVED = 512  # if there are so many tokens that it has more states, it is only pushed
_STEPS = 4
_PATIENCE = 8  # cycles over which the speed is measured


def stationary_law(
    system: TableSystem, *, tolerance: float = 1e-15, max_cycles: int = 300, keep: Keep, report: Report
) -> Attempt:
    """The stationary law by cycles over suffixes, from the uniform law.

    Converged means that a step changes the law by at most ``tolerance`` in all, or that rounding is all that is left.
    Given up when ``max_cycles`` would not be enough at the present speed.
    """
    from markovgpt.kernels.suffix import distance

    levels = _rooms(*system.table.shape)
    mu, changes = np.full(system.n, 1 / system.n), []
    for cycle in range(1, max_cycles + 1):
        after = _measure_cycle(system.table, mu, levels)
        for _ in range(_STEPS):
            system.push(after, out=mu)
            mu, after = after, mu  # mu P is after
        changes.append(float(distance(mu, after)))
        if levels:  # the cycle returned its first room, which is now the law's
            levels[0] = _Room(mu.reshape(levels[0].joint.shape), levels[0].marginal)
        mu = after
        mu /= mu.sum()
        keep(mu, cycle)
        report(f"cycle {cycle}, last change {changes[-1]:.0e}")
        if not (changes[-1] > tolerance) or _stalled(changes):
            return Attempt(mu, cycle, True)
        if _hopeless(changes, tolerance, max_cycles):
            return Attempt(mu, cycle, False)
    return Attempt(mu, max_cycles, False)


def hitting_times(
    system: TableSystem, pi: Vector, target: int, *, goal: float = 0.25, max_cycles: int = 300, report: Report
) -> Attempt:
    """Expected steps to ``target``, to within ``goal`` of a step in the equation of every other state."""
    shorter = _shorter(system.table, pi)
    once = 1 / pi[target]  # h = P h + 1, less this much at the target: then the equation has a solution
    h, before, rest = np.zeros(system.n), np.empty(system.n), np.ones(system.n)
    rest[target] -= once
    misses: list[float] = []
    for cycle in range(1, max_cycles + 1):
        h += _function_cycle(system.table, pi, rest, shorter, out=before)
        for _ in range(_STEPS):
            system.pull(h, out=before)
            before += 1.0
            before[target] -= once
            h, before = before, h
        system.pull(h, out=rest)
        rest -= h
        rest += 1.0
        at_target, rest[target] = rest[target] - once, 0.0
        misses.append(max(float(rest.max()), -float(rest.min())))
        rest[target] = at_target
        report(f"proof, cycle {cycle}, within {misses[-1]:.0e} steps")
        if not (misses[-1] > goal):
            return Attempt(h - h[target], cycle, True)
        if _hopeless(misses, goal, max_cycles):
            break
    return Attempt(h - h[target], len(misses), False)


class _Room(NamedTuple):
    """Memory for the joint law of suffix and next token ``(n / V, V)``, and for that of the suffix ``(n / V,)``."""

    joint: NDArray[np.float64]
    marginal: Vector


def _rooms(n: int, V: int) -> list[_Room]:
    """One for each order, longest contexts first."""
    rooms = []
    while n > max(_BOTTOM, V):
        n //= V
        rooms.append(_Room(np.empty((n, V)), np.empty(n)))
    return rooms


def _measure_cycle(table: NDArray[np.float64], mu: Vector, rooms: list[_Room]) -> Vector:
    """One push of ``mu (n,)``, with the shares of all suffixes as the chain of suffixes has them in the long run."""
    from markovgpt.kernels.steps import push
    from markovgpt.kernels.suffix import compose, condition
    from markovgpt.kernels.threads import run_in_pieces

    if not rooms:
        return _bottom_law(table, mu)
    joint, marginal = rooms[0]
    push(table, mu, out=joint.reshape(-1))
    run_in_pieces(condition, len(joint), joint, marginal, smallest=65536)
    settled = _measure_cycle(joint, marginal, rooms[1:])
    run_in_pieces(compose, len(joint), joint, settled, smallest=65536)
    return joint.reshape(-1)


def _bottom_law(table: NDArray[np.float64], mu: Vector) -> Vector:
    from markovgpt.kernels.steps import push

    if len(mu) > _BOTTOM_SOLVED:
        return push(table, mu)
    present = np.flatnonzero(mu > 0)
    factors = LumpedFlows(_flows(table, mu)[np.ix_(present, present)]).stationary_factors()
    settled = mu.copy()
    if np.isfinite(factors).all() and factors.max() > 0:
        settled[present] *= factors
        settled /= settled.sum()
    return settled


def _flows(table: NDArray[np.float64], mu: Vector) -> NDArray[np.float64]:
    """Flow between the states of a small table under ``mu``, ``(n, n)``."""
    n, V = table.shape
    flows = np.zeros((n, n))
    states = np.arange(n)
    for t in range(V):
        flows[states, (states * V + t) % n] += mu * table[:, t]
    return flows


class _Shorter(NamedTuple):
    """The chain of the contexts without their oldest token, and what comes after that: a shorter one, or a solver."""

    table: NDArray[np.float64]  # (n / V, V)
    weights: Vector  # (n / V,) stationary law of the suffixes
    then: _Shorter | LumpedFlows | None


def _shorter(table: NDArray[np.float64], pi: Vector) -> _Shorter | LumpedFlows | None:
    """None where the chain is too large to be solved and its contexts too short to be shortened."""
    from markovgpt.kernels.suffix import condition
    from markovgpt.kernels.threads import run_in_pieces

    n, V = table.shape
    if n <= max(_BOTTOM, V):
        return LumpedFlows(_flows(table, pi)) if n <= _BOTTOM_SOLVED else None
    conditional = pi.reshape(-1, V).copy()
    marginal = np.empty(len(conditional))
    run_in_pieces(condition, len(conditional), conditional, marginal, smallest=65536)
    return _Shorter(conditional, marginal, _shorter(conditional, marginal))


def _function_cycle(
    table: NDArray[np.float64],
    pi: Vector,
    rest: Vector,
    shorter: _Shorter | LumpedFlows | None,
    *,
    out: Vector | None = None,
) -> Vector:
    """An approximate solution h of ``h = P h + rest``: that of the suffixes, and one pull."""
    from markovgpt.kernels.suffix import pull_suffixes
    from markovgpt.kernels.threads import run_in_pieces

    if shorter is None:
        return rest
    if isinstance(shorter, LumpedFlows):
        return shorter.function(pi * rest)
    n, V = table.shape
    gathered = np.einsum("ar,ar->r", pi.reshape(V, -1), rest.reshape(V, -1))  # (n / V,)
    np.divide(gathered, shorter.weights, out=gathered, where=shorter.weights > 0)
    coarse = _function_cycle(shorter.table, shorter.weights, gathered, shorter.then)
    h = np.empty(n) if out is None else out
    run_in_pieces(pull_suffixes, n, table, coarse, rest, h, smallest=65536)
    return h


def _stalled(changes: list[float]) -> bool:
    """Rounding is all that is left: for as long as the speed is measured, the change has not halved."""
    return len(changes) > _PATIENCE and changes[-1] < 1e-12 and changes[-1] > changes[-1 - _PATIENCE] / 2


def _hopeless(misses: list[float], goal: float, max_cycles: int) -> bool:
    """At the speed of the last cycles, ``goal`` lies beyond ``max_cycles``."""
    if len(misses) <= _PATIENCE or not misses[-1] > goal:
        return False
    rate = (misses[-1] / misses[-1 - _PATIENCE]) ** (1 / _PATIENCE)
    return not (rate < 1) or np.log(goal / misses[-1]) / np.log(rate) > max_cycles - len(misses)
