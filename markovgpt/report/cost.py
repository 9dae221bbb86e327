"""What would an enumeration cost, in words?"""

from __future__ import annotations

from markovgpt.enumeration import Cost
from markovgpt.enumeration.quantities import format_bytes, format_seconds
from markovgpt.report.sections import Section

__all__ = ["cost_sections"]


def cost_sections(cost: Cost) -> list[Section]:
    """A prediction: counts, bytes, and the time with its bounds."""
    facts = [
        ("contexts", f"{cost.n_states:,}, by the strategy {cost.strategy!r}"),
        ("token positions", f"{cost.token_positions:,}"),
        ("memory", f"{cost.size}, and {format_bytes(cost.working_bytes)} to work in"),
        ("time", f"about {cost.duration}"),
    ]
    if cost.flops is not None:
        facts.insert(2, ("operations", f"{cost.flops:.3g}"))
    if cost.startup_seconds >= 1:
        facts.append(("first call", f"{format_seconds(cost.startup_seconds)} more, to compile or load what is used"))
    return [
        Section(
            title="What enumeration would cost",
            facts=tuple(facts),
            notes=(cost.note,) if cost.note else (),
        )
    ]
