"""What does the report of a chain's structure say, and how is it written for programs?"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from markovgpt.analysis import CommunicatingClass, GreedyLoop
from markovgpt.report.ends import ends_sections, ends_to_list
from markovgpt.report.machine import document_head, finite_or_none
from markovgpt.report.phrases import (
    duration,
    percent,
    plural,
    probability,
    shortened,
    state_names,
    underflow_notes,
    which_states,
)
from markovgpt.report.sections import Column, Section, Table
from markovgpt.report.structure import ChainStructure

__all__ = ["structure_json", "structure_sections", "structure_to_dict"]

_PHASES_SHOWN = 8
_STATES_SHOWN = 6


def structure_sections(structure: ChainStructure, *, top: int = 20) -> list[Section]:
    """The sections of the report, in the order of reading; ``top`` is the number of rows of tables that are cut."""
    return [
        _chain_section(structure),
        *_classes_sections(structure, top=top),
        _loops_section(structure, top=top),
        *ends_sections(structure.chain, structure.absorption, top=top),
    ]


def _chain_section(structure: ChainStructure) -> Section:
    chain = structure.chain
    rule = chain.origin.decoding
    return Section(
        title=f"The structure of {chain.origin.model} as a Markov chain",
        facts=(
            ("tokens", f"{chain.vocab_size:,}: {chain.vocabulary.overview(at_most=30)}"),
            ("context", plural(chain.context_length, "token")),
            ("decoding", "none: the model's own law" if rule.is_default else rule.describe()),
            ("states", f"{chain.n_states:,}: {which_states(chain)}"),
        ),
    )


def _classes_sections(structure: ChainStructure, *, top: int) -> list[Section]:
    chain, classes = structure.chain, structure.classes
    recurrent = np.flatnonzero(classes.recurrent)  # (r,)
    n_transient = len(classes) - len(recurrent)
    passed = np.flatnonzero(classes.periods == 0)  # (p,)
    left = np.flatnonzero(~classes.recurrent & (classes.periods > 0))  # (t,) transient, but the chain can come back
    left = left[np.argsort(-classes.sizes[left], kind="stable")]
    facts = [
        ("classes", f"{len(classes):,}: {len(recurrent):,} recurrent, {n_transient:,} transient"),
        ("transient states", f"{classes.n_transient_states:,} of {chain.n_states:,}"),
    ]
    if len(passed):
        first = np.array([classes[i].states[0] for i in passed[:_STATES_SHOWN].tolist()])
        more = f" and {len(passed) - len(first):,} more" if len(passed) > len(first) else ""
        facts.append(("seen at most once", f"{plural(len(passed), 'state')}: {state_names(chain, first)}{more}"))
    rows, shown = [], []
    for number, i in enumerate(np.concatenate([recurrent, left])[:top].tolist(), start=1):
        c = classes[i]
        kind = f"recurrent {number}" if c.recurrent else "transient"
        members = "all states" if len(c.states) == chain.n_states else _names(structure, c.states)
        rows.append((kind, f"{len(c.states):,}", str(c.period), members))
        if c.recurrent and c.period > 1:
            shown.append((number, c))
    notes = []
    if len(classes) == 1:
        notes.append("Irreducible: every state can reach every other.")
    if (classes.periods[recurrent] == 1).all():
        notes.append("Aperiodic: every recurrent class has period 1.")
    if len(recurrent) > 1:
        notes.append("Which recurrent class the chain ends in depends on where it starts.")
    notes += underflow_notes(chain)
    if len(recurrent) + len(left) > len(rows):
        notes.append(f"{len(recurrent) + len(left) - len(rows):,} more classes to which the chain can return.")
    columns = (Column(title="class"), Column(title="states"), Column(title="period"), Column(title="", align="left"))
    table = Table(columns=columns, rows=tuple(rows))
    sections = [Section(title="Communicating classes", facts=tuple(facts), table=table, notes=tuple(notes))]
    several = len(recurrent) > 1
    return sections + [_phases_section(structure, c, f" of recurrent class {k}" if several else "") for k, c in shown]


def _phases_section(structure: ChainStructure, c: CommunicatingClass, of: str) -> Section:
    facts = []
    for phase, states in enumerate(c.cyclic_classes[:_PHASES_SHOWN]):
        facts.append((f"phase {phase}", f"{plural(len(states), 'state')}: {_names(structure, states)}"))
    notes = ["A step leads from each phase to the next, and from the last to the first."]
    if c.period > len(facts):
        notes.append(f"{c.period - len(facts):,} more phases.")
    return Section(title=f"Cyclic classes{of}: period {c.period:,}", facts=tuple(facts), notes=tuple(notes))


def _loops_section(structure: ChainStructure, *, top: int) -> Section:
    chain, loops = structure.chain, structure.loops
    shown = [loops[i] for i in range(min(top, len(loops)))]
    rows = tuple(
        (
            shortened(loop.text),
            f"{len(loop):,}",
            percent(loop.basin_size / chain.n_states),
            probability(loop.turn_probability),
            probability(loop.escape_probability),
            duration(loop.expected_escape_time),
        )
        for loop in shown
    )
    titles = ("length", "basin", "stays a turn", "leaves a turn", "tokens until left")
    columns = (Column(title="loop", align="left"), *(Column(title=title) for title in titles))
    notes = [
        "Always taking the likeliest token ends in one of these; the basin is the share of states from which it does. "
        "Sampling follows a loop for a turn, or leaves it, with these probabilities; tokens until left: expected, "
        "averaged over the states of the loop, the first token off it counted."
    ]
    if len(loops) > len(shown):
        notes.append(f"The {len(shown):,} of {len(loops):,} loops with the largest basins.")
    if len(loops.ties):
        notes.append(
            f"The likeliest token is not unique in {plural(len(loops.ties), 'state')} "
            f"({state_names(chain, loops.ties)}); the lowest is taken."
        )
    on_loops = [shortened(loop.text) for loop in shown if len(loop.ties)]
    if on_loops:
        notes.append(f"Loops with such a state, which another implementation may not have: {', '.join(on_loops)}.")
    longest = max((loop.longest_approach for loop in shown), default=0)
    facts = (("loops", f"{len(loops):,}"), ("longest way to a loop", plural(longest, "token")))
    return Section(
        title="Loops of greedy decoding", facts=facts, table=Table(columns=columns, rows=rows), notes=tuple(notes)
    )


def _names(structure: ChainStructure, states: NDArray[np.int64]) -> str:
    return state_names(structure.chain, states, at_most=_STATES_SHOWN)


def structure_to_dict(structure: ChainStructure) -> dict[str, Any]:
    """Every number of a structure, as JSON holds it. An infinite number is None."""
    chain, classes, loops = structure.chain, structure.classes, structure.loops
    return document_head(chain) | {
        "classes": {
            "n_classes": len(classes),
            "irreducible": len(classes) == 1,
            "aperiodic": bool((classes.periods[classes.recurrent] == 1).all()),
            "n_transient_states": classes.n_transient_states,
            "class_of": classes.class_of.tolist(),
            "phases": classes.phases.tolist(),
            "sizes": classes.sizes.tolist(),
            "recurrent": classes.recurrent.tolist(),
            "periods": classes.periods.tolist(),
        },
        "greedy": {
            "n_loops": len(loops),
            "loop_of": loops.loop_of.tolist(),
            "depth": loops.depth.tolist(),
            "ties": loops.ties.tolist(),
            "loops": [_loop(loop) for loop in loops],
        },
        "absorption": ends_to_list(structure.absorption),
    }


def structure_json(structure: ChainStructure) -> str:
    """:func:`structure_to_dict` as a JSON document."""
    return json.dumps(structure_to_dict(structure), ensure_ascii=False, allow_nan=False) + "\n"


def _loop(loop: GreedyLoop) -> dict[str, Any]:
    return {
        "text": loop.text,
        "tokens": loop.tokens.tolist(),
        "states": loop.states.tolist(),
        "basin_size": loop.basin_size,
        "longest_approach": loop.longest_approach,
        "ties": loop.ties.tolist(),
        "turn_probability": loop.turn_probability,
        "escape_probability": loop.escape_probability,
        "expected_escape_times": [finite_or_none(x) for x in loop.expected_escape_times.tolist()],
    }
