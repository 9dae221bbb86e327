"""Which models are built in, and which does an installed plugin bring?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, final

__all__ = ["BUILT_IN", "ENTRY_POINT_GROUP", "BuiltIn", "Factory", "plugin"]

Factory = Callable[..., Any]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltIn:
    """Where a built-in model is, one line on it, and its size where that is fixed."""

    place: str
    description: str
    vocab_size: int | None = None
    context_length: int | None = None
    n_parameters: int | None = None


BUILT_IN = {
    "babygpt": BuiltIn(
        place="markovgpt.models.babygpt:babygpt",
        description="the notebook's GPT: 0s and 1s, 8 states, trained 50 steps",
        vocab_size=2,
        context_length=3,
        n_parameters=12_656,
    ),
    "mingpt": BuiltIn(
        place="markovgpt.models.recipe:mingpt",
        description="a minGPT of any shape: trained on your text (--data FILE) or untrained (-M vocab_size=27)",
    ),
    "ngram": BuiltIn(
        place="markovgpt.ngrams.recipe:ngram",
        description="the Markov chain of your data (--data FILE) of some order (-M order=3), smoothed or not",
    ),
}
"""Name to model; the module is imported when the model is wanted."""

ENTRY_POINT_GROUP = "markovgpt.models"


def plugin(name: str) -> EntryPoint | None:
    """The plugin of that name, not yet imported."""
    return next(iter(entry_points(group=ENTRY_POINT_GROUP, name=name)), None)
