"""Which arrows does the chain have, and what did the data do in the same place?"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from markovgpt.chain import MarkovChain
from markovgpt.report.phrases import percent
from markovgpt.report.record import Analysis
from markovgpt.report.sections import Column, Section, Table
from markovgpt.sparse_chain import SparseChain

__all__ = ["heaviest_states", "transitions_section"]

_MOST_ARROWS = 64
_TOKENS_SHOWN = 4


def transitions_section(analysis: Analysis, *, top: int) -> Section:
    """One row an arrow for small chains; above 64 arrows one row a state, for the states that matter most."""
    chain = analysis.chain
    if isinstance(chain, MarkovChain) and chain.probabilities.size <= _MOST_ARROWS:
        return _by_arrow(analysis, chain)
    return _by_state(analysis, top=top)


def heaviest_states(weights: NDArray[np.float64], among: NDArray[np.int64], *, top: int) -> NDArray[np.int64]:
    """All of ``among`` in their order if they are at most ``top``; else the ``top`` heaviest, heaviest first."""
    if len(among) <= top:
        return among
    order = np.argsort(-weights[among], kind="stable")[:top]
    return among[order]


def _by_arrow(analysis: Analysis, chain: MarkovChain) -> Section:
    counts = analysis.counts
    tv = _tv_by_state(analysis)
    successors = chain.states.successors(np.arange(chain.n_states))  # (n, V)
    rows = []
    for s in range(chain.n_states):
        after = np.zeros(chain.vocab_size) if counts is None else counts.after(s)  # (V,)
        total = int(after.sum())
        for t, name in enumerate(chain.vocabulary.names):
            first = t == 0
            cells = [chain.label(s) if first else "", name, "→", chain.label(int(successors[s, t]))]
            cells.append(percent(chain.probabilities[s, t]))
            if counts is not None:
                data, count = "", "never seen" if first else ""
                if total:
                    data = percent(after[t] / total)
                    count = f"{after[t]:,} of {total:,}"
                cells += [data, count, f"{tv[s]:.4f}" if first and s in tv else ""]
            rows.append(tuple(cells))
    columns = [Column(title=title) for title in ("state", "token", "", "next state", "model")]
    if counts is not None:
        columns += [Column(title="data"), Column(title="count"), Column(title="TV")]
    return Section(
        title="Transitions",
        table=Table(columns=tuple(columns), rows=tuple(rows)),
        notes=_notes(analysis),
    )


def _by_state(analysis: Analysis, *, top: int) -> Section:
    chain, counts = analysis.chain, analysis.counts
    pi = analysis.only_stationary
    weights = np.zeros(chain.n_states)
    by = "first states"
    if analysis.lengths is not None:
        weights, by = analysis.lengths.visits, "states visited most from the start"
    elif pi is not None:
        weights, by = pi.probabilities, "states with the largest stationary probability"
    elif counts is not None:
        weights[counts.contexts], by = counts.totals, "states most frequent in the data"
    contexts = np.arange(len(chain.contexts) if isinstance(chain, SparseChain) else chain.n_states)
    shown = heaviest_states(weights, contexts, top=top)
    tv = _tv_by_state(analysis)
    rows = []
    for s in map(int, shown):
        cells = [chain.label(s), _likeliest(chain.row(s), chain.vocabulary.names)]
        if counts is not None:
            after = counts.after(s)  # (V,)
            total = int(after.sum())
            cells.append(_likeliest(after / max(total, 1), chain.vocabulary.names))
            cells += [f"{total:,}" if total else "never seen", f"{tv[s]:.4f}" if s in tv else ""]
        rows.append(tuple(cells))
    columns = [Column(title="state"), Column(title="model: likeliest next", align="left")]
    if counts is not None:
        columns += [Column(title="data: most frequent next", align="left"), Column(title="count"), Column(title="TV")]
    of_all = f"The {len(rows)} {by}, of {len(contexts):,}." if len(rows) < len(contexts) else ""
    return Section(
        title="Transitions",
        table=Table(columns=tuple(columns), rows=tuple(rows)),
        notes=(*((of_all,) if of_all else ()), *_notes(analysis)),
    )


def _likeliest(law: NDArray[np.float64], names: Iterable[str]) -> str:
    texts = tuple(names)
    order = np.argsort(-law, kind="stable")[:_TOKENS_SHOWN]
    return "  ".join(f"{texts[t]} {law[t]:.0%}" for t in map(int, order) if law[t] >= 0.005)


def _tv_by_state(analysis: Analysis) -> dict[int, float]:
    if analysis.comparison is None:
        return {}
    states, distances = analysis.comparison.states, analysis.comparison.total_variation
    return dict(zip(states.tolist(), distances.tolist(), strict=True))


def _notes(analysis: Analysis) -> tuple[str, ...]:
    counts = analysis.counts
    if counts is None:
        walked = isinstance(analysis.chain, SparseChain)
        return () if walked else ("The model has no training data to compare with.",)
    seen, n = len(counts), analysis.chain.n_states
    notes = [f"{seen:,} of {n:,} states occur in the training data; no data say what to do in the others."]
    if seen == n:
        notes = [f"All {n:,} states occur in the training data."]
    pi = analysis.only_stationary
    if pi is not None and seen < n:
        notes.append(
            f"It spends {percent(float(pi.probabilities[~counts.seen(n)].sum()))} of its time in states never seen."
        )
    notes.append("TV: total variation between model and data in this state, 0 alike to 1 disjoint.")
    return tuple(notes)
