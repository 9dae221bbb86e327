"""What do the model and the data's own chain do in the long run? In words."""

from __future__ import annotations

import math

import numpy as np

from markovgpt.analysis import MixingTime
from markovgpt.comparison import LongRunBehaviour
from markovgpt.report.comparing.record import DataReport
from markovgpt.report.comparing.totals import bits
from markovgpt.report.phrases import law_warnings, percent, shortened
from markovgpt.report.sections import Column, Section, Table
from markovgpt.vocabulary import Vocabulary

__all__ = ["edges_section", "long_run_section"]

_LOOPS = 3
_EDGE_SHOWN = 0.005
_CONTEXTS = 6


def long_run_section(report: DataReport) -> Section:
    """The two chains side by side."""
    own, run = report.own, report.long_run
    if own is None or run is None:
        return Section(title="In the long run", notes=(report.not_computed,))
    data = report.data
    rows = [
        ("entropy rate, bits per token", bits(own.entropy_rate), "" if data is None else bits(data.entropy_rate)),
        ("tokens of context that matter", _order(own), "" if data is None else _order(data)),
        ("steps until the start is forgotten", _mixing(own.mixing), "" if data is None else _mixing(data.mixing)),
        ("loops of greedy decoding", _loops(own), "" if data is None else _loops(data)),
    ]
    facts = [
        ("never seen", f"{percent(run.unseen_mass)} of its time the model is in contexts that the data never show"),
        ("calibration gap", _gap(run.calibration_gap)),
    ]
    if run.data is not None:
        facts.append(("KL rate", f"{bits(run.data.kl_rate)} bits per token, data from model"))
    distances = "   ".join(f"{k}: {distance:.4f}" for k, distance in enumerate(run.gram_distances.tolist(), start=1))
    facts.append(("TV by tokens", f"{distances}   (what it writes against the data, that many tokens at a time)"))
    notes = [
        "A token of context matters if without it the next one is more than 0.01 bits less certain. The start is "
        "forgotten when the total variation is at most 1/4."
    ]
    if run.data is None:
        notes.append(run.data_undefined)
    return Section(
        title="In the long run",
        facts=tuple(facts),
        table=Table(
            columns=(
                Column(title="", align="left"),
                Column(title="model", align="left"),
                Column(title="n-gram chain of the data", align="left"),
            ),
            rows=tuple(rows),
        ),
        notes=tuple(notes),
        warnings=law_warnings(own.stationary),
    )


def edges_section(report: DataReport, vocabulary: Vocabulary) -> Section | None:
    """What beginning and end of the data do to the counts, where it is more than a trifle."""
    run = report.long_run
    if run is None or run.data is None or run.data.edge_effect < _EDGE_SHOWN:
        return None
    K, table = report.comparison.context_length, report.counts.suffixes(report.comparison.context_length)
    shown = np.argsort(-abs(run.data.stationary - run.windows), kind="stable")[:_CONTEXTS]
    own = None if report.own is None else report.own.stationary.probabilities[-(table.vocab_size**K) :]
    rows = []
    for place in shown.tolist():
        number = int(run.contexts[place])
        tokens = [number // table.vocab_size**power % table.vocab_size for power in reversed(range(K))]
        rows.append(
            (
                vocabulary.label(tokens),
                f"{table.totals[place]:,} of {table.n_counted:,}",
                percent(float(run.windows[place])),
                percent(float(run.data.stationary[place])),
                "" if own is None else percent(float(own[number])),
            )
        )
    titles = ("context", "count", "share", "data for ever", "model for ever")
    return Section(
        title="The edges of the data count",
        table=Table(columns=tuple(Column(title=title) for title in titles), rows=tuple(rows)),
        notes=(
            "Data begin and end somewhere, so that contexts are not counted as often as a chain with their frequencies "
            f"visits them: total variation {run.data.edge_effect:.4f}. A model that learned the data perfectly would "
            "settle in the last but one column. --circular counts as if the data went round.",
        ),
    )


def _order(side: LongRunBehaviour) -> str:
    entropies = " ".join(f"{value:.4f}" for value in side.conditional_entropies.tolist())
    return f"{side.effective_order} ({entropies})"


def _mixing(found: MixingTime) -> str:
    if not found.mixes:
        return f"never: {found.reason}"
    if found.exact:
        return f"{found.lower:,.0f}"
    if math.isinf(found.upper):
        return f"at least {found.lower:,.0f}"
    return f"{found.lower:,.0f} to {found.upper:,.0f} (bounds)"


def _loops(side: LongRunBehaviour) -> str:
    loops = side.loops
    shown = ", ".join(shortened(loops[number].text, at_most=24) for number in range(min(len(loops), _LOOPS)))
    return shown + (f" and {len(loops) - _LOOPS:,} more" if len(loops) > _LOOPS else "")


def _gap(gap: float) -> str:
    if math.isinf(gap):
        return "minus infinity: the model excludes what occurs in the data"
    side = "more" if gap > 0 else "less"
    return f"{gap:+.4f} bits per token: what it writes is {side} random than it finds the data"
