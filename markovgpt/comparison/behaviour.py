"""What does a chain do in the long run, in a few numbers that two chains can be compared by?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from markovgpt.analysis import GreedyLoops, StationaryDistribution, greedy_loops, stationary_distributions
from markovgpt.analysis.mixing import MixingTime, mixing_time
from markovgpt.analysis.orders import conditional_entropies, effective_order
from markovgpt.chain import MarkovChain
from markovgpt.model import Progress

__all__ = ["LongRunBehaviour", "long_run_behaviour"]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class LongRunBehaviour:
    """A chain with one recurrent class, in the long run.

    Attributes
    ----------
    stationary : StationaryDistribution
    conditional_entropies : (K + 1,) float64, bits per token
        Entropy of the next token given the last 0, 1, ..., K tokens; the last is the entropy rate.
    effective_order : int
        How many of the last tokens tell all but 0.01 bits of what K of them tell about the next.
    mixing : MixingTime
        Steps until the start is forgotten.
    loops : GreedyLoops
        Where greedy decoding goes round.
    """

    stationary: StationaryDistribution
    conditional_entropies: NDArray[np.float64]
    effective_order: int
    mixing: MixingTime
    loops: GreedyLoops

    def __post_init__(self) -> None:
        self.conditional_entropies.setflags(write=False)

    @property
    def entropy_rate(self) -> float:
        """Bits per token."""
        return float(self.conditional_entropies[-1])


def long_run_behaviour(
    chain: MarkovChain, *, stationary: StationaryDistribution | None = None, progress: Progress | None = None
) -> LongRunBehaviour | None:
    """Entropies, effective order, mixing time and greedy loops of a chain; None if it has several recurrent classes.

    Parameters
    ----------
    chain : MarkovChain
        n states.
    stationary : StationaryDistribution, optional
        Of this chain, if it is known already.
    progress : callable, optional
        Told what is done, how far it is, and how far it goes.

    Raises
    ------
    NotComputedError
        As for :func:`markovgpt.stationary_distribution`.

    Examples
    --------
    >>> import markovgpt as mg
    >>> found = long_run_behaviour(mg.chain_from_table([[0.5, 0.5], [1.0, 0.0]]))
    >>> round(found.entropy_rate, 6), found.effective_order, found.mixing.lower
    (0.666667, 1, 2)
    """
    if stationary is None:
        laws = stationary_distributions(chain, progress=progress)
        if len(laws) != 1:
            return None
        stationary = laws[0]
    return LongRunBehaviour(
        stationary=stationary,
        conditional_entropies=conditional_entropies(chain, stationary),
        effective_order=effective_order(chain, stationary),
        mixing=mixing_time(chain, stationary),
        loops=greedy_loops(chain, progress=progress),
    )
