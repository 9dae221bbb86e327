"""Which contexts is a model asked about in a check? All of a length, or a seeded sample where they are many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from markovgpt.statespace import StateSpace

__all__ = ["Contexts", "contexts_of_length", "lengths_asked"]

_MOST = 4096  # contexts of one length that are all asked
_MOST_LOGITS = 2**17  # that one call may return
_SAMPLE = 64  # contexts of one length where they are more
_MOST_TOKENS = 2**14  # of a sample, in one call: 16 contexts of 1,024 tokens
_EVERY_LENGTH_UP_TO = 16


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Contexts:
    """Different contexts of one length.

    Attributes
    ----------
    tokens : (m, length) int64
    exhaustive : bool
        Whether they are all V^length of them.
    """

    tokens: NDArray[np.int64]
    exhaustive: bool

    def __len__(self) -> int:
        return len(self.tokens)

    def describe(self) -> str:
        """``all 27 contexts of length 3 (exhaustive)``, or how many were drawn."""
        m, length = self.tokens.shape
        contexts = f"{m} context{'' if m == 1 else 's'}"
        if self.exhaustive:
            return f"all {contexts} of length {length} (exhaustive)"
        return f"{contexts} of length {length} (a seeded sample, not all)"


def contexts_of_length(vocab_size: int, length: int, *, seed: int = 0) -> Contexts:
    """Contexts of one length: all of them up to 4,096 (and 131,072 logits), otherwise up to 64 drawn from a seed.

    A sample always has the contexts of one token again and again, the first and the last token of the vocabulary.

    >>> contexts_of_length(3, 3).describe()
    'all 27 contexts of length 3 (exhaustive)'
    >>> contexts_of_length(1000, 5).describe()
    '64 contexts of length 5 (a seeded sample, not all)'
    """
    if length * np.log2(vocab_size) <= np.log2(_MOST) and vocab_size ** (length + 1) <= _MOST_LOGITS:
        space = StateSpace(vocab_size=vocab_size, context_length=length)
        return Contexts(tokens=space.contexts(length, 0, vocab_size**length), exhaustive=True)
    m = max(4, min(_SAMPLE, _MOST_TOKENS // length))
    drawn = np.random.default_rng([seed, length]).integers(0, vocab_size, size=(m, length))
    drawn[0], drawn[1] = 0, vocab_size - 1
    return Contexts(tokens=np.unique(drawn, axis=0), exhaustive=False)


def lengths_asked(context_length: int) -> list[int]:
    """Every length from 1 to K up to 16; of longer contexts the powers of two, K - 1 and K.

    >>> lengths_asked(3), lengths_asked(40)
    ([1, 2, 3], [1, 2, 4, 8, 16, 32, 39, 40])
    """
    if context_length <= _EVERY_LENGTH_UP_TO:
        return list(range(1, context_length + 1))
    powers = {2**i for i in range(context_length.bit_length())}
    return sorted({length for length in powers if length < context_length} | {context_length - 1, context_length})
