"""What is known about a model once it has been analysed? The library twin of ``markovgpt analyze``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from markovgpt.analysis import (
    CommunicatingClasses,
    GreedyLoops,
    LengthDistribution,
    StationaryDistribution,
    absorption_lengths,
    communicating_classes,
    entropy_rates,
    greedy_loops,
    stationary_distributions,
)
from markovgpt.chain import MarkovChain
from markovgpt.comparison import DataComparison, compare_to_data
from markovgpt.decoding import Decoding
from markovgpt.enumeration import build_chain
from markovgpt.errors import NotComputedError
from markovgpt.model import LanguageModel, Progress, tokens_of
from markovgpt.ngrams import CountTable, count_ngrams
from markovgpt.sparse_chain import SparseChain
from markovgpt.statespace import Lengths

__all__ = ["Analysis", "analyze", "analyze_chain"]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Analysis:
    """A model, its chain, and the answers to the first questions asked of it.

    Attributes
    ----------
    model : LanguageModel
    chain : MarkovChain or SparseChain
    classes : CommunicatingClasses
    stationary : tuple of StationaryDistribution
        One a recurrent class; empty if they were not computed.
    entropy_rates : tuple of float, bits per token
        One a stationary distribution.
    not_computed : str
        Why there is no stationary distribution; empty if there is.
    loops : GreedyLoops
        Where greedy decoding goes round.
    counts : CountTable, or None
        Of the training data, by the states of the chain; None for a model that has none.
    comparison : DataComparison, or None
        Of the chain and the counts.
    lengths : LengthDistribution, or None
        Of the sequences from the start; None for a chain without an absorbing end, or over all contexts.
    """

    model: LanguageModel
    chain: MarkovChain | SparseChain
    classes: CommunicatingClasses
    stationary: tuple[StationaryDistribution, ...]
    entropy_rates: tuple[float, ...]
    not_computed: str
    loops: GreedyLoops
    counts: CountTable | None
    comparison: DataComparison | None
    lengths: LengthDistribution | None

    @property
    def greedy_ties(self) -> NDArray[np.int64]:
        """States whose likeliest token is not unique, ``(m,)``."""
        return self.loops.ties

    @property
    def only_stationary(self) -> StationaryDistribution | None:
        """The stationary distribution, where there is exactly one."""
        return self.stationary[0] if self.stationary and int(self.classes.recurrent.sum()) == 1 else None


def analyze(
    model: LanguageModel,
    *,
    lengths: Lengths = "full",
    decoding: Decoding | None = None,
    strategy: str = "auto",
    max_states: int | None = None,
    max_memory: float | str | None = None,
    max_time: float | str | None = None,
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> Analysis:
    """Enumerate a model and answer the first questions about its chain.

    The arguments are those of :func:`markovgpt.build_chain`, and so are the errors.

    Examples
    --------
    >>> import markovgpt as mg
    >>> result = mg.analyze(mg.load_model("babygpt", steps=0))
    >>> result.chain.n_states, len(result.classes), result.only_stationary.certified
    (8, 1, True)
    """
    chain = build_chain(
        model,
        lengths=lengths,
        decoding=decoding,
        strategy=strategy,
        max_states=max_states,
        max_memory=max_memory,
        max_time=max_time,
        batch_size=batch_size,
        progress=progress,
    )
    return analyze_chain(model, chain, progress=progress)


def analyze_chain(
    model: LanguageModel, chain: MarkovChain | SparseChain, *, progress: Progress | None = None
) -> Analysis:
    """Answer the first questions about a chain that was built already, by :func:`build_chain` or by a walk.

    Training data are compared where the states are all contexts.
    """
    stationary: tuple[StationaryDistribution, ...] = ()
    not_computed = ""
    try:
        stationary = stationary_distributions(chain, progress=progress)
    except NotComputedError as error:
        not_computed = str(error)
    tokens = tokens_of(model)
    counts = comparison = lengths = None
    if isinstance(chain, SparseChain):
        if chain.special:
            lengths = absorption_lengths(chain, 0, ends=range(len(chain.contexts), chain.n_states))
    elif tokens is not None:
        ngrams = count_ngrams(tokens, vocab_size=chain.vocab_size, context_length=chain.context_length)
        counts = ngrams.on(chain.states)
        comparison = compare_to_data(chain, ngrams, correction=None, progress=progress)
    return Analysis(
        model=model,
        chain=chain,
        classes=communicating_classes(chain, progress=progress),
        stationary=stationary,
        entropy_rates=entropy_rates(chain, stationary),
        not_computed=not_computed,
        loops=greedy_loops(chain, progress=progress),
        counts=counts,
        comparison=comparison,
        lengths=lengths,
    )
