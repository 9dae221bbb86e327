"""When do two answers to the same question differ, and how is that told?

Two tolerances, and no other:

- *the same bits*, where shapes are equal: the same program on the same numbers has no reason to differ (but rows beside
  other rows may, if a tolerance is given: the scale of a quantised copy is that of the whole batch);
- *the same law*, where shapes are not: sums may be done in another order, so probabilities may differ by the tolerance
  that was given; otherwise by 1e-6, or by 32 roundings of the largest logit in float32 where that is more (at most
  1e-4), or by four in half precision if the model answers in that (at most 0.05). The same tokens must be impossible
  (:mod:`markovgpt.enumeration.closeness`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from markovgpt.decoding import Decoding
from markovgpt.enumeration.closeness import likely_precision
from markovgpt.testing.contexts import Contexts
from markovgpt.testing.findings import fact
from markovgpt.testing.messages import law_table
from markovgpt.testing.subject import Subject

__all__ = ["Answers", "Cause", "rounding_in", "same_bits", "same_laws"]

Floats = NDArray[np.float64]


class Answers(NamedTuple):
    """Two answers for the same rows.

    Attributes
    ----------
    texts : (m, length) int64
        What was asked about, as a message shows it.
    first, second : (m, V)
        Logits; the second are what is expected.
    described : str
        What was compared, in words.
    """

    texts: NDArray[np.int64]
    first: Floats
    second: Floats
    described: str


Cause = str | Callable[[Sequence[Answers]], str]
"""What is likely of a difference: words, or what finds them, given the answers that differ."""


def same_bits(subject: Subject, contexts: Contexts, first: Floats, second: Floats, *, what: str, likely: Cause) -> None:
    """Fail where two answers, ``(m, V)`` each, differ in any bit (NaN is NaN)."""
    equal = (first == second) | (np.isnan(first) & np.isnan(second)) if first.shape == second.shape else None
    if equal is None:
        raise subject.broken(what, fact("shapes", f"{first.shape} and {second.shape}"), likely=_said(likely, ()))
    differs = ~equal.all(axis=1)  # (m,)
    if not differs.any():
        return
    with np.errstate(invalid="ignore"):
        gaps = np.nan_to_num(abs(first - second), nan=np.inf, posinf=np.inf).max(axis=1) * differs  # (m,)
    row = int(np.nan_to_num(gaps, nan=0.0).argmax())
    raise subject.broken(
        what,
        subject.compared(contexts),
        fact("differ", f"{int(differs.sum())} of {len(first)}; none may differ in any bit, the shapes are the same"),
        subject.worst(contexts.tokens[row], f"logits differ by up to {gaps[row]:.3g}"),
        likely=_said(likely, (Answers(contexts.tokens, first, second, ""),)),
    )


def same_laws(
    subject: Subject,
    answers: Sequence[Answers],
    *,
    over: Contexts,
    what: str,
    likely: Cause,
    names: tuple[str, str] = ("got", "expected"),
) -> str:
    """Fail where laws differ by more than rounding; what was compared, if they do not.

    The worst of all answers is shown, and how many differ; ``over`` are the contexts of length K that they are about.
    """
    worst, n, n_differ = -1.0, 0, 0
    shown: list[str] = []
    closest, precisions = 0.0, set[str]()
    wrong: list[Answers] = []
    for texts, first, second, described in answers:
        if first.shape != second.shape:
            shapes = fact("shapes", f"{first.shape}, expected {second.shape}")
            raise subject.broken(what, shapes, likely=_said(likely, ()))
        same = ((first == second) | (np.isnan(first) & np.isnan(second))).all(axis=1)  # (m,) NaN is another check's
        n += len(first)
        if same.all():
            continue
        rows = np.flatnonzero(~same)
        with np.errstate(invalid="ignore"):
            gaps, differs, limit = subject.gaps(first[rows], second[rows])
            if differs.any():
                precisions.add(likely_precision(first[rows][differs], second[rows][differs]))
        n_differ += int(differs.sum())
        closest = max(closest, float(gaps[~differs].max(initial=0.0)))
        wrong += [Answers(texts, first, second, described)] if differs.any() else []
        if differs.any() and gaps[differs].max() > worst:
            place = np.flatnonzero(differs)[gaps[differs].argmax()]
            worst, row = float(gaps[place]), rows[place]
            with np.errstate(invalid="ignore"):
                laws = Decoding().apply(first[row][None])[0], Decoding().apply(second[row][None])[0]
            shown = [
                fact("compared", described + ("" if over.exhaustive else " (a seeded sample)")),
                subject.worst(texts[row], f"probabilities differ by {worst:.3g} (allowed {limit:.3g})"),
                law_table(subject.labels + [f"token {i}" for i in range(subject.V, len(laws[0]))], *laws, names),
            ]
    if n_differ:
        shown.insert(1, fact("differ", f"{n_differ} of {n} laws that were compared"))
        precision = next(name for name in ("", "float16", "bfloat16") if name in precisions)  # what explains them all
        rounded = rounding_in(precision, worst) if precision else ""
        raise subject.broken(what, *shown, explained=rounded, likely=_said(likely, wrong))
    return f"{over.describe()}; {n:,} laws, the largest difference of a probability is {closest:.2g}"


def rounding_in(precision: str, gap: float) -> str:
    """That a difference of a probability is likely rounding in a half precision, and the tolerance that accepts it.

    >>> rounding_in("bfloat16", 0.0123)
    'rounding in bfloat16: --atol 0.02 accepts it'
    """
    power = 10.0 ** math.floor(math.log10(gap))
    return f"rounding in {precision}: --atol {next(n for n in (1, 2, 5, 10) if n * power >= gap) * power:g} accepts it"


def _said(likely: Cause, wrong: Sequence[Answers]) -> str | Callable[[], str]:
    return likely if isinstance(likely, str) else partial(likely, wrong)
