"""How does a chain hang together: its classes, the loops of greedy decoding, and where it ends?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from markovgpt.analysis import (
    Absorption,
    CommunicatingClasses,
    GreedyLoops,
    communicating_classes,
    greedy_loops,
)
from markovgpt.chain import MarkovChain
from markovgpt.model import LanguageModel, Progress
from markovgpt.report.absorption import Start, begins_from, default_begins, ends_from
from markovgpt.sparse_chain import SparseChain

__all__ = ["ChainStructure", "chain_structure"]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ChainStructure:
    """The graph of a chain, and what its likeliest arrows do.

    Attributes
    ----------
    chain : MarkovChain or SparseChain
    classes : CommunicatingClasses
    loops : GreedyLoops
    absorption : tuple of (str, Absorption)
        For each start its name and the probabilities of ending in each recurrent class; empty if there is only one and
        no start was asked for.
    """

    chain: MarkovChain | SparseChain
    classes: CommunicatingClasses
    loops: GreedyLoops
    absorption: tuple[tuple[str, Absorption], ...]


def chain_structure(
    chain: MarkovChain | SparseChain,
    starts: Sequence[Start] = (),
    *,
    model: LanguageModel | None = None,
    progress: Progress | None = None,
) -> ChainStructure:
    """Classes, greedy loops, and absorption: what ``markovgpt structure`` shows.

    Parameters
    ----------
    chain : MarkovChain or SparseChain
        n states.
    starts : states (indices), contexts (labels or tokens, empty for a text not begun), or "uniform"
        Where the chain begins, for the probabilities of its ends. By default the start of the walk of a reachable
        chain, and the uniform law for any other.
    model : LanguageModel, optional
        Of which the chain is; needed for starts that are shorter than the states of the chain.
    progress : callable, optional
        Told what is done, how far it is, and how far it goes.

    Raises
    ------
    ArgumentError
        A start is none.

    Examples
    --------
    >>> import markovgpt as mg
    >>> found = chain_structure(mg.chain_from_table([[0.9, 0.1], [0.4, 0.6]]))
    >>> len(found.classes), [loop.text for loop in found.loops]
    (1, ['0', '1'])
    """
    begins = begins_from(chain, starts, model=model)  # refuses what is none before anything is searched
    classes = communicating_classes(chain, progress=progress)
    loops = greedy_loops(chain, progress=progress)
    ends = ends_from(chain, begins or default_begins(chain, classes), classes, progress=progress)
    return ChainStructure(chain=chain, classes=classes, loops=loops, absorption=tuple(ends))
