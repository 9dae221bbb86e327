"""What does the user learn of the cost of an enumeration before it begins?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from markovgpt.cli.output import print_note, print_report

if TYPE_CHECKING:
    from markovgpt.decoding import Decoding
    from markovgpt.enumeration import Cost
    from markovgpt.model import LanguageModel

__all__ = ["announce", "print_cost_and_stop"]

_PATIENCE = 2.0  # seconds: what takes longer is announced


def announce(cost: Cost) -> None:
    """Say on stderr what something long will cost."""
    if cost.seconds >= _PATIENCE:
        print_note(str(cost))


def print_cost_and_stop(model: LanguageModel, decodings: Sequence[Decoding], given: dict[str, Any]) -> None:
    """Print what the enumeration would cost, and which limits it would exceed; the command ends with exit code 0."""
    from markovgpt.enumeration import predict_cost, refusals
    from markovgpt.report.cost import cost_sections

    limits = {name: given.pop(name, None) for name in ("max_states", "max_memory", "max_time")}
    store = given.pop("store", None)
    is_mapped = store is not None and given.get("storage") != "float32"
    given.pop("storage", None)
    cost = predict_cost(model, decoding=decodings[0], **given)
    print_report(cost_sections(cost))
    if store is not None:
        print_note(f"This is for all contexts: what {store} has already was not asked.")
    for refusal in refusals(
        model, cost, asked=given["strategy"], n_rules=len(decodings), in_memory=not is_mapped, **limits
    ):
        print_note(f"This would be refused. {refusal}")
    click.get_current_context().exit(0)
