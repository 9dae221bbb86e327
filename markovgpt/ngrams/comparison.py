"""How far is the model's law from the frequencies in the data, state by state and in total?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from markovgpt.chain import MarkovChain
from markovgpt.errors import ArgumentError, DataError
from markovgpt.ngrams.counts import NgramCounts

__all__ = ["DataComparison", "compare_to_counts"]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class DataComparison:
    """The model against the data, on the states that the data visit.

    Attributes
    ----------
    states : (m,) int64
        The states that were seen in the data, ascending.
    total_variation : (m,) float64
        Half the L1 distance between frequencies and model, 0..1.
    kl_divergence : (m,) float64, bits
        KL(data || model); infinite where the model excludes a token that occurred.
    cross_entropy : float, bits per token
        Average surprise of the model at the data, over contexts of full length.
    conditional_entropy : float, bits per token
        The least that any law of the same context can reach on these data: the cross-entropy of the frequencies.
    """

    states: NDArray[np.int64]
    total_variation: NDArray[np.float64]
    kl_divergence: NDArray[np.float64]
    cross_entropy: float
    conditional_entropy: float


def compare_to_counts(chain: MarkovChain, counts: NgramCounts) -> DataComparison:
    """Compare every seen row with its frequencies.

    Raises
    ------
    ArgumentError
        Chain and counts are over different state spaces.
    DataError
        No context of full length was seen.
    """
    if chain.states != counts.states:
        raise ArgumentError(f"Chain and counts must be over the same states: got {chain.states} and {counts.states}.")
    seen = counts.seen_states  # (m,)
    full = seen >= chain.states.offset(chain.states.context_length)  # (m,) contexts of length K
    if not full.any():
        raise DataError(f"No context of {chain.states.context_length} tokens occurs in the data.")
    data, model = counts.frequencies, chain.probabilities[seen]  # (m, V)
    occurred = data > 0  # (m, V)
    surprise = np.zeros_like(model)  # (m, V) bits, of the tokens that occurred
    with np.errstate(divide="ignore"):
        surprise[occurred] = -np.log2(model[occurred])
    own = np.zeros_like(data)
    own[occurred] = -np.log2(data[occurred])
    cross, entropy = (data * surprise).sum(axis=1), (data * own).sum(axis=1)  # (m,)
    weights = counts.totals[seen][full] / counts.totals[seen][full].sum()  # (m',)
    return DataComparison(
        states=seen,
        total_variation=abs(data - model).sum(axis=1) / 2,
        kl_divergence=np.maximum(cross - entropy, 0.0),
        cross_entropy=float(weights @ cross[full]),
        conditional_entropy=float(weights @ entropy[full]),
    )
