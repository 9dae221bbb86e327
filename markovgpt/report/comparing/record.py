"""What is known once a model has been held against its data? The library twin of ``markovgpt compare``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from markovgpt.analysis import stationary_distributions
from markovgpt.chain import MarkovChain
from markovgpt.comparison import (
    DataComparison,
    HeldOutComparison,
    LongRunBehaviour,
    LongRunComparison,
    UnseenComparison,
    UnseenState,
    compare_to_data,
    compare_to_heldout,
    explain_unseen,
    long_run_behaviour,
    long_run_comparison,
    unseen_states,
)
from markovgpt.comparison.correction import Correction
from markovgpt.enumeration import build_chain
from markovgpt.errors import NotComputedError
from markovgpt.model import LanguageModel, Progress, model_name
from markovgpt.ngrams import Baseline, NgramCounts, NgramModel, baselines
from markovgpt.sparse_chain import SparseChain

__all__ = ["DataReport", "data_report"]

_EXPLAINED = 8  # unseen states, one by one


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class DataReport:
    """A model against the data, from single contexts to the long run.

    Attributes
    ----------
    name : str
        Of the model.
    chain : MarkovChain, SparseChain or None
        None where it has too many states to be enumerated.
    counts : NgramCounts
        Of the data.
    source : str
        What to call the data: "its training data", or a file.
    trained_on : bool
        Whether the model was trained on them.
    comparison : DataComparison
    baselines : tuple of Baseline
        N-gram models of the data, of every order and smoothing.
    heldout : HeldOutComparison, or None
        Where there are data that the model was not trained on.
    heldout_gaps : int
        Tokens that were left out of these, because they are unknown.
    own, data : LongRunBehaviour, or None
        The long run of the model, and of the n-gram chain of the data; None where there are several recurrent classes,
        or too many states.
    long_run : LongRunComparison, or None
        Of both.
    not_computed : str
        Why there is nothing about the long run; empty if there is.
    unseen : UnseenComparison, or None
        Which simpler law the model follows where it never saw data; None where every context was seen, or the states
        are not all contexts.
    explained : tuple of UnseenState
        The unseen contexts that the chain visits most, one by one.
    """

    name: str
    chain: MarkovChain | SparseChain | None
    counts: NgramCounts
    source: str
    trained_on: bool
    comparison: DataComparison
    baselines: tuple[Baseline, ...]
    heldout: HeldOutComparison | None
    heldout_gaps: int
    own: LongRunBehaviour | None
    data: LongRunBehaviour | None
    long_run: LongRunComparison | None
    not_computed: str
    unseen: UnseenComparison | None
    explained: tuple[UnseenState, ...]


def data_report(
    model: LanguageModel,
    counts: NgramCounts,
    *,
    chain: MarkovChain | SparseChain | None = None,
    heldout: NgramCounts | None = None,
    source: str = "the data",
    trained_on: bool = False,
    rare: int = 5,
    correction: Correction = "holm",
    seed: int = 0,
    not_computed: str = "",
    progress: Progress | None = None,
) -> DataReport:
    """Hold a model against data: what ``markovgpt compare`` shows.

    Parameters
    ----------
    model : LanguageModel
        V tokens, context of K.
    counts : NgramCounts
        Of the data, after contexts of up to K tokens or more.
    chain : MarkovChain or SparseChain, optional
        Of the model. Without it the model is asked about the contexts in the data only, and nothing is said of the long
        run, for the reason ``not_computed``.
    heldout : NgramCounts, optional
        Of data that the model was not trained on.
    source : str
        What to call the data.
    trained_on : bool
        Whether the model was trained on them.
    not_computed : str
        Why there is no chain.
    rare, correction, seed
        As for :func:`markovgpt.compare_to_data`.
    progress : callable, optional
        Told what is done, how far it is, and how far it goes.

    Raises
    ------
    ArgumentError
        Model and counts are over different tokens, or the model looks at more tokens than were counted.
    DataError
        No context of K tokens that the chain has occurs in the data.

    Examples
    --------
    >>> import markovgpt as mg
    >>> model = mg.load_model("babygpt")
    >>> counts = mg.count_ngrams(model.training_tokens, vocab_size=2, context_length=3)
    >>> found = data_report(model, counts, chain=mg.build_chain(model))
    >>> round(found.comparison.excess, 4), found.unseen.best.name
    (0.1737, 'unigram')
    """
    law = model if chain is None else chain
    comparison = compare_to_data(law, counts, rare=rare, correction=correction, seed=seed, progress=progress)
    orders = range(model.context_length + 1)
    tried = baselines(counts, heldout, orders=orders)
    own = data = long_run = unseen = None
    explained: tuple[UnseenState, ...] = ()
    if isinstance(chain, MarkovChain):
        own, not_computed = _behaviour(chain, progress)
        data = _behaviour_of_data(counts, chain, progress)
        stationary = None if own is None else own.stationary
        if stationary is not None:
            long_run = long_run_comparison(chain, stationary, counts, progress=progress)
        if comparison.n_seen < comparison.n_contexts:
            unseen = unseen_states(chain, counts, stationary=stationary, progress=progress)
            explained = _explained(chain, counts, unseen, own)
    elif chain is not None:
        not_computed = "Only a part of the contexts was walked: nothing is said of the long run of all of them."
    return DataReport(
        name=model_name(model),
        chain=chain,
        counts=counts,
        source=source,
        trained_on=trained_on,
        comparison=comparison,
        baselines=tried,
        heldout=None if heldout is None else compare_to_heldout(law, counts, heldout, tried=tried, progress=progress),
        heldout_gaps=0 if heldout is None else heldout.n_gaps,
        own=own,
        data=data,
        long_run=long_run,
        not_computed=not_computed,
        unseen=unseen,
        explained=explained,
    )


def _behaviour(chain: MarkovChain, progress: Progress | None) -> tuple[LongRunBehaviour | None, str]:
    """The long run of a chain, or why there is none."""
    try:
        laws = stationary_distributions(chain, progress=progress)
    except NotComputedError as error:
        return None, str(error)
    if len(laws) != 1:
        return None, (
            f"The chain has {len(laws):,} recurrent classes, so that there is no single long run. "
            "markovgpt stationary shows each."
        )
    return long_run_behaviour(chain, stationary=laws[0], progress=progress), ""


def _behaviour_of_data(counts: NgramCounts, chain: MarkovChain, progress: Progress | None) -> LongRunBehaviour | None:
    """The long run of the chain that draws each token as it followed in the data."""
    model = NgramModel(counts, order=chain.context_length, vocabulary=chain.vocabulary)
    return _behaviour(build_chain(model, max_states=chain.n_states, progress=progress), progress)[0]


def _explained(
    chain: MarkovChain, counts: NgramCounts, unseen: UnseenComparison, own: LongRunBehaviour | None
) -> tuple[UnseenState, ...]:
    """The unseen states that are visited most; where that is not known, the first."""
    states = unseen.states
    if own is not None:
        states = states[(-own.stationary.probabilities[states]).argsort(kind="stable")]
    return tuple(explain_unseen(chain, counts, state=int(state)) for state in states[:_EXPLAINED])
