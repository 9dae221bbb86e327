"""What does the model do where the data are silent? In words."""

from __future__ import annotations

import numpy as np

from markovgpt.comparison import UnseenComparison, UnseenState
from markovgpt.report.comparing.record import DataReport
from markovgpt.report.phrases import percent, plural
from markovgpt.report.sections import Column, Section, Table
from markovgpt.vocabulary import Vocabulary

__all__ = ["unseen_sections"]

_MEANING = {
    "uniform": "every token alike",
    "unigram": "how often tokens are",
    "back-off": "the most last tokens that were seen",
    "nearest": "the seen contexts with fewest other tokens",
}


def unseen_sections(report: DataReport, vocabulary: Vocabulary) -> list[Section]:
    """Which simpler law it follows there on the whole, and in the contexts that it visits most."""
    found = report.unseen
    if found is None:
        return []
    weighted = found.best_weighted is not None
    columns = [Column(title="law", align="left"), Column(title="contexts"), Column(title="TV"), Column(title="JS")]
    if weighted:
        columns += [Column(title="TV, by time"), Column(title="JS, by time")]
    rows = []
    for law in found.candidates:
        cells = [_named(law.name), f"{law.n_defined:,}", f"{law.total_variation:.4f}", f"{law.jensen_shannon:.4f}"]
        if weighted:
            cells += [_optional(law.weighted_total_variation), _optional(law.weighted_jensen_shannon)]
        rows.append(tuple(cells))
    notes = [
        f"Nearest to the model, of the laws for all {plural(len(found.states), 'context')}: {_nearest(found)}.",
        "TV and JS (bits): mean distance between that law and the model's, 0 to 1; by time: weighted by how often the "
        "chain is there.",
    ]
    sections = [
        Section(
            title="Where the data are silent: which simpler law does it follow?",
            table=Table(columns=tuple(columns), rows=tuple(rows)),
            notes=tuple(notes),
        )
    ]
    return [*sections, _explained(report, vocabulary)] if report.explained else sections


def _nearest(found: UnseenComparison) -> str:
    """Which law it is: in time, and context by context."""
    if found.best_weighted is None or found.best_weighted.name == found.best.name:
        return found.best.name
    return f"{found.best_weighted.name} by time, {found.best.name} if every context counts alike"


def _explained(report: DataReport, vocabulary: Vocabulary) -> Section:
    """One row a context: what each law says of the model's likeliest token there."""
    names = [law.name for law in report.unseen.candidates] if report.unseen is not None else []
    rows = [_explained_row(report, state, names, vocabulary) for state in report.explained]
    titles = ("context", "model", *names, "nearest law", "its TV")
    n_unseen = 0 if report.unseen is None else len(report.unseen.states)
    some = f"The {len(rows)} that the chain visits most, of {n_unseen:,}. " if len(rows) < n_unseen else ""
    return Section(
        title="Why does it say that, where the data are silent?",
        table=Table(columns=tuple(Column(title=title) for title in titles), rows=tuple(rows)),
        notes=(
            f"{some}Model: its likeliest token after that context. Then the probability that each law gives to it; "
            "the law of least total variation to the model's is named at the end.",
        ),
    )


def _explained_row(report: DataReport, state: UnseenState, names: list[str], vocabulary: Vocabulary) -> tuple[str, ...]:
    token = int(np.argmax(state.model))
    says = {name: percent(float(law[token])) for name, law in zip(state.names, state.laws, strict=True)}
    nearest = int(np.argmin(state.total_variation))
    label = "" if report.chain is None else report.chain.label(state.state)
    return (
        label,
        f"{vocabulary.names[token]} {percent(float(state.model[token]))}",
        *(says.get(name, "") for name in names),
        state.names[nearest],
        f"{state.total_variation[nearest]:.4f}",
    )


def _named(name: str) -> str:
    """The law, and what it is."""
    return f"{name}: {_MEANING[name]}" if name in _MEANING else name


def _optional(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
