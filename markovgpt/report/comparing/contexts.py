"""Where is a model farthest from its data, and where is it nearest? In words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from markovgpt.comparison import Significance, frequency_intervals
from markovgpt.comparison.laws import laws_of
from markovgpt.model import LanguageModel
from markovgpt.report.comparing.record import DataReport
from markovgpt.report.comparing.totals import bits
from markovgpt.report.phrases import whole_percent
from markovgpt.report.sections import Column, Section, Table
from markovgpt.vocabulary import Vocabulary

__all__ = ["contexts_sections"]

_TOKENS_SHOWN = 3
_BEST = 5
_NOTHING = 1e-9  # bits per token


def contexts_sections(
    report: DataReport, model: LanguageModel, vocabulary: Vocabulary, *, top: int, level: float
) -> list[Section]:
    """The contexts that cost most bits, and the frequent ones that cost least."""
    found = report.comparison
    worst = found.worst
    frequent = worst[~found.rare[worst] & (found.kl_divergence[worst] < np.inf)]
    best = frequent[np.argsort(found.kl_divergence[frequent], kind="stable")][: min(_BEST, top)]
    shown = worst[:top]
    covered = float(found.excess_bits[shown].sum() / found.excess) if 0 < found.excess < np.inf else 1.0
    notes = [
        "Excess: what the context adds to the excess of all the data, bits per token. "
        f"In brackets: {level:.0%} confidence interval of a share (Clopper-Pearson)."
    ]
    if len(shown) < len(worst) and found.excess > _NOTHING:
        notes.insert(0, f"These {len(shown)} of {len(worst):,} contexts make up {covered:.1%} of the excess.")
    sections = [
        Section(
            title="Where it is farthest from the data",
            table=_table(report, model, vocabulary, shown, level),
            notes=tuple(notes),
        )
    ]
    if len(best) and len(shown) < len(worst):
        sections.append(
            Section(
                title="Where it is nearest to the data",
                table=_table(report, model, vocabulary, best, level),
                notes=(f"Of the contexts that were seen at least {found.rare_below} times, those of least KL.",),
            )
        )
    return sections


def _table(
    report: DataReport, model: LanguageModel, vocabulary: Vocabulary, places: NDArray[np.int64], level: float
) -> Table:
    found, laws = report.comparison, laws_of(model if report.chain is None else report.chain)
    table = report.counts.suffixes(found.context_length)
    model_rows = laws.rows(found.states[places])[:, : found.vocab_size]  # (b, V)
    data_rows = table.rows(table.find(found.contexts[places]))  # (b, V)
    low, high = frequency_intervals(data_rows, data_rows.sum(axis=1, keepdims=True), level=level)
    names = vocabulary.names
    rows = []
    for row, place in enumerate(places.tolist()):
        p = _tested(found.significance, place)
        rows.append(
            (
                vocabulary.label(found.context(place)),
                f"{found.counts[place]:,}",
                _frequent(names, data_rows[row], low[row], high[row]),
                _likeliest(names, model_rows[row]),
                f"{found.total_variation[place]:.4f}",
                bits(float(found.kl_divergence[place])),
                bits(float(found.excess_bits[place])),
                p,
            )
        )
    columns = [Column(title="context"), Column(title="count")]
    columns += [Column(title="data: most frequent next", align="left"), Column(title="model: likeliest", align="left")]
    columns += [Column(title=title) for title in ("TV", "KL", "excess", "p, adjusted")]
    return Table(columns=tuple(columns), rows=tuple(rows))


def _frequent(
    names: tuple[str, ...], counts: NDArray[np.int64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> str:
    order = np.argsort(-counts, kind="stable")[:_TOKENS_SHOWN]
    first = int(order[0])
    shares = counts / counts.sum()  # (V,)
    interval = f"[{whole_percent(low[first])}-{whole_percent(high[first])}]"
    shown = [f"{names[first]} {whole_percent(shares[first])} {interval}"]
    shown += [f"{names[t]} {whole_percent(shares[t])}" for t in map(int, order[1:]) if counts[t]]
    return "  ".join(shown)


def _likeliest(names: tuple[str, ...], law: NDArray[np.float64]) -> str:
    order = np.argsort(-law, kind="stable")[:_TOKENS_SHOWN]
    return "  ".join(f"{names[t]} {whole_percent(law[t])}" for t in map(int, order) if law[t] >= 0.005)


def _tested(significance: Significance | None, place: int) -> str:
    """The adjusted p-value: two digits, and what is very small as a bound; 0 only where the model excludes a token."""
    if significance is None:
        return ""
    if np.isinf(significance.statistics[place]):
        return "0"
    p = float(significance.adjusted[place])
    return "<1e-15" if p < 1e-15 else f"{p:.2g}"
