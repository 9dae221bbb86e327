"""How uncertain is the next token, in a state and in the long run?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from markovgpt.analysis.stationary import StationaryDistribution, check_stationary
from markovgpt.chain import Chain, MarkovChain, check_is_chain
from markovgpt.errors import ArgumentError

__all__ = ["entropy_rate", "entropy_rates", "row_entropies"]

_CELLS = 2**20  # entries of a table that are looked at together


def row_entropies(chain: Chain, *, base: float = 2.0) -> NDArray[np.float64]:
    """Entropy of the next state given each state, ``(n,)``, in bits for base 2; ``0 log 0 = 0``.

    Each token leads to a state of its own, so this is the entropy of the next token.
    """
    if not (base > 1):
        raise ArgumentError(f"The base of a logarithm must be above 1: got {base}.", base=base)
    check_is_chain(chain)
    if isinstance(chain, MarkovChain):
        rows_together = max(1, _CELLS // chain.vocab_size)
        starts = range(0, chain.n_states, rows_together)
        blocks = [_table_entropies(chain.probabilities[i : i + rows_together]) for i in starts]
        return np.concatenate(blocks) / math.log(base)
    matrix = chain.to_scipy()  # (n, n)
    surprise = matrix.data * np.log(matrix.data) / math.log(base)  # (nnz,)
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))  # (nnz,)
    total = np.bincount(rows, weights=surprise, minlength=matrix.shape[0])  # (n,)
    return np.asarray(0.0 - total, dtype=np.float64)  # no minus zero


def _table_entropies(law: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of every row in nats, ``(m, V) -> (m,)``."""
    logs = np.zeros_like(law)
    np.log(law, out=logs, where=law > 0)
    return np.asarray(0.0 - np.einsum("st,st->s", law, logs), dtype=np.float64)


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
    return entropy_rates(chain, [stationary], base=base)[0]


def entropy_rates(
    chain: Chain, stationary: Sequence[StationaryDistribution], *, base: float = 2.0
) -> tuple[float, ...]:
    """The same for each of several distributions: the rows are gone through once."""
    for pi in stationary:
        check_stationary(chain, pi)
    entropies = row_entropies(chain, base=base)  # (n,)
    return tuple(float(pi.probabilities @ entropies) for pi in stationary)
