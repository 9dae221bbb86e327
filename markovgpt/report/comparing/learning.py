"""What did a model learn, and when? In words, and for programs."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np

from markovgpt.comparison import LearningCurve
from markovgpt.report.comparing.totals import bits
from markovgpt.report.machine import finite_or_none, program_head
from markovgpt.report.phrases import percent
from markovgpt.report.sections import Column, Section, Table

__all__ = ["learning_sections", "learning_to_dict"]

_CLOSE, _LEARNED = 0.05, 0.9
_NOTHING = 1e-9  # bits


def learning_sections(curve: LearningCurve, *, title: str, top: int = 20) -> list[Section]:
    """One row a step, when each order was learned, and when each arrow came to its share in the data."""
    return [_course(curve, title), _orders(curve), _arrows(curve, top=top)]


def _course(curve: LearningCurve, title: str) -> Section:
    K = curve.context_length
    arrived = curve.arrived_share(close=_CLOSE)
    rows = []
    for row, step in enumerate(curve.steps):
        found = step.comparison
        mark = "" if step.certified else "~"
        rows.append(
            (
                step.name,
                bits(found.cross_entropy),
                bits(found.excess),
                *(bits(missing) for missing in curve.missing[row].tolist()),
                "" if step.entropy_rate is None else mark + bits(step.entropy_rate),
                "" if step.unseen_mass is None else mark + percent(step.unseen_mass),
                percent(found.greedy_agreement),
                percent(float(arrived[row])),
            )
        )
    titles = ["step", "surprise", "excess", *(f"order {j}" for j in range(K + 1))]
    titles += ["entropy rate", "unseen", "top 1", "arrived"]
    notes = [
        f"Bits per token. The excess is the sum of what is not learned of orders 0 to {K}. Unseen: time in contexts "
        "that the data never show. Top 1: the likeliest token is the most frequent one. Arrived: share of the tokens "
        f"whose probability is within {_CLOSE} of their frequency.",
    ]
    if not all(step.certified or step.entropy_rate is None for step in curve.steps):
        notes.append("~ is NOT certified.")
    return Section(
        title=title,
        table=Table(columns=tuple(Column(title=title) for title in titles), rows=tuple(rows)),
        notes=tuple(notes),
    )


def _orders(curve: LearningCurve) -> Section:
    at = curve.learned_at(share=_LEARNED)
    names = _step_names(curve)
    rows = [
        (f"{order}", bits(told), "nothing to learn" if told < _NOTHING else names[step])
        for order, (told, step) in enumerate(zip(curve.told.tolist(), at, strict=True))
    ]
    when = [math.inf if step is None else step for told, step in zip(curve.told, at, strict=True) if told >= _NOTHING]
    notes = [_in_order(when)] if len(when) > 1 and min(when) < math.inf else []
    notes.append(f"Learned: from that step on, of those shown, at least {_LEARNED:.0%} of what the order tells.")
    return Section(
        title="When was each order learned?",
        table=Table(
            columns=tuple(Column(title=t) for t in ("last tokens", "tells", "learned at step")), rows=tuple(rows)
        ),
        notes=tuple(notes),
    )


def _in_order(when: list[float]) -> str:
    """Whether low orders came first; infinite is an order that was not learned."""
    if any(earlier > later for earlier, later in pairwise(when)):
        return "Low orders were not learned before high ones."
    if when[0] == when[-1]:
        return "All orders were learned at the same of these steps."
    return "Low orders were learned before high ones."


def _arrows(curve: LearningCurve, *, top: int) -> Section:
    at = curve.arrived_at(close=_CLOSE)
    order = np.argsort(-curve.counts, kind="stable")[:top]
    last, names = curve.probabilities[-1], _step_names(curve)
    rows = []
    for place in order.tolist():
        context, token = curve.arrows[place].tolist()
        tokens = [context // len(curve.vocabulary) ** power % len(curve.vocabulary) for power in _powers(curve)]
        rows.append(
            (
                f"{curve.vocabulary.label(tokens)} → {curve.vocabulary.names[token]}",
                percent(float(curve.shares[place])),
                percent(float(last[place])),
                names[at[place]],
            )
        )
    shown = f"The {len(rows):,} most frequent of {len(at):,} arrows. " if len(rows) < len(at) else ""
    return Section(
        title="When did each arrow come to its share in the data?",
        table=Table(
            columns=(
                Column(title="arrow", align="left"),
                Column(title="data"),
                Column(title="model at the end"),
                Column(title="within .05 from step"),
            ),
            rows=tuple(rows),
        ),
        notes=(f"{shown}In all {sum(step is not None for step in at):,} of {len(at):,} came there.",),
    )


def _powers(curve: LearningCurve) -> range:
    return range(curve.context_length - 1, -1, -1)


def _step_names(curve: LearningCurve) -> dict[int | None, str]:
    """What a step is called in tables; None is a step that never came."""
    return {None: "not yet", **{step.step: step.name for step in curve.steps}}


def learning_to_dict(curve: LearningCurve) -> dict[str, Any]:
    """Every number of a learning curve, as JSON holds it; what is infinite is None."""
    return program_head() | {
        "tokens": list(curve.vocabulary.tokens),
        "context_length": curve.context_length,
        "steps": [
            {
                "step": step.step,
                "name": step.name,
                "cross_entropy_bits": finite_or_none(step.comparison.cross_entropy),
                "excess_bits": finite_or_none(step.comparison.excess),
                "not_learned_bits": [finite_or_none(value) for value in missing],
                "entropy_rate_bits": step.entropy_rate,
                "unseen_mass": step.unseen_mass,
                "certified": step.certified,
                "greedy_agreement": step.comparison.greedy_agreement,
                "arrived_share": arrived,
            }
            for step, missing, arrived in zip(
                curve.steps, curve.missing.tolist(), curve.arrived_share(close=_CLOSE).tolist(), strict=True
            )
        ],
        "told_bits": curve.told.tolist(),
        "learned_at": list(curve.learned_at(share=_LEARNED)),
        "arrows": {
            "context": curve.arrows[:, 0].tolist(),
            "token": curve.arrows[:, 1].tolist(),
            "count": curve.counts.tolist(),
            "share": curve.shares.tolist(),
            "arrived_at": list(curve.arrived_at(close=_CLOSE)),
            "probability": curve.probabilities.tolist(),
        },
    }
