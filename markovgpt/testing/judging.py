"""Which draws does a check of a sampler make, and which of them can be judged exactly?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from markovgpt.decoding import Decoding
from markovgpt.enumeration.closeness import rounding_allowance
from markovgpt.generation import decoding_of
from markovgpt.testing.findings import Finding, NotApplicable, fact
from markovgpt.testing.references import Reference
from markovgpt.testing.sampling import judge_samples
from markovgpt.testing.subject import Subject

__all__ = ["Part", "exact_laws", "hangs_on_rounding", "judge", "prompts_for", "windows"]

_MANY, _OFTEN = 64, 8  # contexts

Integers = NDArray[np.int64]
Table = NDArray[np.float64]


class Part(NamedTuple):
    """Draws under one decoding rule: rows of tokens whose last n were drawn.

    Attributes
    ----------
    sequences : (m, length + n) int64
    n : int
    options : dict
        Of ``generate``.
    prompts : str
        What is special about them, for the message.
    """

    sequences: Integers
    n: int
    options: dict[str, Any]
    prompts: str = ""


def prompts_for(subject: Subject, n: int) -> Integers:
    """n prompts of K tokens, ``(n, K)``: all contexts in turn, as far as they go.

    Of more than 64 contexts, half of the prompts are eight of them again and again: a fault in every state is seen in
    those, however few draws the others have.
    """
    tokens = subject.contexts(subject.K).tokens
    order = np.random.default_rng(subject.seed).permutation(len(tokens))
    few = np.resize(order[:_OFTEN], n // 2 if len(tokens) > _MANY else 0)
    return tokens[np.concatenate([few, np.resize(order, n - len(few))])]


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


def judge(subject: Subject, parts: Sequence[Part], *, method: str = "generate") -> str:
    """Hold draws against the exact laws; what was drawn and what could have been seen, if none is rejected.

    The parts share the rate of false alarms. Draws from states whose cut hangs on rounding (:func:`hangs_on_rounding`)
    are left out, and counted.

    Raises
    ------
    Finding
        A state is rejected.
    """
    n_draws, n_left, resolution = 0, 0, np.inf
    for part in parts:
        decoding = decoding_of(**part.options)
        drawn = windows(part.sequences, subject.K, part.n)  # (m, K + 1)
        certain = _certain(subject, drawn, decoding)
        n_left += len(drawn) - int(certain.sum())
        if not certain.any():
            continue
        verdict = judge_samples(subject.source, drawn[certain], alpha=subject.alpha / len(parts), decoding=decoding)
        if not verdict.ok:
            worst = verdict.labels[verdict.rejected[0]] if len(verdict.rejected) else None
            command = subject.sampler_command(state=worst, method=method, **part.options)
            said = verdict.message(sampler=f"{subject.name}.{method}", seed=subject.seed, reproduce=command)
            about = [fact("prompts", part.prompts)] if part.prompts else []
            raise Finding(said, *about, whole=True)
        n_draws, resolution = n_draws + verdict.n_draws, min(resolution, verdict.resolution)
    if not n_draws:
        raise NotApplicable("every cut of top-k or top-p hangs on rounding, or on the order of tokens that tie")
    left = f"; {n_left:,} left out, whose cut hangs on rounding or on the order of ties" if n_left else ""
    seen = (
        f"a row at TV {resolution:.2g} would have been seen"
        if resolution <= 1
        else "too few for a row to be seen surely"
    )
    return f"{n_draws:,} draws, alpha {subject.alpha:g}; {seen}{left}"


def _certain(subject: Subject, drawn: Integers, decoding: Decoding) -> NDArray[np.bool_]:
    """Which draws are from states whose set of tokens hangs on nothing, ``(m, K + 1) -> (m,)``."""
    if decoding.top_k is None and decoding.top_p is None:
        return np.ones(len(drawn), dtype=np.bool_)
    different, places = _different(drawn[:, :-1], subject.V)
    return ~hangs_on_rounding(Reference(subject.source).logs(different), decoding)[places]


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
