"""How much is lost when a state is re-run over K tokens instead of carried along?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

import numpy as np
from markovgpt import ArgumentError
from numpy.typing import NDArray

from markovgpt_recurrent.model import RecurrentModel

__all__ = ["WindowError", "window_error"]

_BATCH = 1024  # windows


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class WindowError:
    """How far the law of a window is from that of the carried state, over the positions of a text.

    Attributes
    ----------
    context_length : int
        K.
    n : int
        Positions compared: those with at least K tokens up to them.
    mean_tv, max_tv : float
        Total variation between the two next-token laws, 0 to 1. It is a measurement on this text, not a bound.
    """

    context_length: int
    n: int
    mean_tv: float
    max_tv: float


def window_error(
    model: RecurrentModel, text: str, *, context_lengths: Iterable[int] = (1, 2, 4, 8, 16)
) -> tuple[WindowError, ...]:
    """Compare the law after the last K tokens of every prefix of a text with the law after the whole prefix.

    Parameters
    ----------
    model : RecurrentModel
        Its own ``context_length`` plays no part.
    text : str
        n tokens of the model's vocabulary, read from the first on with the state carried along.
    context_lengths : integers from 1 to n
        The K to try.

    Raises
    ------
    ArgumentError
        A K is not within 1..n.
    DataError
        The text has a character that is no token.
    """
    tokens = model.vocabulary.encode(text)  # (n,)
    carried = _law(model.all_logits(tokens[None])[0].numpy())  # (n, V)
    errors = []
    for K in context_lengths:
        if not 1 <= K <= len(tokens):
            raise ArgumentError(
                f"A window must be from 1 to the {len(tokens)} tokens of the text: got {K}.", context_length=K
            )
        windows = np.lib.stride_tricks.sliding_window_view(tokens, K)  # (n - K + 1, K)
        distances = []
        for i in range(0, len(windows), _BATCH):
            rerun = _law(model.all_logits(windows[i : i + _BATCH])[:, -1].numpy())  # (m, V)
            distances.append(abs(rerun - carried[K - 1 + i :][:_BATCH]).sum(axis=1) / 2)
        tv = np.concatenate(distances)  # (n - K + 1,)
        errors.append(WindowError(context_length=K, n=len(tv), mean_tv=float(tv.mean()), max_tv=float(tv.max())))
    return tuple(errors)


def _law(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Softmax in float64, ``(n, V) -> (n, V)``."""
    weights = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    law: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return law
