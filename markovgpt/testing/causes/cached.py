"""What does a session condition on, where it does not give the law of the last K tokens?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from markovgpt.enumeration.closeness import law_gaps
from markovgpt.errors import ModelError
from markovgpt.testing.causes.shifts import windows_of

__all__ = ["Fed", "said_of_session"]

Integers = NDArray[np.int64]
Table = NDArray[np.float64]

_FEW = 0.01  # of all contexts

Fed = tuple[Integers, Table, Table]
"""Texts of one length, ``(m, length)``, what a session said after them, and what is right: logits, ``(m, V)`` each."""


def said_of_session(
    fed: Sequence[Fed], ask: Callable[[Integers], Table], feed: Callable[[Integers], Table], context_length: int
) -> str:
    """What a session seems to do, by the laws that it gives.

    Parameters
    ----------
    fed : sequence of (texts, logits of the session, right logits)
        Those in which laws differ.
    ask : callable
        Right logits after contexts of any length.
    feed : callable
        Logits of a new session after all tokens of texts.
    context_length : int
        K.
    """
    K = context_length
    for name, look in windows_of(K).items():
        if all(_same(logits, ask, look(texts, 1)) for texts, logits, _ in fed):
            return name
    differs = np.concatenate([law_gaps(logits, right).differs for _, logits, right in fed])
    if differs.mean() <= _FEW:
        return (
            f"{int(differs.sum())} of {len(differs):,} contexts only are wrong: what is done for these alone, as a "
            "lookup that takes one for another, or a token that is treated apart"
        )
    first = min(texts.shape[1] for texts, _, _ in fed)
    if first <= K:
        return (
            "positions or the mask do not count the tokens that are in the cache already: the law of "
            f"{first} token{'s' if first > 1 else ''} is wrong, while the text fits into K={K}"
        )
    again = "" if first == K + 1 else f" for the {_ordinal(first - K)} time (it is right before)"
    if _hangs_on_older(next(texts for texts, _, _ in fed if texts.shape[1] == first), feed, K):
        return (
            "tokens that left the window still matter: a state that is carried on, or keys that were made with them in "
            f"view; once the window slides{again}, make it anew"
        )
    return (
        f"when the window slides{again}, the keys that stay have the positions of before, or too many or too few are "
        "dropped: make keys and values anew"
    )


def _same(logits: Table, ask: Callable[[Integers], Table], contexts: Integers) -> bool:
    try:
        return not law_gaps(logits, ask(contexts)).differs.any()
    except ModelError:  # it does not take as many tokens
        return False


def _hangs_on_older(texts: Integers, feed: Callable[[Integers], Table], K: int) -> bool:
    """Whether other tokens before the last K change the law."""
    others = texts.copy()
    others[:, :-K] = np.roll(others[:, :-K], 1, axis=0)  # of another text
    try:
        return bool(law_gaps(feed(others), feed(texts)).differs.any())
    except ModelError:
        return False


def _ordinal(n: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(n, f"{n}th")
