"""Do further ways to use a model follow its law: reported log-probabilities, speculative drawing, an export?"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from markovgpt.enumeration.closeness import TOLERANCE, likely_precision, rounding_allowance
from markovgpt.errors import ModelError
from markovgpt.generation import decoding_of
from markovgpt.model import check_is_model
from markovgpt.testing.causes.reported import said_of_reported
from markovgpt.testing.checks.record import check
from markovgpt.testing.comparing import Answers, rounding_in, same_laws
from markovgpt.testing.contexts import lengths_asked
from markovgpt.testing.findings import fact
from markovgpt.testing.judging import (
    Part,
    draws_after,
    exact_laws,
    hangs_on_rounding,
    judge,
    prompts_described,
    prompts_for,
    windows,
)
from markovgpt.testing.subject import Subject

__all__ = ["logprobs_match_law", "same_chain", "speculative"]

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

_LENGTH = 4  # tokens drawn after a prompt
_LEAST = 4 * TOLERANCE  # laws of a chain do not tell any more that they were computed in float32
_CONSTANT, _SEVERAL = 1e-3, 4  # of the largest difference, and contexts: their differences are the same


@check(
    what="Draws with log-probabilities, without options, at another temperature and with top-k, and compares each "
    "reported number with the logarithm of the law that the token was drawn from.",
    catches="Log-probabilities of the law before temperature and filters, or of the position before.",
    threads=("vLLM #9453", "ollama #16196"),
    mend="Report log_softmax of the logits that are sampled from, after temperature and filters.",
    needs=("generate_with_logprobs",),
)
def logprobs_match_law(subject: Subject) -> str:
    """The reported log-probability is that of the law sampled from."""
    method = "generate_with_logprobs"
    prompts, n, closest = subject.contexts(subject.K).tokens, 0, 0.0
    rules: list[dict[str, Any]] = [{}]
    rules += [{"temperature": 0.5}] if subject.takes(method, "temperature") else []
    rules += [{"top_k": 2}] if subject.takes(method, "top_k") and subject.V > 2 else []
    for rule in rules:
        answer, reported = subject.drawn(method, prompts, _LENGTH, subject.seed, **rule)
        got = subject.numbers(reported, f"log-probabilities of {subject.name}")
        if got.shape != (len(prompts), _LENGTH):
            raise ModelError(
                f"{method} of {subject.name} must return tokens and a log-probability of each that was drawn, "
                f"({len(prompts)}, {_LENGTH}): got {got.shape}."
            )
        decoding = decoding_of(**rule)
        drawn = windows(answer, subject.K, _LENGTH)
        plain = exact_laws(subject, drawn[:, :-1], decoding_of())
        law = exact_laws(subject, drawn[:, :-1], decoding)
        with np.errstate(divide="ignore"):
            allowed = subject.allowed(np.log(plain), least=_LEAST)
            judged = ~hangs_on_rounding(np.log(plain), decoding, allowed=allowed)
        allowed /= min(1.0, decoding.temperature)
        expected = law[np.arange(len(drawn)), drawn[:, -1]]  # (m,)
        gaps = abs(np.exp(got.ravel()) - expected)
        wrong = ~(gaps <= allowed) & judged
        n, closest = n + int(judged.sum()), max(closest, float(gaps[judged & ~wrong].max(initial=0.0)))
        if wrong.any():
            row = int(np.where(wrong, np.nan_to_num(gaps, nan=np.inf), -1).argmax())
            token = subject.labels[drawn[row, -1]]
            logits = subject.ask(drawn[row : row + 1, :-1])  # (1, V)
            precision, gap = likely_precision(logits, logits), float(gaps[row]) * min(1.0, decoding.temperature)
            rounded = precision and gap <= rounding_allowance(logits, precision)
            raise subject.broken(
                "reported log-probabilities are not those of the law that is sampled from",
                fact("options", decoding.describe()),
                fact(
                    "differ",
                    f"{int(wrong.sum())} of {int(judged.sum())} tokens (allowed {allowed:.3g} in a probability)",
                ),
                subject.worst(
                    drawn[row, :-1],
                    f"{token} is said to have probability {np.exp(got.ravel()[row]):.6g}, it has {expected[row]:.6g}",
                ),
                explained=rounding_in(precision, gap) if rounded else "",
                likely=partial(
                    said_of_reported,
                    got,
                    answer[:, subject.K :],
                    plain.reshape(*got.shape, subject.V),
                    decoding,
                    judged=judged.reshape(got.shape),
                    allowed=float(allowed),
                ),
            )
    return f"{n:,} tokens; the largest difference of a probability is {closest:.2g}"


@check(
    what="Draws with the assisted method and judges the draws against the law of the model itself, as generate is "
    "judged.",
    catches="A draft that is accepted too readily, rejected tokens that are drawn again from the whole law, a cache "
    "that is not rolled back.",
    threads=("transformers #32867", "transformers #47932"),
    mend="Accept with min(1, p / q); after a rejection draw from the normalised positive part of p - q.",
    needs=("generate_speculative",),
    samples=True,
)
def speculative(subject: Subject) -> str:
    """Assisted generation has the law of the target."""
    method = "generate_speculative"
    rules: list[dict[str, Any]] = [{}]
    rules += [{"temperature": 0.5}] if subject.takes(method, "temperature") else []
    prompts = prompts_for(subject, max(1, subject.n // len(rules)))
    said, length = prompts_described(subject), draws_after(subject, _LENGTH)
    parts = [
        Part(subject.generate(prompts, length, seed=subject.seed, method=method, **rule), length, rule, said)
        for rule in rules
    ]
    return judge(subject, parts, method=method, suspect=lambda *_: _ACCEPTED)


_ACCEPTED = (
    "a proposed token is accepted too readily, or after a rejection one is drawn from the whole law and not from what "
    "the draft leaves over"
)


@check(
    what="Asks the model and its export about contexts of every length: the same laws, up to rounding.",
    catches="An export with a fixed shape, a constant that was traced, weights in another order, a static cache of "
    "the wrong length.",
    threads=("onnx optimum #1755", "onnx optimum #1334", "transformers #30670"),
    mend="Export again with dynamic axes and compare layer by layer. For a coarser copy, as of 8 bits, use "
    "assert_same_chain with the tolerance that you accept.",
    needs=("exported",),
)
def same_chain(subject: Subject) -> str:
    """A model and its export have the same law."""
    export = check_is_model(subject.model.exported)
    if (export.vocab_size, export.context_length) != (subject.V, subject.K):
        raise subject.broken(
            "the export has another vocabulary or context",
            fact("got", f"V={export.vocab_size}, K={export.context_length}, expected V={subject.V}, K={subject.K}"),
            likely="it was exported from another configuration",
        )
    answers = []
    for length in lengths_asked(subject.K):
        contexts = subject.contexts(length)
        answer = subject.guarded("next_logits of its export", export.next_logits, contexts.tokens)
        logits = subject.numbers(answer, f"the export of {subject.name}")
        answers.append(Answers(contexts.tokens, logits, subject.ask(contexts.tokens), contexts.describe()))
    return same_laws(
        subject,
        answers,
        over=subject.contexts(subject.K),
        what="the export has another law than the model",
        likely=partial(_said_of_export, lengths_asked(subject.K)),
        names=("export", "model"),
    )


def _said_of_export(lengths: Sequence[int], wrong: Sequence[Answers]) -> str:
    """What is wrong with an export: logits by the same numbers, some lengths, or everything."""
    first, second = (np.concatenate(logits) for logits in zip(*(answer[1:3] for answer in wrong), strict=True))
    finite = (np.isfinite(first) & np.isfinite(second)).all(axis=0)  # (V,)
    gaps = first[:, finite] - second[:, finite]
    differ = sorted({answer.texts.shape[1] for answer in wrong})
    agree = [length for length in lengths if length not in differ]
    if finite.sum() > 1 and len(gaps) >= _SEVERAL and not agree:
        offsets = gaps - gaps[:, :1]  # logits are known up to a number
        same = (abs(offsets - offsets[0]) <= _CONSTANT * abs(offsets).max()).all(axis=1)
        if same.mean() > 0.5:
            return (
                f"logits are wrong by the same numbers in {int(same.sum())} of {len(same)} contexts: a bias is missing "
                "or added twice"
            )
    if agree:
        return (
            f"contexts of {_listed(agree)} agree, those of {_listed(differ)} do not: a shape, a length or a branch was "
            "fixed when it was exported"
        )
    return "weights in another order, a constant or a position that was fixed when it was exported"


def _listed(lengths: Sequence[int]) -> str:
    return f"{', '.join(map(str, lengths))} token{'s' if lengths != [1] else ''}"
