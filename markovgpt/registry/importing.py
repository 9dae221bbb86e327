"""How is an object found in ``path/file.py:attr`` or ``package.module:attr``?"""

from __future__ import annotations

import difflib
import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from markovgpt.errors import MarkovGPTError, ModelLoadError
from markovgpt.raised import RAISED, told

__all__ = ["import_object"]


def import_object(spec: str) -> Any:
    """The object that ``spec`` names; modules are looked for in the current folder as well.

    Raises
    ------
    ModelLoadError
        No such file, module or attribute, or importing it failed (its own exception is the cause).
    """
    place, _, attribute = spec.rpartition(":")
    if not (place and attribute):
        raise ModelLoadError(
            f"A place is file.py:attr or package.module:attr, with something on both sides of the colon: got {spec!r}.",
            model=spec,
        )
    try:
        module = _import_file(Path(place), spec) if place.endswith(".py") else _import_module(place)
    except MarkovGPTError:
        raise
    except ModuleNotFoundError as error:
        if error.name is None or not (place == error.name or place.startswith(f"{error.name}.")):
            raise _broken(place, spec, error) from error
        raise ModelLoadError(f"There is no module {error.name}, named by the model {spec!r}.", model=spec) from None
    except RAISED as error:
        raise _broken(place, spec, error) from error
    if not hasattr(module, attribute):
        names = [name for name in vars(module) if not name.startswith("_")]
        near = difflib.get_close_matches(attribute, names, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ModelLoadError(f"There is no {attribute!r} in {place}, named by the model {spec!r}.{hint}", model=spec)
    return getattr(module, attribute)


def _import_file(path: Path, spec: str) -> ModuleType:
    if not path.is_file():
        raise ModelLoadError(f"There is no Python file {path}, named by the model {spec!r}.", model=spec)
    unique = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]
    found = importlib.util.spec_from_file_location(f"_markovgpt_model_{path.stem}_{unique}", path)
    if found is None or found.loader is None:
        raise ModelLoadError(f"{path}, named by the model {spec!r}, is no Python file.", model=spec)
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module  # dataclasses of the file look themselves up here
    with _import_path(path.resolve().parent):
        found.loader.exec_module(module)
    return module


def _import_module(name: str) -> ModuleType:
    with _import_path(Path.cwd()):
        return importlib.import_module(name)


@contextmanager
def _import_path(folder: Path) -> Iterator[None]:
    """Let modules of a folder be imported meanwhile."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def _broken(place: str, spec: str, error: BaseException) -> ModelLoadError:
    return ModelLoadError(f"{place}, named by the model {spec!r}, cannot be imported: {told(error)}", model=spec)
