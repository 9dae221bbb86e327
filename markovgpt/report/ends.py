"""What is said of the classes in which a chain ends, from a start: how probable is each?"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from markovgpt.analysis import Absorption
from markovgpt.chain import Chain
from markovgpt.report.digits import from_the_proof
from markovgpt.report.phrases import state_names
from markovgpt.report.sections import Column, Section, Table

__all__ = ["ends_sections", "ends_to_list", "start_phrase"]

_STATES_SHOWN = 6
_DIGITS = 6


def ends_sections(chain: Chain, ends: Sequence[tuple[str, Absorption]], *, top: int) -> list[Section]:
    """A section for each start (a label, ``"uniform"``, or empty), with the ``top`` likeliest classes."""
    return [_section(chain, start, found, top) for start, found in ends]


def start_phrase(start: str) -> str:
    """A start in words."""
    return {"uniform": "every state alike", "": "the empty context"}.get(start, start)


def _section(chain: Chain, start: str, found: Absorption, top: int) -> Section:
    title = f"Where it ends, from {start_phrase(start)}"
    if len(found.probabilities) == 1:
        return Section(title=title, notes=("In the one recurrent class, whatever the start.",))
    order = np.argsort(-found.probabilities, kind="stable")[:top]
    rows = tuple(
        (
            f"recurrent {i + 1}",
            _probability(found, i),
            f"{found.lower[i]:.6g} to {found.upper[i]:.6g}",
            state_names(chain, found.classes[i].states, at_most=_STATES_SHOWN),
        )
        for i in order.tolist()
    )
    columns = (
        Column(title="class"),
        Column(title="probability"),
        Column(title="proven", align="left"),
        Column(title="", align="left"),
    )
    method = f"{found.steps:,} pushes" if found.method == "pushing" else found.method
    proof = f"Proven: no probability is wrong by more than {found.error_bound:.1e} ({method})."
    notes = []
    if len(found.probabilities) > len(rows):
        notes.append(f"The {len(rows)} likeliest of {len(found.probabilities):,} recurrent classes.")
    loose = not (found.error_bound <= 1e-6)
    return Section(
        title=title,
        table=Table(columns=columns, rows=rows),
        notes=tuple(notes if loose else (proof, *notes)),
        warnings=(f"Not settled: part of the mass is still on its way. {proof}",) if loose else (),
    )


def _probability(found: Absorption, i: int) -> str:
    """Its certain digits, six of them at most; the bounds beside it say the rest."""
    p, low, high = (float(values[i]) for values in (found.probabilities, found.lower, found.upper))
    if high == 0:
        return "0"
    return from_the_proof((Fraction(low), Fraction(high)), p, at_most=_DIGITS)


def ends_to_list(ends: Sequence[tuple[str, Absorption]]) -> list[dict[str, Any]]:
    """The same for JSON: one record a start."""
    return [
        {
            "start": start,
            "method": found.method,
            "steps": found.steps,
            "probabilities": found.probabilities.tolist(),
            "lower": found.lower.tolist(),
            "upper": found.upper.tolist(),
        }
        for start, found in ends
    ]
