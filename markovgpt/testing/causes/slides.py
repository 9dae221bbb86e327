"""Does a sampler go wrong when the window slides, or before? Drawn again from prompts that leave room in the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from markovgpt.errors import ArgumentError, ModelError
from markovgpt.testing.causes.steps import apart, rejected_rows
from markovgpt.testing.contexts import contexts_of_length
from markovgpt.testing.samples.draws import different_rows
from markovgpt.testing.samples.references import Reference

__all__ = ["Again", "Slide", "slide_of"]

Integers = NDArray[np.int64]
Table = NDArray[np.float64]

Again = Callable[[Integers, int], Integers]
"""From prompts ``(m, length)`` and a number of tokens to the prompts with those drawn after them."""

_ROOM = 3  # tokens that fit into the window after the prompt
_PAST = 2  # tokens drawn after it slid


class Slide(NamedTuple):
    """What draws after short prompts have shown.

    Attributes
    ----------
    sliding : bool
        They are right until the window slides, and wrong afterwards; otherwise wrong before.
    said : str
        The same in words, with numbers.
    """

    sliding: bool
    said: str


def slide_of(reference: Reference, again: Again, *, n: int, seed: int, alpha: float) -> Slide | None:
    """Whether a sampler whose first tokens are right goes wrong as the window slides; None if that cannot be told.

    Prompts of K - 3 tokens, at least one, leave room for tokens that are drawn before the window slides. Those are
    judged by themselves, and those after it, both against the exact laws after as many tokens.

    Parameters
    ----------
    reference : Reference
        Of a model, which can be asked about contexts of all lengths.
    again : callable
        Whatever it raises is taken for "no".
    n, seed
        Prompts, and which.
    alpha : float
        Of each judgement.
    """
    V, K = reference.vocab_size, reference.context_length
    length = max(1, K - _ROOM)
    contexts = contexts_of_length(V, length, seed=seed)
    if K == 1 or V == 1 or not contexts.exhaustive:
        return None
    prompts = contexts.tokens[np.arange(n) % len(contexts)]
    where = f"after prompts of {length} token{'s' if length > 1 else ''}"
    try:
        drawn = again(prompts, K - length + 1 + _PAST)
    except Exception:
        return None
    try:
        for end in range(length, K + 1):  # the window has not slid
            if rejected_rows(*_counted(reference, [drawn[:, : end + 1]])[0], alpha=alpha) is None:
                continue
            said = f"{where}, token {end - length + 1} is drawn wrongly already, while the text fits into K={K} tokens"
            return None if end == length else Slide(False, said)
        (full, laws), (slid, _) = _counted(
            reference,
            [drawn[:, : K + 1]],
            [drawn[:, first : first + K + 1] for first in range(1, drawn.shape[1] - K)],
        )
    except (ArgumentError, ModelError):  # there are no laws after so few tokens
        return None
    wrong = rejected_rows(slid, laws, alpha)
    pair = None if wrong is None else apart(full, slid, laws, wrong)
    if pair is None:
        return None
    return Slide(
        True,
        f"{where}, tokens are drawn rightly while the text fits into K={K} tokens ({pair[0]}), and wrongly once the "
        f"window slides ({pair[1]})",
    )


def _counted(reference: Reference, *samples: list[Integers]) -> list[tuple[Integers, Table]]:
    """What was drawn last in the rows of each list, all of one length: counts by context, and laws, ``(c, V)``."""
    V = reference.vocab_size
    whole = np.concatenate([rows for sample in samples for rows in sample])
    contexts, places = different_rows(whole[:, :-1], V)
    laws, cells, begin = reference.laws(contexts), places * V + whole[:, -1], 0
    found = []
    for sample in samples:
        end = begin + sum(map(len, sample))
        counts = np.bincount(cells[begin:end], minlength=len(contexts) * V).reshape(len(contexts), V)
        found.append((counts.astype(np.int64), laws))
        begin = end
    return found
