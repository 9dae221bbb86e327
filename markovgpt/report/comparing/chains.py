"""How do two chains differ? In words, and for programs."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from markovgpt.analysis import StationaryDistribution
from markovgpt.comparison import ChainComparison, ChainLongRun, TokensDistance
from markovgpt.report.comparing.totals import bits
from markovgpt.report.digits import at_most
from markovgpt.report.machine import finite_or_none, program_head
from markovgpt.report.phrases import law_warnings, percent, plural, whole_percent
from markovgpt.report.sections import Column, Section, Table

__all__ = ["chains_sections", "chains_to_dict"]

_TOKENS_SHOWN = 3


def chains_sections(
    found: ChainComparison, distances: tuple[TokensDistance, ...], *, names: tuple[str, str], top: int = 20
) -> list[Section]:
    """Rows, greedy decoding, the long run, texts of several tokens, and the states that differ most."""
    return [
        _rows_section(found, names),
        _long_run_section(found, names),
        _tokens_section(found, distances),
        _states_section(found, names, top=top),
    ]


def _rows_section(found: ChainComparison, names: tuple[str, str]) -> Section:
    n, tv = found.n_states, found.total_variation
    differing = int((tv > 0).sum())
    worst = found.worst_state
    facts = [
        ("states", f"{n:,}, of {plural(found.a.context_length, 'token')} of context"),
        ("rows", f"{differing:,} of {n:,} differ at all"),
    ]
    if differing:
        facts.append(("worst row", f"TV {tv[worst]:.6f} at {found.a.label(worst)}"))
    only = int(((found.only_a > 0) | (found.only_b > 0)).sum())
    if only:
        facts.append(("support", f"in {plural(only, 'state')} a token is possible in one of them only"))
    facts.append(("greedy token", _greedy(found)))
    return Section(title=f"{names[0]} against {names[1]}", facts=tuple(facts))


def _greedy(found: ChainComparison) -> str:
    greedy = found.greedy_states
    if not len(greedy):
        return "the same in every state"
    ties = f", {len(found.greedy_ties):,} of them by a tie" if len(found.greedy_ties) else ""
    time = most = ""
    if found.long_run_a is not None and found.long_run_a.likeliest_greedy_state >= 0:
        time = f", {percent(found.long_run_a.greedy_mass)} of the time"
        most = f", the one most often met {found.a.label(found.long_run_a.likeliest_greedy_state)}"
    first = found.a.label(int(greedy[0]))
    where = f": {first}" if len(greedy) == 1 else f"; the first is {first}{most}"
    return f"another in {plural(len(greedy), 'state')}{ties}{time}{where}"


def _long_run_section(found: ChainComparison, names: tuple[str, str]) -> Section:
    sides = (found.long_run_a, found.long_run_b)
    rows = [
        ("entropy rate, bits per token", *(_of(side, lambda run: bits(run.entropy_rate)) for side in sides)),
        ("KL rate to the other, bits per token", *(_of(side, lambda run: bits(run.kl_rate)) for side in sides)),
        (
            "mean TV of its rows to the other's",
            *(_of(side, lambda run: f"{run.total_variation:.6f}") for side in sides),
        ),
        ("time where the greedy token differs", *(_of(side, lambda run: percent(run.greedy_mass)) for side in sides)),
    ]
    notes = []
    if found.stationary_distance is not None:
        error = found.stationary_distance_error
        proof = "no bound is proven" if math.isinf(error) else f"within {at_most(error)}, proven"
        notes.append(f"TV of their stationary distributions: {found.stationary_distance:.6f} ({proof}).")
    notes += [
        f"{name} has several recurrent classes, and so no one long run."
        for name, side in zip(names, sides, strict=True)
        if side is None
    ]
    warnings = [line for side in sides if side is not None for line in law_warnings(side.stationary)]
    return Section(
        title="In the long run",
        table=Table(
            columns=(Column(title="", align="left"), *(Column(title=name) for name in names)), rows=tuple(rows)
        ),
        notes=tuple(notes),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _of(side: ChainLongRun | None, say: Any) -> str:
    return "" if side is None else str(say(side))


def _tokens_section(found: ChainComparison, distances: tuple[TokensDistance, ...]) -> Section:
    start = "every start alike" if found.long_run_a is None else "a start in the long run of the first"
    rows = [
        (f"{d.n}", f"{d.lower:.6f}", "" if d.lower == d.upper else f"{d.upper:.6f}", "exact" if d.exact else "bounds")
        for d in distances
    ]
    columns = (Column(title="tokens"), Column(title="TV"), Column(title="at most"), Column(title="", align="left"))
    return Section(
        title=f"Texts of several tokens, from {start}",
        table=Table(columns=columns, rows=tuple(rows)),
        notes=("The most by which the two differ in the probability of any set of such texts.",),
    )


def _states_section(found: ChainComparison, names: tuple[str, str], *, top: int) -> Section:
    order = np.argsort(-found.total_variation, kind="stable")[:top]
    order = order[found.total_variation[order] > 0]
    vocabulary = found.a.vocabulary.names
    pi = None if found.long_run_a is None else found.long_run_a.stationary
    rows = [
        (
            found.a.label(state),
            _likeliest(vocabulary, found.a.probabilities[state]),
            _likeliest(vocabulary, found.b.probabilities[state]),
            f"{found.total_variation[state]:.6f}",
            bits(float(found.kl_ab[state])),
            f"{found.jensen_shannon[state]:.4f}",
            _time(pi, state),
        )
        for state in order.tolist()
    ]
    columns = [Column(title="state"), *(Column(title=f"{name}: likeliest", align="left") for name in names)]
    columns += [Column(title=title) for title in ("TV", "KL", "JS", "time there")]
    some = f"The {len(rows)} farthest of {found.n_states:,}. " if len(rows) < found.n_states else ""
    return Section(
        title="States that differ most",
        table=Table(columns=tuple(columns), rows=tuple(rows)) if rows else None,
        notes=(f"{some}KL (bits): of {names[0]} from {names[1]}." if rows else "No row differs.",),
    )


def _likeliest(names: tuple[str, ...], law: NDArray[np.float64]) -> str:
    order = np.argsort(-law, kind="stable")[:_TOKENS_SHOWN]
    return "  ".join(f"{names[t]} {whole_percent(law[t])}" for t in map(int, order) if law[t] >= 0.005)


def _time(pi: StationaryDistribution | None, state: int) -> str:
    return "" if pi is None else percent(float(pi.probabilities[state]))


def chains_to_dict(
    found: ChainComparison, distances: tuple[TokensDistance, ...], *, names: tuple[str, str]
) -> dict[str, Any]:
    """Every number of a comparison of two chains, as JSON holds it; what is infinite is None."""
    a, b = found.a, found.b
    return program_head() | {
        "names": list(names),
        "fingerprints": [a.fingerprint, b.fingerprint],
        "decodings": [asdict(chain.origin.decoding) for chain in (a, b)],
        "tokens": list(a.vocabulary.tokens),
        "context_length": a.context_length,
        "states": {"n_states": found.n_states, "labels": [a.label(s) for s in range(found.n_states)]},
        "rows": {
            "total_variation": found.total_variation.tolist(),
            "kl_ab_bits": [finite_or_none(value) for value in found.kl_ab.tolist()],
            "kl_ba_bits": [finite_or_none(value) for value in found.kl_ba.tolist()],
            "jensen_shannon_bits": found.jensen_shannon.tolist(),
            "only_a": found.only_a.tolist(),
            "only_b": found.only_b.tolist(),
        },
        "greedy": {"states": found.greedy_states.tolist(), "ties": found.greedy_ties.tolist()},
        "long_run": [_long_run(found.long_run_a), _long_run(found.long_run_b)],
        "stationary_distance": found.stationary_distance,
        "stationary_distance_error": finite_or_none(found.stationary_distance_error),
        "texts": [{"n_tokens": d.n, "lower": d.lower, "upper": d.upper, "exact": d.exact} for d in distances],
    }


def _long_run(side: ChainLongRun | None) -> dict[str, Any] | None:
    if side is None:
        return None
    return {
        "certified": side.stationary.certified,
        "entropy_rate_bits": side.entropy_rate,
        "kl_rate_bits": finite_or_none(side.kl_rate),
        "total_variation": side.total_variation,
        "greedy_mass": side.greedy_mass,
        "likeliest_greedy_state": side.likeliest_greedy_state,
    }
