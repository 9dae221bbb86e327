"""Which models can be named here, and how large are they where that is known?"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any, final

from markovgpt.registry.project import project_models
from markovgpt.registry.registered import registered_models
from markovgpt.registry.sources import BUILT_IN, ENTRY_POINT_GROUP

__all__ = ["ModelEntry", "list_models"]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """A model that can be loaded by name.

    Attributes
    ----------
    name, description : str
    source : str
        "built in", "registered", the package that brings it, or the ``pyproject.toml`` that names it.
    vocab_size, context_length, n_parameters : int, or None
        Where known without loading the model.
    """

    name: str
    source: str
    description: str
    vocab_size: int | None = None
    context_length: int | None = None
    n_parameters: int | None = None


def list_models() -> tuple[ModelEntry, ...]:
    """Built-in models, registered ones, those of installed plugins, and of the project; no plugin is imported."""
    entries = [
        ModelEntry(
            name=name,
            source="built in",
            description=known.description,
            vocab_size=known.vocab_size,
            context_length=known.context_length,
            n_parameters=known.n_parameters,
        )
        for name, known in BUILT_IN.items()
    ]
    entries += [_registered(name, thing) for name, thing in sorted(registered_models().items())]
    for point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.name):
        package = point.dist.name if point.dist is not None else "a plugin"
        summary = point.dist.metadata["Summary"] if point.dist is not None else None
        entries.append(ModelEntry(name=point.name, source=package, description=summary or point.value))
    for name, entry in project_models().items():
        entries.append(ModelEntry(name=name, source=str(entry.source), description=entry.spec))
    return tuple(entries)


def _registered(name: str, thing: Any) -> ModelEntry:
    finished = hasattr(thing, "next_logits") and not isinstance(thing, type)
    return ModelEntry(
        name=name,
        source="registered",
        description=type(thing).__name__ if finished else getattr(thing, "__name__", "factory"),
        vocab_size=thing.vocab_size if finished else None,
        context_length=thing.context_length if finished else None,
        n_parameters=getattr(thing, "n_parameters", None) if finished else None,
    )
