"""What of a comparison goes into its picture: of a model with data, and of a model in training?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from markovgpt.chain import MarkovChain
from markovgpt.comparison import DataComparison, LearningCurve, compare_to_data
from markovgpt.comparison.laws import Laws, laws_of
from markovgpt.plots.contexts import ContextExcess
from markovgpt.plots.curves import Panel, plot_curves
from markovgpt.plots.orders import BitsByOrder
from markovgpt.plots.page import page
from markovgpt.plots.panels import arrows_panel, bits_panel, long_run_panels, missing_panel
from markovgpt.plots.plot import Plot
from markovgpt.plots.transitions import Transitions
from markovgpt.vocabulary import Vocabulary

if TYPE_CHECKING:
    from markovgpt.model import LanguageModel
    from markovgpt.ngrams import CountTable, NgramCounts
    from markovgpt.sparse_chain import SparseChain

__all__ = ["plot_comparison", "plot_learning"]

_CELLS = 2**21  # transitions that are drawn at most: those of the most frequent contexts
_UNSEEN_CELLS = 2**19
_WORST = 12
_ARROWS = 8


def plot_comparison(
    source: MarkovChain | SparseChain | LanguageModel,
    counts: NgramCounts,
    *,
    vocabulary: Vocabulary,
    comparison: DataComparison | None = None,
    title: str = "",
) -> Plot:
    """A page: every transition of the data, the bits by order, the contexts that cost most.

    Parameters
    ----------
    source, counts
        As for :func:`markovgpt.compare_to_data`, and so are the errors.
    vocabulary : Vocabulary
        Names of the tokens.
    comparison : DataComparison, optional
        Of the two, if it is known already.
    title : str
        Stands above.

    Examples
    --------
    >>> import markovgpt as mg
    >>> model = mg.load_model("babygpt")
    >>> counts = mg.count_ngrams(model.training_tokens, vocab_size=2, context_length=3)
    >>> plot_comparison(mg.build_chain(model), counts, vocabulary=model.vocabulary).svg()[:5]
    b'<?xml'
    """
    found = compare_to_data(source, counts, correction=None) if comparison is None else comparison
    worst = found.worst[:_WORST]
    contexts = ContextExcess(
        names=tuple(vocabulary.label(found.context(place)) for place in worst.tolist()),
        excess=found.excess_bits[worst],
        counts=found.counts[worst].astype(np.float64),
    )
    by_order = BitsByOrder(told=found.told, missing=found.missing)
    table = counts.suffixes(found.context_length)
    return page(_transitions(source, table, found, vocabulary), by_order, contexts=contexts, title=title)


def plot_learning(curve: LearningCurve, *, title: str = "") -> Plot:
    """Learning curves: bits, what is missing at each order, the long run, and the most frequent arrows.

    Bits are left out where they are infinite at some step, and the long run where it is not known at some.
    """
    steps, panels = curve.numbers, list[Panel]()
    bits = np.array([step.comparison.cross_entropy for step in curve.steps])
    if np.isfinite(bits).all():
        entropies = curve.steps[0].comparison.data_entropies
        panels += [bits_panel(bits, entropies), missing_panel(np.maximum(curve.missing, 0.0))]
    else:
        title = f"{title} (bits are infinite: a token that occurs was excluded)".strip()
    rates = [step.entropy_rate for step in curve.steps if step.entropy_rate is not None]
    masses = [step.unseen_mass for step in curve.steps if step.unseen_mass is not None]
    if len(rates) == len(masses) == len(steps):
        panels += long_run_panels(rates, masses)
    shown = np.argsort(-curve.counts, kind="stable")[:_ARROWS]
    names = [_arrow(curve, place) for place in shown.tolist()]
    panels.append(arrows_panel(names, curve.probabilities[:, shown], curve.shares[shown].tolist()))
    return plot_curves(steps, panels, title=title)


def _transitions(
    source: MarkovChain | SparseChain | LanguageModel, table: CountTable, found: DataComparison, vocabulary: Vocabulary
) -> Transitions:
    """Those of the most frequent contexts, and of some contexts that were never seen."""
    laws, K, V = laws_of(source), found.context_length, found.vocab_size
    full = np.flatnonzero(found.lengths == K)
    shown = np.sort(full[np.argsort(-found.counts[full], kind="stable")][: max(1, _CELLS // V)])
    rows = table.rows(table.find(found.contexts[shown]))  # (m, V)
    unseen = _unseen_states(source, table, V)
    few = (len(shown) + len(unseen)) * V <= 24  # only these are named
    return Transitions(
        share=rows / rows.sum(axis=1, keepdims=True),
        probability=_capped(laws, found.states[shown], V),
        counts=found.counts[shown].astype(np.float64),
        unseen=_capped(laws, unseen, V),
        contexts=tuple(vocabulary.label(found.context(place)) for place in shown.tolist()) if few else (),
        unseen_contexts=tuple(source.label(state) for state in unseen.tolist())
        if few and isinstance(source, MarkovChain)
        else (),
        tokens=vocabulary.names if few else (),
    )


def _unseen_states(
    source: MarkovChain | SparseChain | LanguageModel, table: CountTable, vocab_size: int
) -> NDArray[np.int64]:
    """States of K tokens that were never seen, evenly spread over all of them if they are many."""
    if not isinstance(source, MarkovChain):
        return np.zeros(0, dtype=np.int64)
    first = source.states.offset(source.context_length)
    unseen = np.flatnonzero(~table.seen(source.n_states - first)) + first
    step = -(-len(unseen) * vocab_size // _UNSEEN_CELLS)
    return unseen[:: max(step, 1)]


def _capped(laws: Laws, states: NDArray[np.int64], vocab_size: int) -> NDArray[np.float64]:
    """Rows of some states; rounding must not lead above 1."""
    rows: NDArray[np.float64] = np.minimum(laws.rows(states)[:, :vocab_size], 1.0)
    return rows


def _arrow(curve: LearningCurve, place: int) -> str:
    context, token = curve.arrows[place].tolist()
    V, K = len(curve.vocabulary), curve.context_length
    tokens = [context // V**power % V for power in range(K - 1, -1, -1)]
    return f"{curve.vocabulary.label(tokens)}→{curve.vocabulary.names[token]}"
