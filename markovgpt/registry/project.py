"""Which models does the project in this folder name, under ``[tool.markovgpt.models]`` of its ``pyproject.toml``?

An entry is a model's place, ``name = "src/models.py:tiny"``, or a table with its options,
``name = { model = "mingpt", data = "book.txt" }``. Paths are relative to the ``pyproject.toml``.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from markovgpt.errors import ModelLoadError

__all__ = ["ProjectModel", "project_models"]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectModel:
    """A model that a ``pyproject.toml`` names: its place, its options, and the file."""

    spec: str
    options: dict[str, Any] = field(default_factory=dict)
    source: Path


def project_models(folder: Path | None = None) -> dict[str, ProjectModel]:
    """Names of the nearest ``pyproject.toml`` at or above ``folder`` (the current one) that has the table.

    Raises
    ------
    ModelLoadError
        The file cannot be read as TOML, or an entry is neither a text nor a table with ``model``.
    """
    here = Path.cwd() if folder is None else folder
    for place in (here, *here.parents):
        path = place / "pyproject.toml"
        if not path.is_file():
            continue
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ModelLoadError(f"{path} cannot be read: {error}", path=str(path)) from None
        entries: Any = document
        for key in ("tool", "markovgpt", "models"):
            entries = entries.get(key) if isinstance(entries, dict) else entries
        if entries is not None and not isinstance(entries, dict):
            raise ModelLoadError(f"[tool.markovgpt.models] in {path} must be a table: got {entries!r}.", path=str(path))
        if entries is not None:
            return {name: _entry(name, entry, path) for name, entry in entries.items()}
    return {}


def _entry(name: str, entry: Any, source: Path) -> ProjectModel:
    table = {"model": entry} if isinstance(entry, str) else entry
    if not isinstance(table, dict) or not isinstance(table.get("model"), str):
        raise ModelLoadError(
            f'The model {name!r} under [tool.markovgpt.models] in {source} must be a place, name = "file.py:attr", or '
            f'a table with one, {{ model = "mingpt", data = "book.txt" }}: got {entry!r}.',
            name=name,
        )
    options = {key: _located(value, source) for key, value in table.items() if key != "model"}
    return ProjectModel(spec=_place(table["model"], source), options=options, source=source)


def _place(spec: str, source: Path) -> str:
    """A model's place, with a Python file or a saved model beside the ``pyproject.toml`` as an absolute path.

    A folder alone is none: it may be the package of ``package:attr``, or have the name of a built-in model.
    """
    path, colon, attribute = spec.rpartition(":") if ":" in spec else (spec, "", "")
    beside = source.parent / path
    found = beside.is_file() if colon else (beside / "config.json").is_file()
    return f"{beside}{colon}{attribute}" if found else spec


def _located(value: Any, source: Path) -> Any:
    """A relative path to something beside the ``pyproject.toml`` as an absolute one; any other value as it is."""
    beside = source.parent / value if isinstance(value, str) and value else None
    return str(beside) if beside is not None and beside.exists() else value
