"""Does a model spend its time where its data do, and does it write what they contain?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from markovgpt.analysis import StationaryDistribution, entropy_rate
from markovgpt.chain import MarkovChain, check_is_chain
from markovgpt.comparison.data_chain import long_run_of_counts
from markovgpt.comparison.laws import check_same_tokens, laws_of, probabilities_of_entries
from markovgpt.comparison.suffixes import tables_of_suffixes
from markovgpt.errors import ReducibleChainError
from markovgpt.model import Progress
from markovgpt.ngrams import NgramCounts

__all__ = ["DataLongRun", "LongRunComparison", "long_run_comparison"]

Floats = NDArray[np.float64]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class DataLongRun:
    """The long run of the chain that draws the next token as it followed in the data.

    Attributes
    ----------
    stationary : (m,) float64
        Its stationary distribution over the contexts that were seen, in the order of ``LongRunComparison.contexts``.
    certified : bool
        Whether an error of at most 1e-6 of it was proven.
    kl_rate : float, bits per token
        ``sum_s pi(s) KL(data_s || model_s)`` over this distribution: by how much the two processes differ for ever,
        infinite where the model excludes what the data do again and again.
    edge_effect : float
        Total variation between it and the share of each context among the counted positions, 0 to 1: what beginning
        and end of the data do to the counts.
    """

    stationary: Floats
    certified: bool
    kl_rate: float
    edge_effect: float

    def __post_init__(self) -> None:
        self.stationary.setflags(write=False)


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class LongRunComparison:
    """What a chain generates for ever, against the data.

    Attributes
    ----------
    certified : bool
        Whether the stationary distribution of the chain is proven to 1e-6.
    unseen_mass : float
        Share of its time that the chain spends in contexts of K tokens that were never seen with a token after them.
    gram_distances : (K + 1,) float64
        Total variation between the grams of 1, 2, ..., K + 1 tokens that the chain generates and those in the data.
    entropy_rate : float, bits per token
        Of the chain: the average surprise of what it generates at itself.
    cross_entropy : float, bits per token
        The average surprise of the chain at the data.
    calibration_gap : float, bits per token
        The first minus the second: above 0 what it generates is more random than it finds the data, below 0 less
        (Braverman et al., Calibration, entropy rates, and memory in language models, 2020); minus infinity where it
        excludes what occurs in the data.
    contexts : (m,) int64, ascending
        The contexts of K tokens that were seen, by number.
    windows : (m,) float64
        Share of each among the counted positions.
    data : DataLongRun, or None
        The long run of the data themselves; None where they have none.
    data_undefined : str
        Why they have none; empty if they have.
    """

    certified: bool
    unseen_mass: float
    gram_distances: Floats
    entropy_rate: float
    cross_entropy: float
    calibration_gap: float
    contexts: NDArray[np.int64]
    windows: Floats
    data: DataLongRun | None
    data_undefined: str

    def __post_init__(self) -> None:
        for array in (self.gram_distances, self.contexts, self.windows):
            array.setflags(write=False)


def long_run_comparison(
    chain: MarkovChain, stationary: StationaryDistribution, counts: NgramCounts, *, progress: Progress | None = None
) -> LongRunComparison:
    """Compare what a chain generates in the long run with counted data.

    Parameters
    ----------
    chain : MarkovChain
        V tokens, context of K.
    stationary : StationaryDistribution
        Of this chain.
    counts : NgramCounts
        Of V tokens, after contexts of up to K or more; compared at the places that have all of them.
    progress : callable, optional
        As for :func:`~markovgpt.stationary_distribution`, for that of the data.

    Raises
    ------
    ArgumentError
        Chain and counts are over different tokens, the chain looks at more of them than were counted, or the
        distribution belongs to a chain of another size.

    Examples
    --------
    >>> import markovgpt as mg
    >>> chain = mg.chain_from_table([[0.5, 0.5], [0.5, 0.5]])
    >>> counts = mg.count_ngrams([0, 1, 0, 1, 0], vocab_size=2, context_length=1)
    >>> found = long_run_comparison(chain, mg.stationary_distribution(chain), counts)
    >>> found.gram_distances.tolist(), found.data.kl_rate
    ([0.0, 0.5], 1.0)
    """
    check_is_chain(chain)
    laws = laws_of(chain)
    check_same_tokens(laws, counts)
    rate = entropy_rate(chain, stationary)
    V, K = chain.vocab_size, chain.context_length
    first = chain.states.offset(K)
    pi = stationary.probabilities[first:]  # (V^K,)
    tables = tables_of_suffixes(counts.suffixes(K), K)
    table = tables[-1]
    model = probabilities_of_entries(laws, table.contexts + first, table, progress=progress)  # (e,)

    distances = np.empty(K + 1)
    for size, shorter in enumerate(tables, start=1):  # grams of ``size`` tokens: the last of them, and what follows
        grams, times = shorter.grams
        if size <= K:
            generated = pi.reshape(-1, V**size).sum(axis=0)[grams]
        else:
            generated = pi[table.contexts][table.row_of] * model
        distances[size - 1] = np.maximum(times / table.n_counted - generated, 0.0).sum()  # unseen grams: what is left

    with np.errstate(divide="ignore"):
        surprises = 0.0 - np.log2(model)  # (e,) bits
    cross_entropy = float((table.counts / table.n_counted * surprises).sum())
    windows = table.totals / table.n_counted  # (m,)
    data, reason = None, ""
    try:
        own = long_run_of_counts(table, context_length=K, progress=progress)
    except ReducibleChainError as error:
        reason = str(error)
    else:
        weights = own.probabilities[table.row_of] * table.frequencies  # (e,)
        visited = weights > 0
        differences = weights[visited] * (np.log2(table.frequencies[visited]) + surprises[visited])
        data = DataLongRun(
            stationary=own.probabilities,
            certified=own.certified,
            kl_rate=float(max(differences.sum(), 0.0)),
            edge_effect=float(abs(own.probabilities - windows).sum() / 2),
        )
    return LongRunComparison(
        certified=stationary.certified,
        unseen_mass=float(pi[~table.seen(len(pi))].sum()),
        gram_distances=np.clip(distances, 0.0, 1.0),
        entropy_rate=rate,
        cross_entropy=cross_entropy,
        calibration_gap=rate - cross_entropy,
        contexts=table.contexts,
        windows=windows,
        data=data,
        data_undefined=reason,
    )
