"""What was meant by the name of a model that is a file or a folder?"""

from __future__ import annotations

import ast
from pathlib import Path

__all__ = ["said_of_path"]

_MOST = 8  # names


def said_of_path(path: Path) -> str:
    """What is there, and how a model in it is named; empty if nothing is there."""
    if path.is_dir():
        return f"{path} is a folder, but none that save_model wrote: it has no config.json."
    if not path.is_file():
        return ""
    if path.suffix != ".py":
        return (
            f"{path} is a file, and no Python file. A model is named by file.py:NAME, or by the folder it was saved in."
        )
    names = _names_in(path)
    if len(names) == 1:
        return f"{path} is a file, and what is in it is named by {path}:{names[0]}."
    listed = f" In it are {', '.join(names[:_MOST])}{', ...' if len(names) > _MOST else ''}." if names else ""
    return f"{path} is a file, and what is in it is named by {path}:NAME.{listed}"


def _names_in(path: Path) -> list[str]:
    """Public functions, classes and variables of a Python file, which is read and not run; none if that fails."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, ValueError, SyntaxError):
        return []
    names: list[str] = []
    for part in tree.body:
        if isinstance(part, ast.FunctionDef | ast.ClassDef):
            names.append(part.name)
        elif isinstance(part, ast.Assign | ast.AnnAssign):
            targets = part.targets if isinstance(part, ast.Assign) else [part.target]
            names += [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]
    return [name for name in dict.fromkeys(names) if not name.startswith("_")]
