"""How well does a model predict its data, order by order, and beside n-gram models? In words."""

from __future__ import annotations

import math

from markovgpt.comparison import HeldOutPart
from markovgpt.ngrams import Baseline
from markovgpt.report.charts import bar
from markovgpt.report.comparing.record import DataReport
from markovgpt.report.phrases import percent, plural
from markovgpt.report.sections import Column, Section, Table

__all__ = ["bits", "data_section", "heldout_section", "ngrams_section", "orders_section", "prediction_section"]

_SIGNIFICANT = 0.05


def bits(value: float) -> str:
    """Bits per token, four decimals.

    >>> bits(0.17367), bits(float("inf")), bits(-0.00001)
    ('0.1737', 'infinite', '0.0000')
    """
    return f"{value + 0.0:.4f}".replace("-0.0000", "0.0000") if math.isfinite(value) else "infinite"


def data_section(report: DataReport) -> Section:
    """What was compared with what."""
    counts, comparison = report.counts, report.comparison
    K, seen = comparison.context_length, comparison.n_seen
    words = f"{plural(counts.n_tokens, 'token')} in {plural(counts.n_sequences, 'sequence')}"
    if counts.circular:
        words += ", each taken as a circle"
    facts = [
        ("data", f"{report.source}: {words}"),
        ("compared", f"{plural(comparison.n_tokens, 'token')}: those with {K} before them"),
        (
            "contexts",
            f"{seen:,} of {comparison.n_contexts:,} seen ({percent(seen / comparison.n_contexts)}), "
            f"{comparison.n_rare:,} of them fewer than {comparison.rare_below} times",
        ),
    ]
    if report.chain is not None and not report.chain.origin.decoding.is_default:
        facts.append(("decoding", f"{report.chain.origin.decoding.describe()}: this law is compared"))
    notes = []
    if counts.n_gaps:
        notes.append(f"{plural(counts.n_gaps, 'unknown token')} left out; no context spans such a gap.")
    if comparison.n_left_out:
        notes.append(f"{plural(comparison.n_left_out, 'token')} after contexts that the walk did not meet: left out.")
    return Section(title=f"{report.name} against {report.source}", facts=tuple(facts), notes=tuple(notes))


def prediction_section(report: DataReport) -> Section:
    """Cross-entropy, the least possible, and what lies between."""
    found = report.comparison
    facts = [
        ("model", f"{bits(found.cross_entropy)} bits per token: its average surprise at the data"),
        ("least possible", f"{bits(found.conditional_entropy)}: the frequencies of the data themselves"),
        ("excess", f"{bits(found.excess)}: what the model loses to them"),
        (
            "likeliest token",
            f"is the most frequent one in the data for {percent(found.greedy_agreement)} of the tokens",
        ),
    ]
    notes = []
    if found.significance is not None:
        differing = int((found.significance.adjusted < _SIGNIFICANT).sum())
        method = {"holm": "Holm", "benjamini-hochberg": "Benjamini-Hochberg"}[found.significance.correction]
        facts.append(
            (
                "more than chance",
                f"in {differing:,} of {plural(len(found), 'context')} (G test, {method}, level {_SIGNIFICANT})",
            )
        )
        if report.trained_on:
            notes.append("The model was trained on these data: differences are smaller than on others, tests too mild.")
    if math.isinf(found.cross_entropy):
        notes.append("Infinite: the model excludes a token that occurs in the data.")
    return Section(title="How well it predicts the data", facts=tuple(facts), notes=tuple(notes))


def orders_section(report: DataReport) -> Section:
    """What each order tells, and what of it the model has yet to learn."""
    found = report.comparison
    told, missing = found.told.tolist(), found.missing.tolist()
    most = max(1e-12, *(m for m in (*told, *missing) if math.isfinite(m)))
    rows = [
        (f"{order}", bits(float(entropy)), bits(tells), bits(left), bar(left / most if math.isfinite(left) else 1.0))
        for order, (entropy, tells, left) in enumerate(zip(found.data_entropies, told, missing, strict=True))
    ]
    columns = (
        Column(title="last tokens"),
        Column(title="data entropy"),
        Column(title="told by the last one"),
        Column(title="not learned"),
        Column(title="", align="left"),
    )
    return Section(
        title="What each token of context tells, and what of it the model has not learned (bits per token)",
        table=Table(columns=columns, rows=tuple(rows)),
        notes=("The last column sums to the excess.",),
    )


def ngrams_section(report: DataReport) -> Section:
    """N-gram models of every order and smoothing, and the model itself."""
    held = report.heldout is not None
    smoothings = list(dict.fromkeys(row.smoothing for row in report.baselines))
    by_place = {(row.order, row.smoothing): row for row in report.baselines}
    orders = sorted({row.order for row in report.baselines})
    rows = [(f"{order}", *(_bits_of(by_place[order, name], held) for name in smoothings)) for order in orders]
    own = report.comparison.cross_entropy if report.heldout is None else report.heldout.everything.model_bits
    rows.append((report.name, bits(own), *[""] * (len(smoothings) - 1)))
    where = "on held-out data" if held else "on the data that they were counted from"
    notes = ["Infinite: a token that never followed there has probability 0."] if _any_infinite(rows) else []
    if not held:
        notes.append("No data were held out: high orders look better than they are. --held-out FILE judges all fairly.")
    K = report.comparison.context_length
    if report.counts.n_tokens > report.comparison.n_tokens:
        notes.append(f"Counted at all tokens; judged, like the model, at those with {K} before them.")
    return Section(
        title=f"n-gram models of the data, bits per token {where}",
        table=Table(
            columns=(Column(title="order"), *(Column(title=name) for name in smoothings)),
            rows=tuple(rows),
        ),
        notes=tuple(notes),
    )


def heldout_section(report: DataReport) -> Section | None:
    """Model and best n-gram model on new data, after contexts that were seen and after others."""
    found = report.heldout
    if found is None:
        return None
    notes = ["Bits per token; a negative excess means that the model is better."]
    if report.heldout_gaps:
        notes.append(f"{plural(report.heldout_gaps, 'unknown token')} left out; no context spans such a gap.")
    parts = (("all", found.everything), ("context seen in the data", found.seen), ("context never seen", found.unseen))
    return Section(
        title="Held-out data",
        facts=(
            ("tokens", f"{found.everything.n_tokens:,} compared"),
            ("best n-gram", f"order {found.best.order}, {found.best.smoothing}"),
        ),
        table=Table(
            columns=tuple(
                Column(title=title, align="left" if not title else "right")
                for title in ("", "share", "model", "best n-gram", "excess")
            ),
            rows=tuple(_part_row(name, part) for name, part in parts),
        ),
        notes=tuple(notes),
    )


def _bits_of(row: Baseline, held: bool) -> str:
    value = row.heldout_bits if held else row.training_bits
    return "" if value is None else bits(value)


def _any_infinite(rows: list[tuple[str, ...]]) -> bool:
    return any("infinite" in row for row in rows)


def _part_row(name: str, part: HeldOutPart) -> tuple[str, ...]:
    if part.n_tokens == 0:
        return (name, "0%", "", "", "")
    return (name, percent(part.share), bits(part.model_bits), bits(part.baseline_bits), bits(part.excess))
