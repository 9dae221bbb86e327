"""What does the report of an analysis say, section by section?"""

from __future__ import annotations

from math import isinf
from typing import Any

from markovgpt.model import model_name, tokens_of
from markovgpt.report.charts import bar, curve
from markovgpt.report.endings import left_out_section, lengths_section
from markovgpt.report.phrases import (
    bound_phrase,
    law_warnings,
    loop_phrase,
    plural,
    probability,
    state_names,
    took,
    underflow_notes,
    which_states,
)
from markovgpt.report.record import Analysis
from markovgpt.report.sections import Column, Section, Table
from markovgpt.report.transitions import heaviest_states, transitions_section

__all__ = ["report_sections"]

_LOOPS_SHOWN = 3


def report_sections(analysis: Analysis, *, top: int = 20) -> list[Section]:
    """The sections of a report, in the order of reading; ``top`` is the number of rows of tables that are cut."""
    sections = [
        _model_section(analysis),
        _training_section(analysis),
        transitions_section(analysis, top=top),
        left_out_section(analysis),
        lengths_section(analysis),
        _classes_section(analysis, top=top),
        *_stationary_sections(analysis, top=top),
        _entropy_section(analysis),
        _cost_section(analysis),
    ]
    return [section for section in sections if section is not None]


def _model_section(analysis: Analysis) -> Section:
    model, chain = analysis.model, analysis.chain
    config: Any = getattr(getattr(model, "network", None), "config", None)  # of our own GPT, or something else
    parameters = getattr(model, "n_parameters", None)
    facts = [("tokens", f"{chain.vocab_size:,}: {chain.vocabulary.overview(at_most=30)}")]
    facts.append(("context", plural(chain.context_length, "token")))
    if all(hasattr(config, name) for name in ("n_layer", "n_head", "n_embd")):
        facts.append(
            ("network", f"{plural(config.n_layer, 'layer')}, {plural(config.n_head, 'head')}, {config.n_embd} wide")
        )
    if parameters is not None:
        facts.append(("parameters", f"{parameters:,}"))
    tokens = tokens_of(model)
    if tokens is not None:
        text = chain.vocabulary.label(tokens.tolist()) if len(tokens) <= 40 else ""
        facts.append(("data", f"{plural(len(tokens), 'token')}{f': {text}' if text else ''}"))
    rule = chain.origin.decoding
    facts.append(("decoding", "none: the model's own law" if rule.is_default else rule.describe()))
    if chain.origin.model_fingerprint:
        facts.append(("fingerprint", chain.origin.model_fingerprint[:12]))
    facts.append(("states", f"{chain.n_states:,}: {which_states(chain)}"))
    defect = chain.origin.row_defect
    notes = (f"Rows were divided by their sums, which missed 1 by up to {defect:.1e}.",) if defect > 1e-12 else ()
    return Section(title=f"{model_name(model)} as a Markov chain", facts=tuple(facts), notes=notes)


def _training_section(analysis: Analysis) -> Section | None:
    training: Any = getattr(analysis.model, "training", None)
    losses = getattr(training, "losses", ())
    if not losses:
        return None
    rows, high, low = curve(losses)
    labels = [f"{high:.4f}"] + [""] * (len(rows) - 2) + [f"{low:.4f}"]
    lines = tuple(f"{label:>8} ┤{row}" for label, row in zip(labels, rows, strict=True))
    width = max(map(len, rows))
    facts = [
        ("steps", f"{len(losses):,} in {took(training.seconds)}"),
        ("loss", f"{losses[0]:.6f} before the first update, {losses[-1]:.6f} before the last (nats per token)"),
    ]
    notes = [f"A column is the mean of {len(losses) / width:.0f} steps."] if len(losses) > width else []
    if training.validation_loss is not None:
        facts.append(
            ("validation", f"{training.validation_loss:.6f} nats on the last {training.n_validation_tokens:,} tokens")
        )
        if training.settings.loss == "all":
            notes.append(
                "The loss is over every position of a window, short contexts included; validation over full ones."
            )
    elif training.settings.validation:
        notes.append("The data are too short to keep a part for validation.")
    return Section(title="Training", facts=tuple(facts), lines=lines, notes=tuple(notes))


def _classes_section(analysis: Analysis, *, top: int) -> Section:
    classes, chain = analysis.classes, analysis.chain
    recurrent = classes.recurrent_classes
    facts = []
    for number, c in enumerate(recurrent[:top], start=1):
        name = "recurrent class" if len(recurrent) == 1 else f"recurrent class {number}"
        described = "all states" if len(c.states) == chain.n_states else state_names(chain, c.states)
        facts.append((name, f"{plural(len(c.states), 'state')}, period {c.period}: {described}"))
    if len(recurrent) > top:
        facts.append(("and", f"{len(recurrent) - top:,} more recurrent classes"))
    facts.append(("transient", plural(classes.n_transient_states, "state") if classes.n_transient_states else "none"))
    for number in range(min(len(analysis.loops), _LOOPS_SHOWN)):
        name = "greedy loop" if len(analysis.loops) == 1 else f"greedy loop {number + 1}"
        facts.append((name, loop_phrase(analysis.loops[number], chain.n_states)))
    notes = []
    if len(analysis.loops) > _LOOPS_SHOWN:
        notes.append(f"{len(analysis.loops) - _LOOPS_SHOWN:,} more greedy loops: markovgpt structure shows them.")
    if len(recurrent) == 1 and len(classes) == 1:
        notes.append("Irreducible: every state can reach every other.")
    if len(recurrent) > 1:
        notes.append("Which recurrent class the chain ends in depends on where it starts; each has a law of its own.")
    if len(analysis.greedy_ties):
        notes.append(
            f"The likeliest token is not unique in {plural(len(analysis.greedy_ties), 'state')} "
            f"({state_names(chain, analysis.greedy_ties)}); greedy decoding takes the lowest."
        )
    notes += underflow_notes(chain)
    return Section(title="Structure", facts=tuple(facts), notes=tuple(notes))


def _stationary_sections(analysis: Analysis, *, top: int) -> list[Section]:
    if analysis.not_computed:
        return [Section(title="Stationary distribution", warnings=(analysis.not_computed,))]
    if analysis.lengths is not None:
        return []  # every sequence ends: the long run is the end, and nothing is to be said of it
    chain, sections = analysis.chain, []
    for number, pi in enumerate(analysis.stationary[:top], start=1):
        p = pi.probabilities
        shown = heaviest_states(p, pi.states, top=top)
        peak = float(p.max())
        guess = "" if pi.certified else "~"
        title = "Stationary distribution: where the chain spends its time"
        if len(analysis.stationary) > 1:
            title = f"Stationary distribution of recurrent class {number}"
        notes = []
        if len(shown) < len(pi.states):
            notes.append(
                f"The {len(shown)} likeliest of {len(pi.states):,} states; they hold {p[shown].sum():.1%} of the time."
            )
        phrase = bound_phrase(pi)
        sections.append(
            Section(
                title=title,
                table=Table(
                    columns=(Column(title="state"), Column(title="probability"), Column(title="", align="left")),
                    rows=tuple(
                        (chain.label(s), guess + probability(float(p[s])), bar(p[s] / peak)) for s in map(int, shown)
                    ),
                ),
                notes=(*notes, *((phrase,) if pi.certified else ())),
                warnings=law_warnings(pi),
            )
        )
    if len(analysis.stationary) > top:
        more = len(analysis.stationary) - top
        sections.append(Section(title="And", notes=(f"{more:,} more recurrent classes, each with its own law.",)))
    return sections


def _entropy_section(analysis: Analysis) -> Section | None:
    facts = []
    rates = () if analysis.lengths is not None else analysis.entropy_rates
    for number, rate in enumerate(rates[:8], start=1):
        name = "entropy rate" + (f" of class {number}" if len(rates) > 1 else "")
        facts.append((name, f"{rate:.6f} bits per token (perplexity {2**rate:.4f}): what the model generates"))
    notes = []
    if analysis.comparison is not None:
        bits = analysis.comparison.cross_entropy
        said = "infinite (a token that occurs in the data is excluded)" if isinf(bits) else f"{bits:.6f} bits per token"
        facts.append(("training cross-entropy", f"{said}: model on its data"))
        facts.append(
            (
                "data entropy",
                f"{analysis.comparison.conditional_entropy:.6f} bits per token: the least that any law "
                "of this context can reach on the data",
            )
        )
        if not analysis.chain.origin.decoding.is_default:
            notes.append(f"All after decoding: {analysis.chain.origin.decoding.describe()}.")
    return Section(title="Uncertainty of the next token", facts=tuple(facts), notes=tuple(notes)) if facts else None


def _cost_section(analysis: Analysis) -> Section:
    origin = analysis.chain.origin
    facts = [
        (
            "contexts",
            f"{analysis.chain.n_states:,} in {plural(origin.model_calls, 'call')} of the model "
            f"({origin.strategy}), {plural(origin.token_positions, 'token position')}, {took(origin.seconds)}",
        )
    ]
    if origin.predicted_seconds is not None:
        facts.append(("predicted", took(origin.predicted_seconds)))
    if origin.check_positions:
        facts.append(
            ("compared", f"with the law of whole contexts, {plural(origin.check_positions, 'token position')} more")
        )
    if origin.rounding is not None:
        facts.append(("rounding", f"float32; probabilities within {origin.rounding:.1e} of float64, in a sample"))
    notes = (origin.note,) if origin.note else ()
    return Section(title="What enumeration cost", facts=tuple(facts), notes=notes)
