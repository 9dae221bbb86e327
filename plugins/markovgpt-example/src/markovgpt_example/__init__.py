"""What is the smallest model worth looking at? One that copies its oldest token, and sometimes slips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from markovgpt import ArgumentError
from numpy.typing import NDArray

__all__ = ["NoisyCopy", "noisy_copy"]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NoisyCopy:
    """The next token is the oldest in the context; with probability ``noise`` it is any token, uniformly.

    Without noise the chain is a permutation of the V^K contexts, and its recurrent classes are the necklaces of K beads
    in V colours. With noise it is irreducible, and every context is equally likely in the long run.
    """

    noise: float
    vocab_size: int
    context_length: int

    def next_logits(self, contexts: NDArray[np.int64]) -> NDArray[np.float64]:
        """Log-probabilities of the next token: ``(batch, length) -> (batch, V)``."""
        law = np.full((len(contexts), self.vocab_size), self.noise / self.vocab_size)  # (batch, V)
        law[np.arange(len(contexts)), contexts[:, -self.context_length :][:, 0]] += 1 - self.noise
        with np.errstate(divide="ignore"):  # log 0 = -inf is how a model says "impossible"
            return np.log(law)  # type: ignore[no-any-return]  # numpy types np.log as Any


def noisy_copy(*, noise: float = 0.1, vocab_size: int = 2, context_length: int = 3) -> NoisyCopy:
    """The model, from options that a user can type: ``-M noise=0.1``.

    Parameters
    ----------
    noise : float from 0 to 1
        Probability that the next token is drawn anew instead of copied.
    vocab_size, context_length : int >= 1
        V and K.

    Raises
    ------
    ArgumentError
        ``noise`` is no probability. (V and K are checked by markovgpt, as for every model.)

    Examples
    --------
    >>> import markovgpt as mg
    >>> chain = mg.build_chain(noisy_copy(noise=0.1))
    >>> chain.row("011").round(12)
    array([0.95, 0.05])
    >>> mg.stationary_distribution(chain).probabilities.round(12)
    array([0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125])
    """
    if not (0 <= noise <= 1):
        raise ArgumentError(f"noise is a probability, from 0 to 1: got {noise}.", noise=noise)
    return NoisyCopy(noise=noise, vocab_size=vocab_size, context_length=context_length)
