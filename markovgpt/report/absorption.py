"""From which starts is it asked where a chain ends, and where does it end from each?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from markovgpt.analysis import Absorption, CommunicatingClasses, absorption_probabilities
from markovgpt.chain import MarkovChain
from markovgpt.enumeration import start_distribution
from markovgpt.model import LanguageModel, Progress
from markovgpt.sparse_chain import SparseChain

__all__ = ["Begin", "Start", "begins_from", "default_begins", "ends_from"]

Start = int | str | Sequence[int]
"""Number of a state; a context, as a label or as tokens, empty for a text not begun; ``"uniform"``."""

Begin = tuple[str, NDArray[np.float64]]
"""Name of a start, and its law ``(n,)``."""


def begins_from(
    chain: MarkovChain | SparseChain, starts: Sequence[Start], *, model: LanguageModel | None = None
) -> list[Begin]:
    """The starts that were asked for; refuses one that is none, as :func:`markovgpt.start_distribution` does."""
    return [(_name(chain, start), start_distribution(model, chain, start)) for start in starts]


def default_begins(chain: MarkovChain | SparseChain, classes: CommunicatingClasses) -> list[Begin]:
    """Where none was asked for: the start of the walk of a reachable chain, every state alike of any other.

    None where there is one recurrent class, in which the chain ends whatever the start.
    """
    if int(classes.recurrent.sum()) == 1:
        return []
    return begins_from(chain, [0 if isinstance(chain, SparseChain) else "uniform"])


def ends_from(
    chain: MarkovChain | SparseChain,
    begins: Sequence[Begin],
    classes: CommunicatingClasses,
    *,
    progress: Progress | None = None,
) -> Iterator[tuple[str, Absorption]]:
    """For each start, when it is asked for, its name and the probabilities of ending in each recurrent class."""
    for name, law in begins:
        yield name, absorption_probabilities(chain, law, classes=classes, progress=progress)


def _name(chain: MarkovChain | SparseChain, start: Start) -> str:
    if isinstance(start, int | np.integer):
        return chain.label(int(start))
    return start if isinstance(start, str) else chain.vocabulary.label(start)
