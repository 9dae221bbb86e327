"""What does the report say of a measurement beside an earlier one?"""

from __future__ import annotations

from markovgpt.benchmarking import BenchmarkComparison, CaseKey
from markovgpt.report.benching.words import seconds_phrase
from markovgpt.report.sections import Column, Section, Table

__all__ = ["comparison_section"]

_TITLES = ("V", "K", "strategy", "now", "before", "ratio", "range", "")


def comparison_section(found: BenchmarkComparison) -> Section:
    """Ratios case by case, and what else differs."""
    rows = []
    for case in found.cases:
        V, K, strategy = case.key
        verdict = "slower" if case.is_slower else "faster" if case.is_faster else "as before"
        rows.append(
            (
                str(V),
                str(K),
                strategy,
                seconds_phrase(case.now),
                seconds_phrase(case.before),
                f"{case.ratio:.2f}",
                f"{case.low:.2f} - {case.high:.2f}",
                verdict + ("" if case.same_work else ", other work"),
            )
        )
    columns = tuple(Column(title=t, align="left" if t in ("strategy", "") else "right", folds=False) for t in _TITLES)
    notes = [
        "Ratio: median over median, above 1 is slower. Range: lower quartile over upper quartile, and the other way "
        "round. Slower, faster: the quartiles do not overlap.",
    ]
    if found.sgemm_ratio is not None and found.copy_ratio is not None:
        notes.append(
            f"The machine itself took {found.sgemm_ratio:.2f} times as long for a product of matrices, and "
            f"{found.copy_ratio:.2f} times as long for a copy."
        )
    if not all(case.same_work for case in found.cases):
        notes.append("Other work: the number of token positions or of FLOPs is not the same.")
    for when, keys in (("now", found.only_now), ("before", found.only_before)):
        if keys:
            notes.append(f"Measured only {when}: {', '.join(map(_named, keys))}.")
    warnings = [f"Not the same: {'; '.join(found.differences)}."] if found.differences else []
    return Section(
        title=f"Beside the measurement of {found.date}",
        warnings=tuple(warnings),
        table=Table(columns=columns, rows=tuple(rows)),
        notes=tuple(notes),
    )


def _named(key: CaseKey) -> str:
    return f"{key.strategy} at V={key.vocab_size}, K={key.context_length}"
