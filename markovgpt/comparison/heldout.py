"""How well does a model predict new data, where its training data had something to say and where they had nothing?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from markovgpt.chain import MarkovChain
from markovgpt.comparison.laws import check_same_tokens, laws_of, probabilities_of_entries
from markovgpt.errors import ArgumentError, DataError
from markovgpt.model import LanguageModel, Progress
from markovgpt.ngrams import Baseline, NgramCounts, NgramModel, baselines
from markovgpt.sparse_chain import SparseChain

__all__ = ["HeldOutComparison", "HeldOutPart", "compare_to_heldout"]

Floats = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOutPart:
    """Some of the held-out tokens.

    Attributes
    ----------
    n_tokens : int
    share : float
        Of all held-out tokens that were compared, 0 to 1.
    model_bits, baseline_bits : float, bits per token
        Average surprise of the model and of the best n-gram model; 0 where there is no token.
    """

    n_tokens: int
    share: float
    model_bits: float
    baseline_bits: float

    @property
    def excess(self) -> float:
        """What the model loses to the n-gram model, bits per token; negative where it is better.

        0 where there is no token, and where both exclude one that occurs.
        """
        return 0.0 if self.model_bits == self.baseline_bits else self.model_bits - self.baseline_bits


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class HeldOutComparison:
    """A model and n-gram models of its training data, on other data.

    Attributes
    ----------
    everything : HeldOutPart
    seen, unseen : HeldOutPart
        The tokens after contexts of K tokens that the training data have, and after those that they lack.
    best : Baseline
        The n-gram model that does best on the held-out data.
    baselines : tuple of Baseline
        All that were tried.
    n_left_out : int
        Tokens after contexts that a walk did not meet.
    """

    everything: HeldOutPart
    seen: HeldOutPart
    unseen: HeldOutPart
    best: Baseline
    baselines: tuple[Baseline, ...]
    n_left_out: int


def compare_to_heldout(
    source: MarkovChain | SparseChain | LanguageModel,
    training: NgramCounts,
    heldout: NgramCounts,
    *,
    tried: tuple[Baseline, ...] = (),
    progress: Progress | None = None,
) -> HeldOutComparison:
    """Compare a model with n-gram models of the training data, on data that neither has seen.

    Parameters
    ----------
    source : MarkovChain, SparseChain or LanguageModel
        V tokens, context of K.
    training, heldout : NgramCounts
        Of V tokens, after contexts of K or more: what the n-gram models are counted from, and what all are judged by.
    tried : tuple of Baseline, optional
        The n-gram models, of orders 0 to K and judged by ``heldout`` already (:func:`markovgpt.baselines`); by default
        those of every order and smoothing.
    progress : callable, optional
        Called as ``progress("comparing with the data", done, total)``.

    Raises
    ------
    ArgumentError
        Model and counts are over different tokens, the model looks at more tokens than were counted, or an n-gram model
        looks at more of them than the model, or was not judged by held-out data.
    DataError
        No context of K tokens that the chain has occurs in the held-out data.

    Examples
    --------
    >>> import markovgpt as mg
    >>> counts = [mg.count_ngrams(data, vocab_size=2, context_length=1) for data in ([0, 0, 1, 0, 0], [0, 0, 1, 1])]
    >>> found = compare_to_heldout(mg.chain_from_table([[0.5, 0.5], [0.5, 0.5]]), *counts)
    >>> found.everything.model_bits, found.unseen.n_tokens
    (1.0, 0)
    """
    laws = laws_of(source)
    for counts in (training, heldout):
        check_same_tokens(laws, counts)
    K = laws.context_length
    everything = heldout.suffixes(K)
    states = laws.find(K, everything.contexts)
    table = everything.only(np.flatnonzero(states >= 0))
    if not len(table):
        raise DataError("No context of the chain occurs in the held-out data: there is nothing to compare.")
    tried = tried or baselines(training, heldout, orders=range(K + 1))
    best = min(tried, key=lambda row: _judged(row, K))
    model = NgramModel(training, order=best.order, smoothing=best.smoothing)
    contexts = table.contexts[table.row_of][:, None] // laws.vocab_size ** np.arange(K - 1, -1, -1) % laws.vocab_size
    with np.errstate(divide="ignore"):
        bits = -np.log2(probabilities_of_entries(laws, states[states >= 0], table, progress=progress))  # (e,)
        others = -np.log2(model.probabilities_of(contexts, table.tokens))  # (e,)
    known = (training.suffixes(K).find(table.contexts) >= 0)[table.row_of]  # (e,)
    weights = table.counts.astype(np.float64)
    return HeldOutComparison(
        everything=_part(weights, bits, others, weights.sum()),
        seen=_part(weights * known, bits, others, weights.sum()),
        unseen=_part(weights * ~known, bits, others, weights.sum()),
        best=best,
        baselines=tried,
        n_left_out=everything.n_counted - table.n_counted,
    )


def _judged(row: Baseline, context_length: int) -> float:
    if row.heldout_bits is None or row.order > context_length:
        raise ArgumentError(
            f"The best of n-gram models of orders 0 to {context_length} that were judged by held-out data is sought: "
            f"got order {row.order}, bits {row.heldout_bits}. Give what baselines(training, heldout) returns."
        )
    return row.heldout_bits


def _part(weights: Floats, bits: Floats, others: Floats, total: float) -> HeldOutPart:
    n, kept = weights.sum(), weights > 0
    if n == 0:
        return HeldOutPart(n_tokens=0, share=0.0, model_bits=0.0, baseline_bits=0.0)
    shares = weights[kept] / n
    return HeldOutPart(
        n_tokens=int(n),
        share=float(n / total),
        model_bits=float(shares @ bits[kept]),
        baseline_bits=float(shares @ others[kept]),
    )
