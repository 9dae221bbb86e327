"""What does the report of stationary distributions say? Certain digits, and above them what is not certified."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from markovgpt.analysis import StationaryDistribution
from markovgpt.chain import MarkovChain
from markovgpt.errors import NotComputedError
from markovgpt.report.charts import bar
from markovgpt.report.digits import (
    MOST_DIGITS,
    at_most,
    certain_digits,
    from_the_proof,
    of_decimal,
    proven_interval,
)
from markovgpt.report.ends import ends_sections, start_phrase
from markovgpt.report.phrases import (
    law_warnings,
    method_phrase,
    percent,
    plural,
    state_names,
    took,
    underflow_notes,
    which_states,
)
from markovgpt.report.sections import Column, Section, Table
from markovgpt.report.stationary import StationaryReport
from markovgpt.report.transitions import heaviest_states
from markovgpt.sparse_chain import SparseChain

__all__ = ["GUESSES", "certain_entropy_rate", "certain_probability", "law_sections"]

_SHORT = 6  # digits of numbers that are not asked for
_ROUNDING = 2.0**-50  # of sums of blocks of 128, in each of up to 2^40 terms

GUESSES = "~: the best guess, of which no digit is proven."


def law_sections(report: StationaryReport, *, top: int = 20) -> list[Section]:
    """The sections of a report, in the order of reading; ``top`` is the number of rows of tables that are cut."""
    return [
        _chain_section(report),
        *_class_sections(report, top=top),
        *ends_sections(report.chain, report.ends, top=top),
    ]


def _chain_section(report: StationaryReport) -> Section:
    chain, classes = report.chain, report.classes
    recurrent = int(classes.recurrent.sum())
    return Section(
        title=f"The long run of {chain.origin.model}",
        facts=(
            ("context", plural(chain.context_length, "token")),
            _decoding(chain),
            ("states", f"{chain.n_states:,}: {which_states(chain)}"),
            ("recurrent classes", f"{recurrent:,}"),
            ("transient states", f"{classes.n_transient_states:,}"),
            ("solved in", took(report.seconds)),
        ),
        notes=underflow_notes(chain),
    )


def _decoding(chain: MarkovChain | SparseChain) -> tuple[str, str]:
    rule = chain.origin.decoding
    return "decoding", "none: the model's own law" if rule.is_default else rule.describe()


def _class_sections(report: StationaryReport, *, top: int) -> list[Section]:
    sections = [_class_section(report, i, top) for i in range(min(top, len(report.stationary)))]
    n_classes = int(report.classes.recurrent.sum())
    notes = []
    if len(report.stationary) > len(sections):
        notes.append(f"{len(report.stationary) - len(sections):,} more recurrent classes, each with its own law.")
    if n_classes > len(report.stationary):
        notes.append(f"{n_classes - len(report.stationary):,} more recurrent classes, not computed: interrupted.")
    if missing := [start_phrase(start) for start in report.starts[len(report.ends) :]]:
        notes.append(f"Where it ends from {', '.join(missing)}, not computed: interrupted.")
    return [*sections, *([Section(title="And", notes=tuple(notes))] if notes else [])]


def _class_section(report: StationaryReport, i: int, top: int) -> Section:
    chain, pi = report.chain, report.stationary[i]
    title = "Stationary distribution: where the chain spends its time"
    if report.classes.recurrent.sum() > 1:
        title = f"Stationary distribution of recurrent class {i + 1}"
    shown = heaviest_states(pi.probabilities, pi.states, top=top)
    texts = [certain_probability(pi, s) for s in shown.tolist()]
    peak = float(pi.probabilities.max())
    returns = [_return_time(pi, s) for s in shown.tolist()]
    bars = [bar(float(pi.probabilities[s]) / peak) for s in shown.tolist()]
    labels = [chain.label(s) for s in shown.tolist()]
    notes = []
    if len(shown) < len(pi.states):
        held = _share(pi, shown.tolist())
        notes.append(f"The {len(shown)} likeliest of {len(pi.states):,} states; they hold {held} of the time.")
    notes.append("Digits that are not proven are not shown." + (f" {GUESSES}" if any("~" in t for t in texts) else ""))
    if pi.certified and not pi.error_bound <= report.tolerance and pi.extended is None and not pi.interrupted:
        notes.append(f"No more could be proven: the error asked for was {report.tolerance:g}.")
    columns = [Column(title="state"), Column(title="probability", align="left", folds=False)]  # points below each other
    cells = [labels, texts]
    if any(returns):
        columns.append(Column(title="return time", align="left", folds=False))
        cells.append(returns)
        notes.append("Return time: expected steps from the state back to it.")
    columns.append(Column(title="", align="left"))
    cells.append(bars)
    return Section(
        title=title,
        warnings=law_warnings(pi),
        facts=_proofs(report, i),
        table=Table(columns=tuple(columns), rows=tuple(zip(*cells, strict=True))),
        notes=tuple(notes),
    )


def _proofs(report: StationaryReport, i: int) -> tuple[tuple[str, str], ...]:
    chain, pi = report.chain, report.stationary[i]
    members = "all states" if len(pi.states) == chain.n_states else state_names(chain, pi.states, at_most=8)
    relative = pi.relative_error if pi.extended is None else pi.extended.relative_error
    return (
        ("class", f"{plural(len(pi.states), 'state')}, period {pi.period}: {members}"),
        ("method", method_phrase(pi)),
        ("residual", f"{pi.residual:.1e}"),
        ("total error (L1)", _proven(pi.error_bound)),
        ("error of every entry", _proven(relative, " of it")),
        ("entropy rate", f"{certain_entropy_rate(report, i)} bits per token"),
    )


def _proven(bound: float, unit: str = "") -> str:
    return f"at most {at_most(bound)}{unit}, proven" if math.isfinite(bound) else "nothing is proven"


def certain_probability(pi: StationaryDistribution, state: int, *, most: int = MOST_DIGITS) -> str:
    """The certain digits of the probability of a state of the class."""
    if pi.extended is not None and most == MOST_DIGITS and len(pi.states) > 1:
        try:
            return of_decimal(pi.extended.digits(int(np.searchsorted(pi.states, state))))
        except NotComputedError:
            return "~" + from_the_proof((Fraction(0), Fraction(1)), float(pi.probabilities[state]))[1:]
    return from_the_proof(_interval(pi, state), float(pi.probabilities[state]), at_most=most)


def _interval(pi: StationaryDistribution, state: int) -> tuple[Fraction, Fraction]:
    if len(pi.states) == 1:
        return Fraction(1), Fraction(1)
    if pi.extended is not None:
        p = pi.extended.probabilities[int(np.searchsorted(pi.states, state))]
        return proven_interval(p, error=math.inf, relative_error=pi.extended.relative_error)
    return proven_interval(float(pi.probabilities[state]), error=_error_of_a_sum(pi), relative_error=pi.relative_error)


def _error_of_a_sum(pi: StationaryDistribution) -> float:
    """How wrong the probability of any set of states can be: half the L1 error, since what one place has too much
    another lacks; but for what the sum of all lacks to 1.
    """
    off = abs(float(pi.probabilities.sum()) - 1) + _ROUNDING
    return min(pi.error_bound, (pi.error_bound + off) / 2)


def _share(pi: StationaryDistribution, states: Sequence[int]) -> str:
    """What some of the states hold together."""
    total = math.fsum(pi.probabilities[list(states)].tolist())
    error = min(_error_of_a_sum(pi), 1.0) + _ROUNDING
    nearly_all = 1 - _ROUNDING  # not all: each of the other states has its share
    least, most = (percent(min(max(x, 0.0), nearly_all)) for x in (total - error, total + error))
    return least if least == most else f"about {percent(min(total, 1.0))}"


def _return_time(pi: StationaryDistribution, state: int) -> str:
    """The expected steps from a state back to it, one over its probability."""
    if len(pi.states) == 1:
        return "1"
    low, high = _interval(pi, state)
    if low > 0:
        return certain_digits(1 / high, 1 / low, at_most=_SHORT) or ""
    return ""


def certain_entropy_rate(report: StationaryReport, i: int, *, most: int = 12) -> str:
    """Its certain digits.

    A state has between 0 and log2 V bits, so the rate is wrong by at most the L1 error times that, and by rounding.
    """
    rate, pi = Fraction(report.entropy_rates[i]), report.stationary[i]
    if pi.period == len(pi.states):  # a loop: every token is certain
        return "0"
    n, V = report.chain.n_states, report.chain.vocab_size
    if not math.isfinite(pi.error_bound):
        return f"~{float(rate):.2g}"
    bits = math.log2(V + 1)
    rounding = ((n + V + 16) * float(rate) + (V + 2) * (bits + 2)) * 2.0**-52  # of sums of terms above 0; of row sums
    error = Fraction(pi.error_bound * bits + rounding)
    return certain_digits(rate - error, rate + error, at_most=most) or f"<{at_most(rate + error)}"
