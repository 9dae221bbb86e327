"""Which draws does a check of a sampler make, and which of them can be judged exactly?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from markovgpt.decoding import Decoding
from markovgpt.enumeration.closeness import TOLERANCE
from markovgpt.errors import ArgumentError
from markovgpt.generation import decoding_of
from markovgpt.model import LanguageModel, check_is_model, vocabulary_of
from markovgpt.testing.causes.diagnosis import Diagnosis, Suspect, diagnose
from markovgpt.testing.causes.evidence import Evidence, evidence_of
from markovgpt.testing.causes.modes import said_of_mode
from markovgpt.testing.findings import Finding, NotApplicable, fact
from markovgpt.testing.samples.draws import different_rows
from markovgpt.testing.samples.judgement import judge_samples
from markovgpt.testing.samples.references import Reference
from markovgpt.testing.samples.verdicts import SampleVerdict
from markovgpt.testing.settings import resolved
from markovgpt.testing.subject import Subject

__all__ = [
    "Part",
    "draws_after",
    "exact_laws",
    "hangs_on_rounding",
    "judge",
    "judge_sampler",
    "prompts_described",
    "prompts_for",
    "windows",
]

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
        What they are, for the message.
    """

    sequences: Integers
    n: int
    options: dict[str, Any]
    prompts: str


def prompts_for(subject: Subject, n: int) -> Integers:
    """N prompts of K tokens, ``(n, K)``: all contexts in turn, as far as they go.

    Of more than 64 contexts, half of the prompts are eight of them again and again: a fault in every state is seen in
    those, however few draws the others have. Where not all contexts are asked, all prompts are those eight.
    """
    contexts = subject.contexts(subject.K)
    tokens = contexts.tokens
    order = np.random.default_rng(subject.seed).permutation(len(tokens))
    if not contexts.exhaustive:
        order = order[:_OFTEN]
    few = np.resize(order[:_OFTEN], n // 2 if len(order) > _MANY else 0)
    prompts: Integers = tokens[np.concatenate([few, np.resize(order, n - len(few))])]
    return prompts


def draws_after(subject: Subject, length: int) -> int:
    """How many tokens are drawn after each prompt: ``length``; one, where there are so many states that none recurs."""
    return length if subject.contexts(subject.K).exhaustive else 1


def prompts_described(subject: Subject) -> str:
    """What :func:`prompts_for` makes, in words."""
    contexts = subject.contexts(subject.K)
    if contexts.exhaustive:
        return contexts.describe()
    return f"{min(_OFTEN, len(contexts))} contexts of length {subject.K} (drawn from the seed, not all)"


def windows(sequences: Integers, context_length: int, n: int) -> Integers:
    """The last n tokens of each row with the K tokens before them, ``(m, length) -> (m n, K + 1)``: a row is one draw.

    >>> windows(np.array([[1, 2, 3, 4]]), 2, 2).tolist()
    [[1, 2, 3], [2, 3, 4]]
    """
    views: Integers = sliding_window_view(sequences, context_length + 1, axis=1)[:, -n:]  # (m, n, K + 1)
    drawn: Integers = views.reshape(-1, context_length + 1)
    return drawn


def exact_laws(subject: Subject, contexts: Integers, decoding: Decoding) -> Table:
    """Exact next-token laws, ``(m, length) -> (m, V)``; each different context is looked up once."""
    different, places = different_rows(contexts, subject.V)
    return np.asarray(Reference(subject.source, decoding).laws(different))[places]


def judge(
    subject: Subject,
    parts: Sequence[Part],
    *,
    method: str = "generate",
    check: str = "",
    suspect: Suspect | None = None,
) -> str:
    """Hold draws against the exact laws; what was drawn and what could have been seen, if none is rejected.

    The parts share the rate of false alarms. Draws from states whose cut hangs on rounding (:func:`hangs_on_rounding`)
    are left out, and counted. ``check`` is what shows a failure again, where one state does not; ``suspect`` says what
    is likely where nothing is found by a law.

    Raises
    ------
    Finding
        A state is rejected.
    """
    n_draws, n_left, resolution, alpha = 0, 0, np.inf, subject.alpha / len(parts)
    for part in parts:
        decoding = decoding_of(**part.options)
        drawn = windows(part.sequences, subject.K, part.n)  # (m n, K + 1)
        certain = _certain(subject, drawn, decoding)
        n_left += len(drawn) - int(certain.sum())
        if not certain.any():
            continue
        verdict = judge_samples(subject.source, drawn[certain], alpha=alpha, decoding=decoding, rules={})
        if not verdict.ok:
            found = _diagnosed(subject, part, parts, alpha, method=method, suspect=suspect)
            worst = verdict.labels[verdict.rejected[0]] if len(verdict.rejected) else None
            one = subject.sampler_command(state=worst, method=method, **part.options)
            command = subject.command(check) if check else one
            verdict = replace(verdict, facts=found.facts)
            said = verdict.message(sampler=f"{subject.name}.{method}", seed=subject.seed).split("\n")
            said.insert(2, fact("prompts", part.prompts))
            likely = found.likely.describe() if found.likely else ""
            raise Finding("\n".join(said), likely=likely, reproduce=command)
        n_draws, resolution = n_draws + verdict.n_draws, min(resolution, verdict.resolution)
    if not n_draws:
        raise NotApplicable("every cut of top-k or top-p hangs on rounding, or on the order of tokens that tie")
    left = f"; {n_left:,} left out, whose cut hangs on rounding or on the order of ties" if n_left else ""
    seen = (
        f"a row at TV {resolution:.2g} would have been seen"
        if resolution <= 1
        else "too few for a row to be seen surely"
    )
    return f"{n_draws:,} draws after {parts[0].prompts}, alpha {subject.alpha:g}; {seen}{left}"


def _diagnosed(
    subject: Subject, part: Part, parts: Sequence[Part], alpha: float, *, method: str, suspect: Suspect | None = None
) -> Diagnosis:
    """What is wrong with the draws of a part that was rejected."""
    evidence = _evidence(subject, part)
    if evidence is None:
        return Diagnosis()

    def again(prompts: Integers, n: int) -> Integers:
        return subject.generate(prompts, n, seed=subject.seed, method=method, **part.options)

    def suspected(evidence: Evidence, others: Sequence[Evidence]) -> str:
        return said_of_mode(subject.model) or (suspect(evidence, others) if suspect else "")

    others = [found for other in parts if other is not part and (found := _evidence(subject, other)) is not None]
    return diagnose(
        evidence, alpha, others=others, again=again, n=len(part.sequences), seed=subject.seed, suspect=suspected
    )


def _evidence(subject: Subject, part: Part) -> Evidence | None:
    """The draws of a part that can be judged, with what stood before each."""
    decoding = decoding_of(**part.options)
    calls = np.zeros(len(part.sequences), dtype=np.int64)
    for number, rows in subject.calls(part.sequences):
        calls[rows] = number
    certain = _certain(subject, windows(part.sequences, subject.K, part.n), decoding).reshape(-1, part.n)
    source = Reference(subject.source, decoding)
    return evidence_of(source, part.sequences, part.n, model=subject.model, calls=calls, kept=certain)


def judge_sampler(
    model: LanguageModel,
    *,
    states: Sequence[str] = (),
    length: int = 1,
    method: str = "generate",
    seed: int | None = None,
    n: int | None = None,
    alpha: float | None = None,
    spec: str | None = None,
    **options: Any,
) -> tuple[SampleVerdict, str]:
    """Judge what a model generates after some contexts, or after all; the verdict, and how it reads.

    Parameters
    ----------
    model : LanguageModel
        One that has ``method``.
    states : sequence of str
        Labels of contexts of K tokens; all contexts in turn if there is none.
    length : int, at least 1
        Tokens drawn after each prompt.
    method : str
        A method with the signature of ``generate``.
    seed, n, alpha, spec
        As for :func:`markovgpt.testing.check_model`.
    **options
        Of the method: temperature, top_k, top_p.

    Raises
    ------
    ArgumentError
        The model has no such method, it does not take an option, or a state is none.
    ModelError
        It raised, or did not return a continuation of the prompts.
    """
    settings = resolved(seed=seed, n=n, alpha=alpha)
    subject = Subject(check_is_model(model), settings=settings, spec=spec)
    if not hasattr(model, method):
        raise ArgumentError(
            f"{subject.name} has no {method}. A sampler is a method generate(prompts, n, *, seed, temperature, top_k, "
            "top_p) -> (batch, length + n).",
            method=method,
        )
    decoding = decoding_of(**options)
    prompts = np.array([_context(subject, state) for state in states]) if states else prompts_for(subject, subject.n)
    starts = np.resize(prompts, (subject.n, subject.K))
    try:
        drawn = subject.generate(starts, length, seed=subject.seed, method=method, **options)
    except NotApplicable as reason:
        raise ArgumentError(f"{subject.name}: {reason}.") from reason
    rows = windows(drawn, subject.K, length)
    verdict = judge_samples(subject.source, rows, alpha=subject.alpha, decoding=decoding, rules={})
    if not verdict.ok:
        part = Part(drawn, length, options, "")
        found = _diagnosed(subject, part, [part], subject.alpha, method=method)
        verdict = replace(verdict, likely=found.likely, facts=found.facts)
    return verdict, verdict.message(sampler=f"{subject.name}.{method}", seed=subject.seed)


def _context(subject: Subject, label: str) -> tuple[int, ...]:
    """The tokens of a state."""
    tokens = tuple(vocabulary_of(subject.model).parse(label))
    if len(tokens) != subject.K:
        raise ArgumentError(
            f"A state of {subject.name} is a context of K={subject.K} tokens: got {label!r}, which has {len(tokens)}.",
            state=label,
        )
    return tokens


def _certain(subject: Subject, drawn: Integers, decoding: Decoding) -> NDArray[np.bool_]:
    """Which draws are from states whose set of tokens hangs on nothing, ``(m, K + 1) -> (m,)``."""
    if decoding.top_k is None and decoding.top_p is None:
        return np.ones(len(drawn), dtype=np.bool_)
    different, places = different_rows(drawn[:, :-1], subject.V)
    logs = Reference(subject.source).logs(different)
    return ~hangs_on_rounding(logs, decoding, allowed=subject.allowed(logs))[places]


def hangs_on_rounding(logs: Table, decoding: Decoding, *, allowed: float = TOLERANCE) -> NDArray[np.bool_]:
    """Which rows keep other tokens under top-k or top-p if probabilities change by a rounding, ``(m, V) -> (m,)``.

    ``allowed`` is the largest difference of a probability that is called rounding, without the rule.

    Tokens that tie exactly at the cut of top-k are all kept by definition: that hangs on nothing. Which of them crosses
    the cut of top-p is a convention, so such rows are among these.
    """
    V = logs.shape[1]
    hangs = np.zeros(len(logs), dtype=np.bool_)
    slack = 4 * allowed / min(decoding.temperature, 1.0)
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
