"""How long will a strategy take for a model? A part of the work is done, and the clock is read.

What is timed is the strategy itself with what is done to each block. Batches grow until they have their real size, or
until the next would take too long; then the two largest tell apart what a call costs and what a context costs. The
first call is not counted: what it takes longer is compilation or the like, and does not come again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from math import gcd
from typing import NamedTuple

from markovgpt.decoding import Decoding
from markovgpt.enumeration import passes, trie
from markovgpt.enumeration.batched import one_batch
from markovgpt.enumeration.fused import fused_part
from markovgpt.enumeration.operations import token_positions
from markovgpt.enumeration.prefix import prefix
from markovgpt.enumeration.strategy import Block
from markovgpt.model import LanguageModel
from markovgpt.statespace import StateSpace

__all__ = ["NOISE", "Seconds", "measured_seconds"]

NOISE = 1.25
"""Bounds are the fastest and the slowest part of what was measured, and this factor: the machine has other work.

The square of it, where little was measured.
"""

_LONGEST, _SHORTEST, _SHARE = 0.5, 0.05, 0.15  # seconds of measuring; a share of what there is to do, between these
_GROWING, _SHARE_GROWING = 2.0, 0.01  # before, while batches grow, if it is worth that much
_MOST_CONTEXTS, _MOST_CALLS = 2**18, 2**12  # of the model, whatever the clock says
_GROWTH, _OPTIMISM = 4, 1.5  # of batches, and of the time that they take: less, or one must not wait
_PARTS = 8  # into which what was measured is divided, to see how it varies
_FEW = 3  # parts, at least, in which one sees that
_PIECES = 4  # a processor, of the compiled walk, in one measurement
_LEAST_SHARE = 0.04  # of all positions, for which contexts of another length are measured

clock: Callable[[], float] = time.perf_counter
"""Seconds since some moment."""


class Seconds(NamedTuple):
    """How long something will take, between which bounds."""

    estimate: float
    low: float
    high: float
    startup: float
    """What the first call took longer than others. It is over in this process, and not in the estimate."""

    def times(self, factor: float) -> Seconds:
        """For so many times the work."""
        return Seconds(self.estimate * factor, self.low * factor, self.high * factor, self.startup)

    def plus(self, other: Seconds) -> Seconds:
        """For one thing after the other."""
        return Seconds(*(mine + others for mine, others in zip(self, other, strict=True)))


class _Timed(NamedTuple):
    """Something that was done, and what it took."""

    start: int  # the first state
    contexts: int
    positions: int
    seconds: float


class _Meter:
    """Times blocks of strategies as long as there is time for it."""

    def __init__(self, rule: Decoding | None, *, positions: int) -> None:
        self._rule = rule
        self._positions = positions  # all that there are to do
        self._began = clock()
        self._contexts = self._calls = 0

    def timed(self, blocks: Iterator[Block], *, first: int = 0) -> Iterator[_Timed]:
        """Each block, when it is taken; decoded from some state on."""
        while True:
            before = clock()
            block = next(blocks, None)
            if block is None:
                return
            if self._rule is not None and block.start >= first:
                self._rule.underflows(block.logits, self._rule.apply(block.logits))
            self._contexts += len(block.logits) if block.calls else 0
            self._calls += block.calls
            yield _Timed(block.start, len(block.logits), block.token_positions, clock() - before)

    def begin(self) -> None:
        """What was done until now was a beginning, and the time for measuring begins here."""
        self._began = clock()

    def is_enough(self, found: list[_Timed], coming: float) -> bool:
        """Whether to stop rather than to wait so many seconds for more."""
        to_do = self._positions * _rate(found) if found else float("inf")
        most = min(_LONGEST, max(_SHORTEST, _SHARE * to_do))
        is_over = clock() - self._began + coming > most
        return is_over or self._contexts >= _MOST_CONTEXTS or self._calls >= _MOST_CALLS

    def is_too_slow(self, call: _Timed, rate: float, coming: float) -> bool:
        """Whether batches should not grow any more, if a position takes so long, and the next call that."""
        most = min(_GROWING, max(_LONGEST, _SHARE_GROWING * self._positions * rate))
        return call.seconds > _SHORTEST and clock() - self._began + coming > most


def measured_seconds(
    model: LanguageModel, states: StateSpace, strategy: str, *, batch_size: int, rule: Decoding | None
) -> Seconds:
    """What an enumeration will take from now on, estimated from a part that is done and thrown away.

    It takes half a second; less where there is little to do; longer where three small calls of the model do.

    Parameters
    ----------
    model : LanguageModel
        Is asked about a bounded number of contexts.
    states : StateSpace
        n states of V tokens.
    strategy : "fused", "prefix", "batched" or "loop"
        The one that would be used.
    batch_size : int
        Contexts a call.
    rule : Decoding, or None
        What every block is decoded by.

    Raises
    ------
    ModelError
        As in the enumeration itself.
    """
    V, K = states.vocab_size, states.context_length
    full = StateSpace(vocab_size=V, context_length=K)
    positions = token_positions(model, states, strategy)
    meter = _Meter(rule, positions=positions)
    if strategy == "fused":
        return _of_walk(meter, model, full).times(positions)
    if strategy == "prefix" and hasattr(model, "session"):
        return _of_sessions(meter, model, states, batch_size).times(positions)
    if strategy == "prefix":
        rows = passes.rows_a_call(batch_size, V, K)
        return _of_batches(meter, lambda m: prefix(model, full, m), min(rows, full.n_states)).times(positions)
    return _of_lengths(meter, model, states, 1 if strategy == "loop" else batch_size)


def _of_lengths(meter: _Meter, model: LanguageModel, states: StateSpace, batch_size: int) -> Seconds:
    """Contexts of length K, and shorter ones where they are many and there is time; others are as the next longer."""
    total = a_position = Seconds(0.0, 0.0, 0.0, 0.0)
    for length in range(states.context_length, states.shortest - 1, -1):
        space = StateSpace(vocab_size=states.vocab_size, context_length=length)
        rows = min(batch_size, space.n_states)

        def blocks(m: int, space: StateSpace = space) -> Iterator[Block]:
            for number in _scattered(-(-space.n_states // m)):
                stop = min((number + 1) * m, space.n_states)
                yield one_batch(model, space, space.context_length, number * m, stop)

        is_large = space.n_tokens >= _LEAST_SHARE * states.n_tokens
        if length == states.context_length:
            a_position = _of_batches(meter, blocks, rows)
            total = Seconds(0.0, 0.0, 0.0, a_position.startup)
            a_position = a_position._replace(startup=0.0)
        elif is_large and not meter.is_enough([], 2 * a_position.estimate * rows * length):
            few = meter.timed(blocks(rows))
            a_position = _spread([found for found, _ in zip(few, range(2), strict=False)])
        total = total.plus(a_position.times(space.n_tokens))
    return total


def _of_batches(meter: _Meter, blocks: Callable[[int], Iterator[Block]], rows: int) -> Seconds:
    """A token position in batches of so many rows; ``blocks(m)`` yields those of m."""
    warm_up = next(meter.timed(blocks(1)))
    meter.begin()
    grown: list[_Timed] = []
    size = 1
    while size < rows:
        if len(grown) >= 2:
            whole = _extrapolated(grown, rows)
            if whole.estimate * rows <= 2 * grown[-1].seconds / _positions_a_row(grown[-1]):
                break  # a call takes as long for many contexts as for few
            if meter.is_too_slow(grown[-1], whole.estimate, _OPTIMISM * grown[-1].seconds):
                return whole._replace(startup=_longer(warm_up, grown))
        grown.append(next(meter.timed(blocks(size))))
        size *= _GROWTH
    found = []
    meter.begin()
    for batch in meter.timed(blocks(rows)):
        found.append(batch)
        if meter.is_enough(found, batch.seconds):
            break
    return _spread(found[1:] if len(found) > 2 else found)._replace(startup=_longer(warm_up, grown or found))


def _of_sessions(meter: _Meter, model: LanguageModel, states: StateSpace, batch_size: int) -> Seconds:
    """A token position of the walk, level by level from the root; what comes after the first of length K counts."""
    V, K = states.vocab_size, states.context_length
    every = StateSpace(vocab_size=V, context_length=K, lengths="all")
    most = trie.rows_a_call(batch_size, V)
    growing: list[_Timed] = []
    steady: list[_Timed] = []
    is_steady = False
    for call in meter.timed(prefix(model, every, batch_size), first=every.offset(states.shortest)):
        if not growing:
            meter.begin()
        (steady if is_steady else growing).append(call)
        is_steady = is_steady or call.start >= every.offset(K)
        grows = not is_steady and call.contexts * V <= most
        if len(growing) > 2 and meter.is_enough(steady or growing[1:], call.seconds * (V if grows else 1)):
            break
    warm_up, *rest = growing
    if len(steady) >= 3:
        return _spread(steady)._replace(startup=_longer(warm_up, rest))
    if len(rest) >= 2 and rest[-1].contexts > rest[-2].contexts and not steady:
        return _extrapolated(rest, most)._replace(startup=_longer(warm_up, rest))
    return _spread(rest + steady or growing)._replace(startup=_longer(warm_up, rest))


def _of_walk(meter: _Meter, model: LanguageModel, full: StateSpace) -> Seconds:
    """A token position of the compiled walk: all processors at work for a while, again and again."""

    def part(n_pieces: int) -> _Timed:
        before = clock()
        done = list(meter.timed(fused_part(model, full, n_pieces)))
        return _Timed(0, sum(b.contexts for b in done), sum(b.positions for b in done), clock() - before)

    warm_up = part(1)
    meter.begin()
    found = [part(_PIECES)]
    while not meter.is_enough(found, found[-1].seconds):
        found.append(part(_PIECES))
    return _spread(found)._replace(startup=max(0.0, warm_up.seconds - _rate(found) * warm_up.positions))


def _scattered(n: int) -> Iterator[int]:
    """The numbers 0 .. n - 1, neighbours far apart: what comes first in a space may be quicker than the rest."""
    step, number = max(1, round(n * 0.618)), 0
    while gcd(step, n) > 1:
        step += 1
    for _ in range(n):
        yield number
        number = (number + step) % n


def _rate(found: list[_Timed]) -> float:
    return sum(timed.seconds for timed in found) / sum(timed.positions for timed in found)


def _positions_a_row(timed: _Timed) -> float:
    return timed.positions / timed.contexts


def _spread(found: list[_Timed]) -> Seconds:
    """A token position: on average, and in the fastest and slowest part of what was measured."""
    size = -(-len(found) // _PARTS)
    rates = [_rate(found[i : i + size]) for i in range(0, len(found), size)]
    factor = NOISE if len(rates) >= _FEW else NOISE**2
    return Seconds(_rate(found), min(rates) / factor, max(rates) * factor, 0.0)


def _extrapolated(grown: list[_Timed], rows: int) -> Seconds:
    """A token position in batches of so many rows, from the two largest: a call costs something, and so does each row.

    At most, larger batches do not help any more.
    """
    small, large = grown[-2:]
    at_most = large.seconds / large.contexts
    a_row = min(max((large.seconds - small.seconds) / (large.contexts - small.contexts), 0.0), at_most)
    a_call = large.seconds - a_row * large.contexts
    estimate = a_row + a_call / rows
    positions = _positions_a_row(large)
    low, high = estimate / NOISE**2, max(at_most, estimate) * NOISE**2
    return Seconds(estimate / positions, low / positions, high / positions, 0.0)


def _longer(warm_up: _Timed, others: list[_Timed]) -> float:
    """What the first call took longer than the next."""
    return max(0.0, warm_up.seconds - others[0].seconds) if others else 0.0
