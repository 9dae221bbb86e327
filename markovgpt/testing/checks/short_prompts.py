"""Does ``generate`` sample from the law of prompts that are shorter than the context?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from markovgpt.testing.causes.fronts import said_of_front
from markovgpt.testing.causes.modes import said_of_mode
from markovgpt.testing.checks.record import check
from markovgpt.testing.findings import Finding, NotApplicable, fact
from markovgpt.testing.judging import prompts_for
from markovgpt.testing.samples.judgement import judge_samples
from markovgpt.testing.samples.references import Reference
from markovgpt.testing.subject import Subject

__all__ = ["generate_short_prompts"]

_MOST = 8  # tokens drawn after a prompt


@check(
    what="Draws after prompts of one token until the window is nearly full, and judges each token against the law of "
    "those that are there.",
    catches="Padding or a beginning of text that is put in front of short prompts and counts; a cache, or positions, "
    "that are wrong until the window is full.",
    mend="Give the network the tokens that there are and no others; positions begin with the first of them.",
    needs=("generate",),
    after=("logits_shape", "logits_finite", "generate_shape"),
    samples=True,
)
def generate_short_prompts(subject: Subject) -> str:
    """Prompts shorter than K."""
    if subject.K == 1:
        raise NotApplicable("no prompt is shorter than the context, which is one token")
    tokens = subject.contexts(1).tokens  # (m, 1)
    lengths = [n for n in range(1, min(subject.K - 1, _MOST) + 1) if subject.contexts(n).exhaustive]
    n = max(lengths, default=1)
    drawn = subject.generate(tokens[np.arange(subject.n) % len(tokens)], n, seed=subject.seed)  # (rows, 1 + n)
    verdict = judge_samples(subject.model, drawn, alpha=subject.alpha, prompt_length=1)
    prompts = f"{len(tokens)} prompts of one token, {n} drawn after each"
    if verdict.ok:
        seen = f"; a row at TV {verdict.resolution:.2g} would have been seen" if verdict.resolution <= 1 else ""
        return f"{verdict.n_draws:,} draws, {prompts}, alpha {subject.alpha:g}{seen}"
    said = verdict.message(sampler=f"{subject.name}.generate", seed=subject.seed).split("\n")
    said.insert(2, fact("prompts", prompts))
    if verdict.likely is not None:
        raise Finding("\n".join(said), reproduce=subject.command("generate_short_prompts"))
    raise Finding(
        "\n".join(said),
        likely=lambda: said_of_mode(subject.model) or _said_of_prompts(subject, drawn),
        reproduce=subject.command("generate_short_prompts"),
    )


def _said_of_prompts(subject: Subject, drawn: NDArray[np.int64]) -> str:
    """Whether short prompts are to blame at all: those of K tokens may be continued wrongly as well."""
    sequences = subject.generate(prompts_for(subject, subject.n), 1, seed=subject.seed)
    if not judge_samples(subject.source, sequences, alpha=subject.alpha, rules={}).ok:
        return f"prompts of K={subject.K} tokens are continued wrongly as well: see generate_default_is_chain"
    return said_of_front(Reference(subject.model), drawn, subject.alpha)
