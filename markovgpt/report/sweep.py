"""What does the report of several temperatures say? One row each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from markovgpt.chain import MarkovChain
from markovgpt.errors import NotComputedError
from markovgpt.report.digits import at_most
from markovgpt.report.laws import GUESSES, certain_entropy_rate, certain_probability
from markovgpt.report.phrases import law_warnings, plural, took, underflow_notes, which_states
from markovgpt.report.sections import Column, Section, Table
from markovgpt.report.stationary import StationaryReport

__all__ = ["Sweep", "sweep_sections"]

Sweep = Sequence[tuple[float, StationaryReport | NotComputedError]]
"""Temperatures, and what was found there; at least one report."""

_DIGITS = 6
_CLASSES = 8  # of one temperature


def sweep_sections(sweep: Sweep, *, interrupted: bool = False) -> list[Section]:
    """What all temperatures share, and one row for each temperature and recurrent class."""
    found = [report for _, report in sweep if isinstance(report, StationaryReport)]
    several = any(report.classes.recurrent.sum() > 1 for report in found)
    titles = ["T", *(["class"] if several else []), *_TITLES]
    rows: list[tuple[str, ...]] = []
    warnings, notes = [], list(_NOTES)
    for temperature, report in sweep:
        name = f"{temperature:g}"
        if isinstance(report, NotComputedError):
            rows.append((name, *["-"] * (len(titles) - 1)))
            warnings.append(f"Temperature {name}: {report}")
            continue
        for i, pi in enumerate(report.stationary[:_CLASSES]):
            rows.append((name, *([str(i + 1)] if several else []), *_cells(report, i)))
            warnings += [f"Temperature {name}: {warning}" for warning in law_warnings(pi)]
        notes += [f"Temperature {name}: {note}" for note in underflow_notes(report.chain)]
        if len(report.stationary) > _CLASSES:
            notes.append(f"Temperature {name}: {len(report.stationary) - _CLASSES:,} more recurrent classes.")
    if any("~" in cell for row in rows for cell in row):
        notes.append(GUESSES)
    if several:
        notes.append(
            "In which class the chain ends, with which probability: see one temperature alone, or -o FILE.json."
        )
    if interrupted:
        warnings.append("Interrupted: the temperatures that were to follow are not computed.")
    columns = tuple(Column(title=t, align="left" if t in ("likeliest", "method") else "right") for t in titles)
    table = Section(
        title="Stationary distributions by temperature",
        warnings=tuple(warnings),
        table=Table(columns=columns, rows=tuple(rows)),
        notes=tuple(notes),
    )
    return [*(_head(report) for report in found[:1]), table]


_TITLES = ("bits/token", "likeliest", "probability", "error", "certified", "time", "method")
_NOTES = (
    "T: temperature. Bits/token: entropy rate. Likeliest: the state where the chain spends most of its time, and its "
    "probability. Error: proven bound of the total error (L1).",
    "Digits that are not proven are not shown.",
)


def _head(report: StationaryReport) -> Section:
    chain = report.chain
    rest = replace(chain.origin.decoding, temperature=1.0)
    return Section(
        title=f"The long run of {chain.origin.model}",
        facts=(
            ("tokens", f"{chain.vocab_size:,}: {chain.vocabulary.overview(at_most=30)}"),
            ("context", plural(chain.context_length, "token")),
            *([("states", f"{chain.n_states:,}: {which_states(chain)}")] if isinstance(chain, MarkovChain) else []),
            ("decoding", "temperature, below" if rest.is_default else f"temperature, below; {rest.describe()}"),
        ),
    )


def _cells(report: StationaryReport, i: int) -> tuple[str, ...]:
    pi = report.stationary[i]
    likeliest = int(pi.probabilities.argmax())
    return (
        certain_entropy_rate(report, i, most=_DIGITS),
        report.chain.label(likeliest),
        certain_probability(pi, likeliest, most=_DIGITS),
        at_most(pi.error_bound) if pi.error_bound < 2 else "none",
        "yes" if pi.certified else "NO",
        took(report.seconds),
        pi.method,
    )
