"""What was left out of the chain, and how long are the sequences that it generates?"""

from __future__ import annotations

import numpy as np

from markovgpt.analysis import row_entropies, staying_probability
from markovgpt.report.charts import bar
from markovgpt.report.phrases import percent, plural
from markovgpt.report.record import Analysis
from markovgpt.report.sections import Column, Section, Table
from markovgpt.sparse_chain import ELSEWHERE, END

__all__ = ["left_out_section", "lengths_section"]

_ROWS = 16


def left_out_section(analysis: Analysis) -> Section | None:
    """The probability that was cut off: per state, and on the long run. None where nothing could be."""
    chain = analysis.chain
    if chain.cut is None or not chain.cut.any():
        return None
    worst = int(chain.cut.argmax())
    facts = [
        ("states with a cut", f"{int((chain.cut > 0).sum()):,} of {chain.n_states:,}"),
        ("worst state", f"{percent(float(chain.cut[worst]))} of the probability in {chain.label(worst)}"),
    ]
    pi, lengths = analysis.only_stationary, analysis.lengths
    if lengths is not None and ELSEWHERE in getattr(chain, "special", ()):
        facts.append(("on the long run", f"{percent(float(lengths.visits[-1]))} of the sequences leave"))
    elif lengths is not None:
        left = 1 - staying_probability(chain, 0, chain.cut)
        facts.append(("on the long run", f"{percent(left)} of the model's sequences leave this chain before they end"))
    elif pi is not None:
        facts.append(
            ("on the long run", f"{percent(float(pi.probabilities @ chain.cut))} of the probability, per token")
        )
    fate = "It leads to (elsewhere)" if ELSEWHERE in getattr(chain, "special", ()) else "The rest is divided by its sum"
    notes = (f"Cut off: tokens outside the chosen vocabulary, or below the threshold. {fate}.",)
    return Section(title="What was left out", facts=tuple(facts), notes=notes)


def lengths_section(analysis: Analysis) -> Section | None:
    """How many tokens a sequence has until it ends; None for a chain without an end."""
    lengths, chain = analysis.lengths, analysis.chain
    if lengths is None:
        return None
    p = lengths.probabilities
    ended = float(p.sum())
    if not ended > 0:
        return Section(title="Length of a sequence", warnings=("No sequence ends: the end is never reached.",))
    all_end = lengths.remaining <= 1e-9
    of_which = "" if all_end else "; of those that end"
    ends = {END: "the end, the ending token counted", ELSEWHERE: "the step that leaves the chain"}
    to = " or ".join(text for name, text in ends.items() if name in getattr(chain, "special", ()))
    expected = f"{lengths.mean:.4f} steps from {chain.label(0)} to {to}{of_which}"
    facts = [("expected", expected)]
    if ended > 0.5:
        facts.append(("median", plural(lengths.quantile(0.5), "step")))
    notes = []
    if all_end:
        bits = float(lengths.visits @ row_entropies(chain))
        facts.append(("entropy", f"{bits:.4f} bits a sequence, {bits / lengths.mean:.4f} bits a token"))
    else:
        steps = plural(len(p) - 1, "step")
        notes.append(f"{percent(lengths.remaining)} of the sequences have not ended after {steps}, or never end.")
    shown = np.flatnonzero(p)[:_ROWS]
    rows = tuple((f"{t:,}", percent(float(p[t])), bar(float(p[t] / p.max()))) for t in map(int, shown))
    if len(np.flatnonzero(p)) > _ROWS:
        notes.append(f"Longer than {int(shown[-1]):,}: {percent(max(1 - float(p[: shown[-1] + 1].sum()), 0.0))}.")
    columns = (Column(title="steps"), Column(title="probability"), Column(title="", align="left"))
    return Section(
        title="Length of a sequence", facts=tuple(facts), table=Table(columns=columns, rows=rows), notes=tuple(notes)
    )
