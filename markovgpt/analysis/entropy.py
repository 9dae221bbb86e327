"""How uncertain is the next token, in a state and in the long run?"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from markovgpt.analysis.stationary import StationaryDistribution
from markovgpt.chain import Chain
from markovgpt.errors import ArgumentError

__all__ = ["entropy_rate", "row_entropies"]


def row_entropies(chain: Chain, *, base: float = 2.0) -> NDArray[np.float64]:
    """Entropy of the next state given each state, ``(n,)``, in bits for base 2; ``0 log 0 = 0``.

    Each token leads to a state of its own, so this is the entropy of the next token.
    """
    if not (base > 1):
        raise ArgumentError(f"The base of a logarithm must be above 1: got {base}.", base=base)
    matrix = chain.to_scipy()  # (n, n)
    surprise = matrix.data * np.log(matrix.data) / math.log(base)  # (nnz,)
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))  # (nnz,)
    total = np.bincount(rows, weights=surprise, minlength=matrix.shape[0])  # (n,)
    return np.asarray(0.0 - total, dtype=np.float64)  # no minus zero


def entropy_rate(chain: Chain, stationary: StationaryDistribution, *, base: float = 2.0) -> float:
    """Entropy rate of a stationary chain: the average surprise per token.

    ``H = - sum_i pi_i sum_t p_it log p_it`` with ``0 log 0 = 0``.

    Parameters
    ----------
    chain : MarkovChain or another chain
        n states.
    stationary : StationaryDistribution
        Of this chain; ``(n,)`` probabilities.
    base : float
        Base of the logarithm, greater than 1: 2 for bits, e for nats.

    Returns
    -------
    float, bits (or nats) per token
        0 for a deterministic chain, ``log(V) / log(base)`` for uniform rows. ``2**rate`` is the perplexity.

    Raises
    ------
    ArgumentError
        ``base`` is not greater than 1, or the distribution belongs to a chain of another size.

    Source
    ------
    Cover & Thomas, Elements of Information Theory, 2nd ed., section 4.2.

    Examples
    --------
    >>> from markovgpt import chain_from_table, stationary_distribution
    >>> golden_mean = chain_from_table([[0.5, 0.5], [1.0, 0.0]])  # never two 1s in a row
    >>> round(entropy_rate(golden_mean, stationary_distribution(golden_mean)), 12)
    0.666666666667
    """
    pi = stationary.probabilities
    if pi.shape != (chain.n_states,):
        raise ArgumentError(f"The chain has {chain.n_states} states, the distribution {len(pi)}.")
    return float(pi @ row_entropies(chain, base=base))
