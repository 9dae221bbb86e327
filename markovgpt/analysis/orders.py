"""How much does the next token depend on the last j tokens, and how many of them are enough?"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from markovgpt.analysis.entropy import entropy_rate
from markovgpt.analysis.stationary import StationaryDistribution, check_stationary
from markovgpt.chain import Chain, MarkovChain
from markovgpt.errors import ArgumentError

__all__ = ["conditional_entropies", "effective_order", "gram_law"]


def gram_law(chain: MarkovChain, stationary: StationaryDistribution, k: int) -> NDArray[np.float64]:
    """The law of k successive tokens in the long run, ``(V**k,)``; the oldest token is the most significant digit.

    Of up to K tokens it is a marginal of the stationary distribution; of K + 1, that times the rows of the chain.

    Raises
    ------
    ArgumentError
        k is not in 1..K + 1, the chain is not one over all contexts, or the distribution belongs to another one.

    Examples
    --------
    >>> from markovgpt import chain_from_table, stationary_distribution
    >>> chain = chain_from_table([[0.9, 0.1], [0.3, 0.7]])  # three quarters of the time in 0
    >>> gram_law(chain, stationary_distribution(chain), 2).round(12)
    array([0.675, 0.075, 0.075, 0.175])
    """
    pi, V = _law_of_contexts(chain, stationary), chain.vocab_size  # (V**K,)
    if k == chain.context_length + 1:
        joint: NDArray[np.float64] = (pi[:, None] * chain.probabilities[-len(pi) :]).ravel()  # (V**(K + 1),)
        return joint
    if not 1 <= k <= chain.context_length:
        raise ArgumentError(f"Laws of 1 to {chain.context_length + 1} tokens are known: got k={k}.", k=k)
    law: NDArray[np.float64] = pi.reshape(-1, V**k).sum(axis=0)  # (V**k,)
    return law


def conditional_entropies(
    chain: MarkovChain, stationary: StationaryDistribution, *, base: float = 2.0
) -> NDArray[np.float64]:
    """Entropy of the next token given the last j tokens, j = 0..K, in the long run: ``(K + 1,)``.

    ``H_j = - sum_u P(u) sum_t P(t | u) log P(t | u)`` over the contexts u of j tokens, ``0 log 0 = 0``. It never rises
    with j but by rounding and by the error of the stationary distribution; the last one is the entropy rate.

    Parameters
    ----------
    chain : MarkovChain
        V tokens, a context of K. Of a chain with shorter states too, these are never met in the long run.
    stationary : StationaryDistribution
        Of this chain, or of one of its recurrent classes.
    base : float
        Base of the logarithm, greater than 1: 2 for bits, e for nats.

    Raises
    ------
    ArgumentError
        The chain is not one over all contexts, the distribution is not its own, or ``base`` is not above 1.

    Source
    ------
    Cover & Thomas, Elements of Information Theory, 2nd ed., section 4.2.

    Examples
    --------
    No two 1s in a row, otherwise fair: two thirds of all tokens are 0, and after a 0 a fair coin is thrown.

    >>> from markovgpt import chain_from_table, stationary_distribution
    >>> golden_mean = chain_from_table([[0.5, 0.5], [1.0, 0.0]])
    >>> conditional_entropies(golden_mean, stationary_distribution(golden_mean)).round(6)
    array([0.918296, 0.666667])
    """
    last = entropy_rate(chain, stationary, base=base)
    laws = (gram_law(chain, stationary, k) for k in range(1, chain.context_length + 1))
    return np.array([*(_next_entropy(law.reshape(-1, chain.vocab_size)) / math.log(base) for law in laws), last])


def effective_order(chain: MarkovChain, stationary: StationaryDistribution, *, tolerance: float = 0.01) -> int:
    """How many of the last tokens say all but ``tolerance`` bits of what K tokens say about the next.

    The least j with ``H_j - H_K <= tolerance`` (:func:`conditional_entropies`): 0 for independent tokens, K where the
    oldest token still matters. Errors as there; a tolerance below 0 is one.

    Examples
    --------
    Tokens that alternate; a context of two is more than is needed.

    >>> from markovgpt import chain_from_table, stationary_distribution
    >>> chain = chain_from_table([[0.1, 0.9], [0.9, 0.1], [0.1, 0.9], [0.9, 0.1]])
    >>> effective_order(chain, stationary_distribution(chain))
    1
    """
    if not (tolerance >= 0):
        raise ArgumentError(f"tolerance is a number of bits, at least 0: got {tolerance!r}.", tolerance=tolerance)
    entropies = conditional_entropies(chain, stationary)  # (K + 1,)
    return int(np.argmax(entropies - entropies[-1] <= tolerance))


def _law_of_contexts(chain: Chain, stationary: StationaryDistribution) -> NDArray[np.float64]:
    """The stationary distribution of the contexts of K tokens, ``(V**K,)``."""
    check_stationary(chain, stationary)
    if not isinstance(chain, MarkovChain):
        raise ArgumentError(
            f"The laws of several tokens are known for chains over all contexts: got a {type(chain).__name__}. "
            "Build the chain with build_chain() or chain_from_table()."
        )
    return stationary.probabilities[-chain.states.sizes[-1] :]


def _next_entropy(joint: NDArray[np.float64]) -> float:
    """Entropy in nats of the column given the row, of a joint law ``(m, V)``: a sum of positive numbers."""
    rows = joint.sum(axis=1, keepdims=True)  # (m, 1)
    share = np.divide(joint, rows, out=np.ones_like(joint), where=joint > 0)  # (m, V)
    return 0.0 - float((joint * np.log(share)).sum())
