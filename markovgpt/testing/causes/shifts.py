"""Which other tokens may a model have looked at: a window of another length, an older position, another row?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

__all__ = ["ROWS", "Look", "LookAcross", "other_rows", "prompts_of", "windows_of"]

Integers = NDArray[np.int64]

Look = Callable[[Integers, int], Integers]
"""From texts ``(m, length)``, whose first so many tokens are the prompt, to what was looked at, ``(m, other)``."""

LookAcross = Callable[[Integers, Integers], Integers]
"""From windows ``(m, K)`` and those of other rows, ``(m, K)``, to what was looked at, ``(m, K)``."""


def windows_of(context_length: int) -> Mapping[str, Look]:
    """Wrong windows by what is wrong, for a context of K tokens.

    A window that is right as long as a text is short gives the right one there.

    >>> import numpy as np
    >>> for wrong, look in list(windows_of(3).items())[:2]:
    ...     print(wrong, look(np.array([[1, 2, 3, 4, 5]]), 3).tolist())
    the window is one token too short: 2 in place of K=3 [[4, 5]]
    the window is one token too long: 4 in place of K=3 [[2, 3, 4, 5]]
    """
    K = context_length
    looks: dict[str, Look] = {}
    if K > 1:
        looks[f"the window is one token too short: {K - 1} in place of K={K}"] = lambda texts, _: texts[:, -(K - 1) :]
    looks[f"the window is one token too long: {K + 1} in place of K={K}"] = lambda texts, _: texts[:, -(K + 1) :]
    looks["nothing is dropped: tokens older than the last K still count"] = lambda texts, _: texts
    looks["the first K tokens of the text are kept, and newer ones are lost"] = lambda texts, prompt: (
        texts[:, :K] if texts.shape[1] > prompt else texts[:, -K:]
    )
    looks["one position behind: the newest token is not seen"] = lambda texts, _: (
        texts[:, :-1][:, -K:] if texts.shape[1] > 1 else texts
    )
    if K > 1:
        looks["only the newest token is seen: nothing is kept of those before it"] = lambda texts, _: texts[:, -1:]
        looks["the newest token is fed twice"] = lambda texts, _: np.column_stack([texts, texts[:, -1]])[:, -K:]
    return looks


def prompts_of(context_length: int) -> Mapping[str, Look]:
    """Wrong ways to go on from a prompt, by what is wrong, for a context of K tokens."""
    K = context_length
    looks: dict[str, Look] = {
        "the prompt is cut at the wrong end: its first K tokens are kept, not its last": lambda texts, prompt: (
            np.concatenate([texts[:, :prompt][:, :K], texts[:, prompt:]], axis=1)[:, -K:]
        ),
        "tokens that were drawn are not seen: every step has the law after the prompt": lambda texts, prompt: texts[
            :, :prompt
        ][:, -K:],
    }
    if K > 1:
        looks["the last token of the prompt is fed twice"] = lambda texts, prompt: np.column_stack(
            [texts[:, :prompt], texts[:, prompt - 1 :]]
        )[:, -K:]
    return looks


def other_rows(calls: Integers) -> Mapping[str, Integers]:
    """Rows that a row may be taken for, ``(m,)`` each, by which they are: within the calls, ``(m,)`` ascending."""
    m = len(calls)
    begin = np.searchsorted(calls, calls, side="left")
    end = np.searchsorted(calls, calls, side="right")
    row = np.arange(m)
    return {
        "the row after it": np.where(row + 1 < end, row + 1, begin),
        "the row before it": np.where(row > begin, row - 1, end - 1),
        "the first row": begin,
    }


ROWS: Mapping[str, LookAcross] = {
    "a row is drawn from the law of {row} in its batch": lambda _, other: other,
    "the newest token is read from {row} in the batch": lambda own, other: np.column_stack([own[:, :-1], other[:, -1]]),
    "all tokens but the newest are read from {row} in the batch": lambda own, other: np.column_stack(
        [other[:, :-1], own[:, -1]]
    ),
    "the oldest token is read from {row} in the batch": lambda own, other: np.column_stack([other[:, 0], own[:, 1:]]),
}
"""How rows are mixed, by what is wrong."""
