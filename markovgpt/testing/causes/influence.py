"""What does an answer hang on that it should not: which other rows of the batch, which older tokens?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from markovgpt.errors import ModelError
from markovgpt.testing.subject import Subject

__all__ = ["said_of_older", "said_of_rows"]

Integers = NDArray[np.int64]

_ROWS = 8  # of a batch in which each is replaced in turn
_HISTORIES = 256
_MOST_OLDER = 64  # tokens, each of which is replaced in turn

_MIXED = (
    "rows are mixed: time before batch, a wrong reshape, attention or statistics (also the scale of dynamic "
    "quantisation) over the batch"
)


def said_of_rows(subject: Subject) -> str:
    """What mixes rows, by which of them change when one is replaced."""
    tokens = subject.contexts(subject.K).tokens
    order = np.random.default_rng(subject.seed).permutation(len(tokens))[:_ROWS]
    rows = tokens[order]
    m = len(rows)
    whole, hangs = subject.ask(rows), np.zeros((m, m), dtype=np.bool_)  # row i on row j
    for j in range(m):
        changed = rows.copy()
        changed[j] = (changed[j] + 1) % subject.V
        answer = subject.ask(changed)
        if answer.shape != whole.shape:
            return _MIXED
        hangs[:, j] = ~((answer == whole) | (np.isnan(answer) & np.isnan(whole))).all(axis=1)
    np.fill_diagonal(hangs, False)
    row, other = np.nonzero(hangs)
    if m < 4 or len(row) < m // 2:
        return _MIXED
    if (other == 0).all():
        return "every row hangs on the first of the batch: a tensor is broadcast, or an index forgets the row"
    for shift, which in ((1, "after"), (-1, "before")):
        if ((other - row) % m == shift % m).all():
            return f"every row hangs on the one {which} it: a roll, a shift or a reshape along the batch"
    if (other < row).all():
        return "every row hangs on those before it: the batch is read as time (time before batch, batch_first=False)"
    return (
        "rows hang on many others: statistics or attention over the batch (also the scale of dynamic quantisation), or "
        "a wrong reshape"
    )


def said_of_older(subject: Subject) -> str:
    """How far back a model looks that looks beyond K, by which older tokens change its law."""
    K, last = subject.K, subject.contexts(subject.K).tokens[:_HISTORIES]
    older = min(K + 1, _MOST_OLDER)
    rng = np.random.default_rng(subject.seed)
    histories = np.concatenate([rng.integers(0, subject.V, (len(last), older)), last], axis=1)
    matters = []
    try:
        whole = subject.ask(histories)
        for back in range(1, older + 1):
            changed = histories.copy()
            changed[:, older - back] = (changed[:, older - back] + 1) % subject.V
            if subject.gaps(subject.ask(changed), whole).differs.any():
                matters.append(back)
    except ModelError:
        return "the window is not cropped to K, or is cropped to another number"
    if not matters:
        return (
            "which older tokens there are changes nothing, how many there are does: positions are counted from the "
            "start of the text, not of the window"
        )
    reach = K + max(matters)
    if max(matters) == older:
        return f"the window is not cropped: tokens {reach} back still matter, the oldest that was tried"
    if reach == K + 1:
        return f"the window is one token too long: {reach} in place of K={K}"
    layers, left = divmod(reach - 1, max(K - 1, 1))
    said = f"the law hangs on the last {reach} tokens, not on K={K}"
    if not left and K > 1:
        return f"{said}: {layers} layers of a sliding window of {K} reach {layers} ({K} - 1) + 1 tokens"
    return f"{said}: the window is cropped to another number"
