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
    absorption_probabilities,
    communicating_classes,
    entropy_rate,
    stationary_distributions,
)
from markovgpt.chain import MarkovChain
from markovgpt.enumeration import start_distribution
from markovgpt.model import LanguageModel, Progress
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
        One a recurrent class; after Ctrl-C those up to the interrupted one.
    entropy_rates : tuple of float, bits per token
        One a stationary distribution.
    ends : tuple of (str, Absorption)
        For each start its name and the probabilities of ending in each recurrent class; empty if there is only one and
        no start was asked for, and after Ctrl-C.
    tolerance : float
        L1 error that was to be proven.
    seconds : float
        Wall time of all distributions.
    """

    chain: MarkovChain | SparseChain
    classes: CommunicatingClasses
    stationary: tuple[StationaryDistribution, ...]
    entropy_rates: tuple[float, ...]
    ends: tuple[tuple[str, Absorption], ...]
    tolerance: float
    seconds: float

    @property
    def certified(self) -> bool:
        """Whether there is a distribution of every recurrent class, proven to within 1e-6."""
        complete = len(self.stationary) == int(self.classes.recurrent.sum())
        return complete and all(pi.certified for pi in self.stationary)

    @property
    def interrupted(self) -> bool:
        """Stopped by Ctrl-C: the last distribution is the best that was known then."""
        return any(pi.interrupted for pi in self.stationary)


def stationary_report(
    chain: MarkovChain | SparseChain,
    starts: Sequence[str | Sequence[int]] = (),
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
    starts : contexts (labels or tokens, empty for a text not begun), or "uniform"
        Where the chain begins, for the probabilities of its ends. By default the start of the walk of a reachable
        chain, and the uniform law for any other.
    model : LanguageModel, optional
        Of which the chain is; needed for starts that are shorter than the states of the chain.
    tolerance, extended, progress
        As for :func:`markovgpt.stationary_distribution`, and so is Ctrl-C.

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
    begins = [(_name(chain, start), start_distribution(model, chain, start)) for start in starts]
    classes = communicating_classes(chain, progress=progress)
    several = int(classes.recurrent.sum()) > 1
    if several and not begins:
        start = chain.context(0) if isinstance(chain, SparseChain) else "uniform"
        begins = [(_name(chain, start), start_distribution(model, chain, start))]
    began = time.perf_counter()
    stationary = stationary_distributions(
        chain, tolerance=tolerance, extended=extended, classes=classes, progress=progress
    )
    seconds = time.perf_counter() - began
    ends = []
    if not stationary[-1].interrupted:
        for name, law in begins:
            ends.append((name, absorption_probabilities(chain, law, classes=classes, progress=progress)))
    return StationaryReport(
        chain=chain,
        classes=classes,
        stationary=stationary,
        entropy_rates=tuple(entropy_rate(chain, pi) for pi in stationary),
        ends=tuple(ends),
        tolerance=tolerance,
        seconds=seconds,
    )


def _name(chain: MarkovChain | SparseChain, start: str | Sequence[int]) -> str:
    return start if isinstance(start, str) else chain.vocabulary.label(start)
