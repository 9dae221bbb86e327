"""Which nucleus tells a right sampler from a wrong one best?"""

from __future__ import annotations

from typing import Any

import numpy as np

from markovgpt.decoding import Decoding
from markovgpt.testing.causes.mistakes import wrong_rules
from markovgpt.testing.judging import hangs_on_rounding
from markovgpt.testing.samples.references import Reference
from markovgpt.testing.subject import Subject

__all__ = ["telling_top_p"]

_TOP_PS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)


def telling_top_p(subject: Subject, wrong: str, **options: Any) -> float:
    """The ``top_p`` at which the laws of a known wrong rule are farthest from the right ones, on average over contexts.

    Both are exact, so nothing is left to luck: whether filters in another order differ at all hangs on ``top_p``.
    ``wrong`` is one of :func:`markovgpt.testing.wrong_rules` under ``options``.
    """
    logs = Reference(subject.source).logs(subject.contexts(subject.K).tokens)  # (m, V)
    best, farthest = _TOP_PS[len(_TOP_PS) // 2], 0.0
    for top_p in _TOP_PS:
        decoding = Decoding(top_p=top_p, **options)
        clear = ~hangs_on_rounding(logs, decoding, allowed=subject.allowed(logs))
        gaps = abs(decoding.apply(logs) - wrong_rules(decoding, subject.V)[wrong](logs)).sum(axis=1) / 2
        distance = float(np.mean(gaps * clear))
        if distance > farthest:
            best, farthest = top_p, distance
    return best
