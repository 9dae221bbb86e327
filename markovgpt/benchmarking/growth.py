"""How do seconds grow with the context, and what would longer contexts take? Extrapolated, with a range."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import nnls

from markovgpt.benchmarking.spread import Spread
from markovgpt.errors import ArgumentError

__all__ = ["Growth", "Line", "Work", "fit_line", "growth_of"]

Floats = NDArray[np.float64]


class Work(NamedTuple):
    """What a strategy does at one size; what it cannot be known of is None."""

    states: int
    positions: int
    flops: int | None


class Line(NamedTuple):
    """``seconds = start + rate * x``, neither below 0."""

    start: float
    rate: float
    residual: float
    """Root of the mean squared relative deviation; 0 where one or two points leave nothing to deviate."""

    def at(self, x: float) -> float:
        """Seconds."""
        return self.start + self.rate * x


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Growth:
    """A law that was fitted to one strategy, and what it says about each K from the first that was measured on.

    Attributes
    ----------
    vocab_size, strategy : int, str
        Of the cases.
    quantity : "states", "token positions" or "FLOPs"
        What the seconds grow with: of the three, what leaves the smallest residual.
    line : Line
        The law.
    measured : tuple of int
        Context lengths it was fitted to.
    context_lengths : tuple of int
        Those that it is asked about; the others than ``measured`` are extrapolated, or lie between.
    seconds, low, high : tuple of float
        What it says about each, and the range of all laws that could be fitted instead: to each of the three
        quantities, to the quartiles in place of the median, and with any one size left out.
    """

    vocab_size: int
    strategy: str
    quantity: str
    line: Line
    measured: tuple[int, ...]
    context_lengths: tuple[int, ...]
    seconds: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


def fit_line(x: ArrayLike, seconds: ArrayLike) -> Line:
    """The line that is nearest to some points, all distances relative to the seconds; start and rate at least 0.

    Parameters
    ----------
    x : (m,) numbers
        Work. One point alone gives a line without a start.
    seconds : (m,) numbers
        Above 0.

    Raises
    ------
    ArgumentError
        No points, not as many of the one as of the other, or seconds that are not above 0.

    Examples
    --------
    >>> line = fit_line([100, 1000, 10_000], [3.0, 12.0, 102.0])
    >>> round(line.start, 9), round(line.rate, 9), round(line.residual, 9)
    (2.0, 0.01, 0.0)
    """
    x, seconds = np.asarray(x, dtype=np.float64), np.asarray(seconds, dtype=np.float64)
    if not (x.shape == seconds.shape == (len(np.atleast_1d(x)),) and len(x) and (seconds > 0).all()):
        raise ArgumentError(f"A law of growth needs work and seconds above 0, as many of each: got {x} and {seconds}.")
    unit = x.max()  # both columns about as large: work may be 1e12
    columns = np.stack([np.ones_like(x) * (len(x) > 1), x / unit], axis=1) / seconds[:, None]  # (m, 2)
    (start, rate), distance = nnls(columns, np.ones(len(x)))
    return Line(float(start), float(rate / unit), float(distance / np.sqrt(len(x))) if len(x) > 2 else 0.0)


def growth_of(
    vocab_size: int,
    strategy: str,
    *,
    measured: Sequence[tuple[int, Spread]],
    work: Callable[[int], Work],
    longest: int,
) -> Growth:
    """The law of one strategy.

    Parameters
    ----------
    vocab_size, strategy : int, str
        Of the cases.
    measured : sequence of (K, Spread of seconds)
        At least two, ascending.
    work : (K) -> Work
        What the strategy does with contexts of this length.
    longest : int
        The law is asked about every K from the first that was measured to this one.

    Raises
    ------
    ArgumentError
        Fewer than two sizes.
    """
    if len(measured) < 2:
        raise ArgumentError(f"A law of growth needs two sizes or more: got {len(measured)}.", n=len(measured))
    lengths = [K for K, _ in measured]
    asked = tuple(range(lengths[0], max(longest, lengths[-1]) + 1))
    quantities = _quantities([work(K) for K in asked])
    places = [K - lengths[0] for K in lengths]
    medians = np.array([spread.median for _, spread in measured])  # (m,)
    fits = {name: fit_line(x[places], medians) for name, x in quantities.items()}
    best = min(fits, key=lambda name: fits[name].residual)  # of equals the first
    others = [
        line.start + line.rate * x
        for x in quantities.values()
        for line in _alternatives(x[places], [spread for _, spread in measured])
    ]
    chosen = fits[best].start + fits[best].rate * quantities[best]  # (asked,)
    every = np.array([chosen, *others])  # (laws, asked)
    return Growth(
        vocab_size=vocab_size,
        strategy=strategy,
        quantity=best,
        line=fits[best],
        measured=tuple(lengths),
        context_lengths=asked,
        seconds=tuple(chosen.tolist()),
        low=tuple(every.min(axis=0).tolist()),
        high=tuple(every.max(axis=0).tolist()),
    )


def _quantities(works: Sequence[Work]) -> dict[str, Floats]:
    """What seconds may grow with, ``(asked,)`` each; token positions stand first."""
    found = {
        "token positions": np.array([float(w.positions) for w in works]),
        "states": np.array([float(w.states) for w in works]),
    }
    flops = [float(w.flops) for w in works if w.flops is not None]
    return found | ({"FLOPs": np.array(flops)} if len(flops) == len(works) else {})


def _alternatives(x: Floats, spreads: Sequence[Spread]) -> list[Line]:
    """Lines through medians and quartiles, through all sizes and through all but one."""
    lines = []
    for statistic in ("lower", "median", "upper"):
        seconds = np.array([getattr(spread, statistic) for spread in spreads])
        lines.append(fit_line(x, seconds))
        lines += [fit_line(np.delete(x, i), np.delete(seconds, i)) for i in range(len(x))]
    return lines
