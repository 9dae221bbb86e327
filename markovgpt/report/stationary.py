"""Where does a chain spend its time, in each recurrent class, and in which of them does it end? With proofs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from markovgpt.analysis import (
    Absorption,
    CommunicatingClasses,
    StationaryDistribution,
    communicating_classes,
    entropy_rates,
    stationary_distributions,
)
from markovgpt.chain import MarkovChain
from markovgpt.interrupts import interrupts_noted
from markovgpt.model import LanguageModel, Progress
from markovgpt.report.absorption import Start, begins_from, default_begins, ends_from
from markovgpt.sparse_chain import SparseChain

__all__ = ["StationaryReport", "stationary_report"]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class StationaryReport:
    """The stationary distributions of a chain, and the ways into them.

    Attributes
    ----------
    chain : MarkovChain or SparseChain
    classes : CommunicatingClasses
    stationary : tuple of StationaryDistribution
        One a recurrent class; after Ctrl-C those that were found, the last as far as it was.
    entropy_rates : tuple of float, bits per token
        One a stationary distribution.
    starts : tuple of str
        Names of the starts that were asked for, or of the one by default; none by default for one recurrent class.
    ends : tuple of (str, Absorption)
        For each start its name and the probabilities of ending in each recurrent class; after Ctrl-C for the first
        of them, or none.
    tolerance : float
        L1 error that was to be proven.
    seconds : float
        Wall time of all distributions.
    interrupted : bool
        Stopped by Ctrl-C: what was known then.
    """

    chain: MarkovChain | SparseChain
    classes: CommunicatingClasses
    stationary: tuple[StationaryDistribution, ...]
    entropy_rates: tuple[float, ...]
    starts: tuple[str, ...]
    ends: tuple[tuple[str, Absorption], ...]
    tolerance: float
    seconds: float
    interrupted: bool = False

    @property
    def certified(self) -> bool:
        """Whether there is a distribution of every recurrent class, proven to within 1e-6."""
        complete = len(self.stationary) == int(self.classes.recurrent.sum())
        return complete and all(pi.certified for pi in self.stationary)


def stationary_report(
    chain: MarkovChain | SparseChain,
    starts: Sequence[Start] = (),
    *,
    model: LanguageModel | None = None,
    tolerance: float = 1e-8,
    extended: bool = False,
    progress: Progress | None = None,
) -> StationaryReport:
    """Stationary distributions, and absorption into their classes: what ``markovgpt stationary`` shows.

    Parameters
    ----------
    chain : MarkovChain or SparseChain
        n states.
    starts : states (indices), contexts (labels or tokens, empty for a text not begun), or "uniform"
        Where the chain begins, for the probabilities of its ends. By default the start of the walk of a reachable
        chain, and the uniform law for any other.
    model : LanguageModel, optional
        Of which the chain is; needed for starts that are shorter than the states of the chain.
    tolerance, extended, progress
        As for :func:`markovgpt.stationary_distribution`. After Ctrl-C the report has what was found, from the first
        distribution on.

    Raises
    ------
    ArgumentError
        A start is none, or the tolerance is not above 0.
    NotComputedError
        As for :func:`markovgpt.stationary_distribution`.

    Examples
    --------
    >>> import markovgpt as mg
    >>> found = stationary_report(mg.chain_from_table([[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1]]), ["1"])
    >>> [pi.probabilities.tolist() for pi in found.stationary]
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    >>> found.ends[0][1].probabilities.tolist()
    [0.5, 0.5]
    """
    begins = begins_from(chain, starts, model=model)  # refuses what is none before anything is solved
    classes = communicating_classes(chain, progress=progress)
    begins = begins or default_begins(chain, classes)
    began = time.perf_counter()
    stationary = stationary_distributions(
        chain, tolerance=tolerance, extended=extended, classes=classes, progress=progress
    )
    seconds = time.perf_counter() - began
    with interrupts_noted() as noted:
        rates = entropy_rates(chain, stationary)
    incomplete = len(stationary) < int(classes.recurrent.sum()) or stationary[-1].interrupted
    interrupted = incomplete or bool(noted)
    ends: list[tuple[str, Absorption]] = []
    if not interrupted:
        try:
            for end in ends_from(chain, begins, classes, progress=progress):
                ends.append(end)
        except KeyboardInterrupt:
            interrupted = True
    return StationaryReport(
        chain=chain,
        classes=classes,
        stationary=stationary,
        entropy_rates=rates,
        starts=tuple(name for name, _ in begins),
        ends=tuple(ends),
        tolerance=tolerance,
        seconds=seconds,
        interrupted=interrupted,
    )
