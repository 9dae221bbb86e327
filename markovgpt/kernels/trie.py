"""What are the logits of every context of a GPT? A walk of the trie of contexts that computes each prefix once.

The contexts of length K over V tokens are the leaves of a trie, and a causal network computes the same keys and values
for a prefix whatever follows. So V^K contexts need ``V + V^2 + ... + V^K`` positions, not ``K * V^K``.

Many contexts walk together: L beginnings of one length lie side by side and grow by the same tokens, depth first. So
all have their ancestors in the same places, nothing is gathered, every operation works on vectors of contexts, and what
is in use fits in the cache of a processor. Float32, as accurate as a forward pass in it.
"""

from __future__ import annotations

from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.gpt_weights import GPTWeights
from markovgpt.kernels.trie_network import make_network, make_room

__all__ = ["TrieWalk"]

Doubles: TypeAlias = NDArray[np.float64]


@final
class TrieWalk:
    """A network, made ready once, for any number of threads.

    Parameters
    ----------
    weights : GPTWeights
        Finite; what the network will be is fixed now.
    context_length : int
        K, at most the number of positions.
    """

    def __init__(self, weights: GPTWeights, *, context_length: int) -> None:
        self._network = make_network(weights, context_length)

    def logits(self, beginnings: NDArray[np.int64], *, shortest: int, longest: int) -> list[Doubles]:
        """Logits of all contexts that begin with given tokens.

        Parameters
        ----------
        beginnings : (n, first) tokens
            Contexts of one length; 64 are best.
        shortest, longest : int
            Lengths of the contexts that are wanted, ``first <= shortest <= longest <= K``.

        Returns
        -------
        list of (n * V^(l - first), V) float64, for l from shortest to longest
            All continuations of the first beginning in their order, then those of the second.
        """
        from markovgpt.kernels.trie_lanes import WIDTH
        from markovgpt.kernels.trie_steps import walk

        net = self._network
        n, first = beginnings.shape
        L = n + -n % (2 * WIDTH)
        lanes = np.zeros((first, L), dtype=np.int64)  # (first, L)
        lanes[:, :n] = beginnings.T
        sizes = [n * net.V ** (length - first) for length in range(shortest, longest + 1)]
        starts = np.cumsum([0, *sizes]) * net.V
        out = np.empty(starts[-1])
        walk(net, longest, lanes, n, shortest, out, starts, make_room(net, L, WIDTH))
        return [part.reshape(-1, net.V) for part in np.split(out, starts[1:-1])]
