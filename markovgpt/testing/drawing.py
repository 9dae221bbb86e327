"""Which draws does a check of a sampler make, and which of them can be judged exactly?"""

from __future__ import annotations

import shlex
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from markovgpt.decoding import Decoding
from markovgpt.enumeration.closeness import rounding_allowance
from markovgpt.testing.references import Reference
from markovgpt.testing.sampling import SampleVerdict, judge_samples
from markovgpt.testing.subject import Subject

__all__ = ["exact_laws", "hangs_on_rounding", "judge_part", "prompts_for", "windows"]

Integers = NDArray[np.int64]
Table = NDArray[np.float64]


def prompts_for(subject: Subject, n: int) -> Integers:
    """n prompts of K tokens, ``(n, K)``: all contexts in turn, or as many of a sample as there is room for."""
    tokens = subject.contexts(subject.K).tokens
    order = np.random.default_rng(subject.seed).permutation(len(tokens))
    return tokens[np.resize(order, n)]


def windows(sequences: Integers, context_length: int, n: int) -> Integers:
    """The last n tokens of each row with the K tokens before them, ``(m, length) -> (m n, K + 1)``: a row is one draw.

    >>> windows(np.array([[1, 2, 3, 4]]), 2, 2).tolist()
    [[1, 2, 3], [2, 3, 4]]
    """
    return sliding_window_view(sequences, context_length + 1, axis=1)[:, -n:].reshape(-1, context_length + 1)


def exact_laws(subject: Subject, contexts: Integers, decoding: Decoding) -> Table:
    """Exact next-token laws, ``(m, length) -> (m, V)``; each different context is looked up once."""
    different, places = _different(contexts, subject.V)
    return np.asarray(Reference(subject.source, decoding).laws(different))[places]


def judge_part(
    subject: Subject,
    sequences: Integers,
    n: int,
    *,
    part: str,
    parts: int,
    alpha: float,
    **options: Any,
) -> tuple[SampleVerdict | None, int]:
    """Judge the last n tokens of each row under a decoding rule; and how many draws were left out.

    Left out are draws from states whose cut hangs on rounding (:func:`hangs_on_rounding`).
    """
    raise NotImplementedError


def hangs_on_rounding(logs: Table, decoding: Decoding) -> NDArray[np.bool_]:
    """Which rows have another set of tokens after top-k or top-p if probabilities change by a rounding, ``(m, V) -> (m,)``.

    Tokens that tie exactly at the cut of top-k are all kept by definition: that hangs on nothing. Which of them crosses
    the cut of top-p is a convention, so such rows are among these.
    """
    V = logs.shape[1]
    hangs = np.zeros(len(logs), dtype=np.bool_)
    slack = 4 * rounding_allowance(logs) / min(decoding.temperature, 1.0)
    law = Decoding(temperature=decoding.temperature).apply(logs)
    if decoding.top_k is not None and decoding.top_k < V:
        ranked = -np.sort(-law, axis=1)
        gap = ranked[:, decoding.top_k - 1] - ranked[:, decoding.top_k]
        hangs |= (gap > 0) & (gap <= slack)
        law = Decoding(temperature=decoding.temperature, top_k=decoding.top_k).apply(logs)
    if decoding.top_p is not None and decoding.top_p < 1:
        ranked = -np.sort(-law, axis=1)
        total = np.cumsum(ranked, axis=1)
        hangs |= (abs(total - decoding.top_p) <= slack).any(axis=1)
        kept = np.minimum((total - ranked < decoding.top_p).sum(axis=1), V - 1)  # the first that is dropped
        rows = np.arange(len(law))
        hangs |= (ranked[rows, kept] > 0) & (ranked[rows, kept - 1] - ranked[rows, kept] <= slack)
    return hangs


def _different(contexts: Integers, vocab_size: int) -> tuple[Integers, Integers]:
    """The different rows, and which of them each row is."""
    length = contexts.shape[1]
    if length * np.log2(vocab_size) < 62:
        weights = vocab_size ** np.arange(length - 1, -1, -1, dtype=np.int64)
        _, first, places = np.unique(contexts @ weights, return_index=True, return_inverse=True)
        return contexts[first], places
    different, places = np.unique(contexts, axis=0, return_inverse=True)
    return different, places.ravel()
