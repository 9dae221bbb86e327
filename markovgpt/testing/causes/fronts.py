"""What stands in front of a prompt that is shorter than the context, where nothing should?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from markovgpt.testing.causes.steps import rejected_rows
from markovgpt.testing.samples.draws import different_rows
from markovgpt.testing.samples.references import Reference

__all__ = ["said_of_front"]

Integers = NDArray[np.int64]
Table = NDArray[np.float64]

_MOST_TOKENS = 64  # that are tried in front


def said_of_front(reference: Reference, drawn: Integers, alpha: float) -> str:
    """What explains draws after prompts of one token, ``(m, 1 + n)``, that were rejected; n is below K.

    A token that is put in front, once or until the window is full, is named if its laws explain all draws, and those
    of no other token do. Otherwise: whether the first draw is wrong already, or those after it alone.
    """
    tables = list(_counted(drawn, reference.vocab_size))

    def explained(front: Callable[[Integers], Integers]) -> bool:
        return all(rejected_rows(counts, reference.laws(front(contexts)), alpha) is None for contexts, counts in tables)

    V, K = reference.vocab_size, reference.context_length
    for padded, said in ((True, "short prompts are padded on the left with {0}, which counts: mask it"),
                         (False, "{0} is put in front of the prompt, as a beginning of text: leave it out, or make it "
                                 "part of the law")):  # fmt: skip
        found = [token for token in range(min(V, _MOST_TOKENS)) if explained(_front(token, K, padded=padded))]
        if len(found) == 1:
            return said.format(repr(reference.vocabulary.names[found[0]]))
    first_contexts, first_counts = tables[0]
    if rejected_rows(first_counts, reference.laws(first_contexts), alpha) is not None:
        return "a short prompt is not taken for what it is: padding, positions, or a token in front of it"
    return (
        "the first token after the prompt is right and those after it are not, before the window is full: the "
        "key-value cache, or the position of the new token"
    )


def _front(token: int, K: int, *, padded: bool) -> Callable[[Integers], Integers]:
    def put(contexts: Integers) -> Integers:
        m, length = contexts.shape
        front = np.full((m, K - length if padded else 1), token, dtype=np.int64)
        return np.concatenate([front, contexts], axis=1)

    return put


def _counted(drawn: Integers, vocab_size: int) -> Iterator[tuple[Integers, Integers]]:
    """The contexts of every length, and how often each token came after them, ``(c, length), (c, V)``."""
    for length in range(1, drawn.shape[1]):
        contexts, places = different_rows(drawn[:, :length], vocab_size)
        counts = np.zeros((len(contexts), vocab_size), dtype=np.int64)
        np.add.at(counts, (places, drawn[:, length]), 1)
        yield contexts, counts
