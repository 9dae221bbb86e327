"""Where can a model come from, and which are known by name?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, final

__all__ = ["BUILT_IN", "ENTRY_POINT_GROUP", "Factory", "ModelEntry", "list_models", "plugin"]

Factory = Callable[..., Any]

BUILT_IN: dict[str, tuple[str, str, str]] = {
    "babygpt": (
        "markovgpt.models.babygpt",
        "babygpt",
        "the notebook's GPT: 2 tokens, context 3, 8 states, 12,656 parameters, trained 50 steps",
    ),
    "mingpt": (
        "markovgpt.models.recipe",
        "mingpt",
        "a minGPT of any shape: trained on your text (--data FILE) or untrained (-M vocab_size=27)",
    ),
}
"""Name to module, attribute, and one line on it; the module is imported when the model is wanted."""

ENTRY_POINT_GROUP = "markovgpt.models"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """A model that can be loaded by name; ``source`` is "built in" or the package that brings it."""

    name: str
    source: str
    description: str


def list_models() -> tuple[ModelEntry, ...]:
    """The built-in models and those of installed plugins; nothing is imported."""
    built_in = [ModelEntry(name=name, source="built in", description=text) for name, (_, _, text) in BUILT_IN.items()]
    plugins = [
        ModelEntry(name=point.name, source=_package(point), description=point.value)
        for point in entry_points(group=ENTRY_POINT_GROUP)
    ]
    return tuple(built_in + sorted(plugins, key=lambda entry: entry.name))


def plugin(name: str) -> EntryPoint | None:
    """The plugin of that name, not yet imported."""
    return next(iter(entry_points(group=ENTRY_POINT_GROUP, name=name)), None)


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "a plugin"
