"""Do draws after the same last K tokens differ with what stands before these?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import chi2

from markovgpt.testing.causes.evidence import Evidence
from markovgpt.testing.samples.draws import different_rows

__all__ = ["said_of_beginnings"]

_LEVEL = 1e-9
_EXPECTED = 5  # draws of a token on both sides, below which it is left out

_OLDER = (
    "tokens older than the last K change the draws: the prompt is not cropped to its last K tokens, or something is "
    "kept of those before them"
)
_LONGER = (
    "which tokens are older than the last K changes nothing: positions that are counted from the start of the prompt, "
    "or a sampler that is wrong after K tokens as well (generate_default_is_chain)"
)


def said_of_beginnings(evidence: Evidence, others: Sequence[Evidence]) -> str:
    """What is likely of a sampler that is wrong after prompts longer than K: whether it hangs on the older tokens.

    Draws after one beginning are held against those after another one, state by state.
    """
    if not others:
        return ""
    V, other = evidence.vocab_size, others[0]
    windows = np.concatenate([evidence.contexts[evidence.places], other.contexts[other.places]])
    _, states = different_rows(windows, V)
    tokens = np.concatenate([evidence.tokens, other.tokens])
    side = np.arange(len(tokens)) >= len(evidence)
    n = int(states.max()) + 1
    counts = np.bincount((states * V + tokens) * 2 + side, minlength=n * V * 2).reshape(n, V, 2)
    totals = counts.sum(axis=1, keepdims=True)  # (n, 1, 2)
    expected = counts.sum(axis=2, keepdims=True) * totals / np.maximum(totals.sum(axis=2, keepdims=True), 1)
    enough = (expected >= _EXPECTED).all(axis=2)  # (n, V)
    scores = ((counts - expected)[enough] ** 2 / expected[enough]).sum()
    freedom = int(np.maximum(enough.sum(axis=1), 0).sum())  # at least that of the statistic
    return _OLDER if freedom and float(chi2.sf(scores, freedom)) < _LEVEL else _LONGER
