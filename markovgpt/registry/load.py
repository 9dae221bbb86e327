"""How is a model found: an object, a built-in, a saved folder, ``file.py:attr``, ``package.module:attr``, a plugin?"""

from __future__ import annotations

import difflib
import importlib
from functools import partial
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from markovgpt.errors import ArgumentError, MarkovGPTError, ModelLoadError
from markovgpt.model import Checkpoint, LanguageModel, Progress, SizeCheck, check_is_model
from markovgpt.raised import RAISED, told
from markovgpt.registry.importing import import_object
from markovgpt.registry.options import CALLBACKS, accepts, check_options
from markovgpt.registry.paths import said_of_path
from markovgpt.registry.project import project_models
from markovgpt.registry.registered import registered_models
from markovgpt.registry.sources import BUILT_IN, Factory, plugin

__all__ = ["load_model", "takes_option"]


def load_model(
    model: str | object,
    /,
    *,
    progress: Progress | None = None,
    check: SizeCheck | None = None,
    checkpoint: Checkpoint | None = None,
    **options: Any,
) -> LanguageModel:
    """A model from its name, its place, or itself.

    Parameters
    ----------
    model : str or object
        In this order: an object behind the protocol, or a function or class that makes one; a name given to
        :func:`register`; a built-in model ("babygpt", "mingpt", "ngram"); a folder that ``save_model`` wrote;
        ``"path/file.py:attr"`` or ``"package.module:attr"``; the name of an installed plugin; a name under
        ``[tool.markovgpt.models]`` in the nearest ``pyproject.toml``.
    progress, check, checkpoint : callable, optional
        Passed to factories that take them; see :mod:`markovgpt.model`.
    **options
        Passed to the factory. Strings are read as the type that it declares.

    Raises
    ------
    ModelLoadError
        No such model (with the nearest name), or it cannot be imported or built.
    ArgumentError
        An option that the factory does not take, or cannot take with this value.

    Examples
    --------
    >>> load_model("mingpt", vocab_size=5, context_length=2).vocab_size
    5
    """
    given = zip(CALLBACKS, (progress, check, checkpoint), strict=True)
    callbacks = {name: value for name, value in given if value is not None}
    thing, name, defaults = _find(model, asked=())
    return _build(thing, name, {**defaults, **options}, callbacks)


def takes_option(model: str | object, option: str) -> bool:
    """Whether a model is made by a function or class that takes an option of this name.

    Raises
    ------
    ModelLoadError
        As for :func:`load_model`.

    Examples
    --------
    >>> takes_option("mingpt", "data"), takes_option("mingpt", "path")
    (True, False)
    """
    thing, _, _ = _find(model, asked=())
    return _is_factory(thing) and accepts(thing, option)


def _find(model: str | object, *, asked: tuple[str, ...]) -> tuple[Any, str, dict[str, Any]]:
    """A finished model or what makes one, its name, and options from the project's file.

    ``asked`` are the names under ``[tool.markovgpt.models]`` that led here.
    """
    if not isinstance(model, str):
        return model, type(model).__name__, {}
    if model in (known := registered_models()):
        return known[model], model, {}
    if model in BUILT_IN:
        module, attribute = BUILT_IN[model].place.split(":")
        return getattr(importlib.import_module(module), attribute), model, {}
    if (Path(model) / "config.json").is_file():
        from markovgpt.models.storage import load_saved_model

        return partial(load_saved_model, model), model, {}
    if ":" in model:
        return import_object(model), model, {}
    if (point := plugin(model)) is not None:
        return _load_plugin(point), model, {}
    if (entry := project_models().get(model)) is not None:
        names = (*asked, model)
        if entry.spec in names:
            way = " -> ".join((*names, entry.spec))
            raise ModelLoadError(f"The model {model!r} in {entry.source} names itself: {way}.", model=model)
        thing, name, options = _find(entry.spec, asked=names)
        return thing, name, {**options, **entry.options}
    raise _unknown(model)


def _load_plugin(point: EntryPoint) -> Any:
    try:
        return point.load()
    except RAISED as error:
        package = point.dist.name if point.dist is not None else point.module
        raise ModelLoadError(
            f"The plugin {package}, which brings the model {point.name!r}, cannot be imported: "
            f"{told(error)}. To remove it: pip uninstall {package}",
            model=point.name,
        ) from error


def _build(thing: Any, name: str, options: dict[str, Any], callbacks: dict[str, Any]) -> LanguageModel:
    if _is_factory(thing):
        factory: Factory = thing
        arguments = check_options(factory, options, name=name)
        arguments |= {key: value for key, value in callbacks.items() if accepts(factory, key)}
        try:
            thing = factory(**arguments)
        except MarkovGPTError:
            raise
        except RAISED as error:
            raise ModelLoadError(f"{name} could not be built: {told(error)}", model=name) from error
    elif options:
        raise ArgumentError(f"{name} is a finished model and takes no options: got {', '.join(options)}.")
    return check_is_model(thing)


def _is_factory(thing: Any) -> bool:
    """Whether this makes a model, and is none."""
    return isinstance(thing, type) or (callable(thing) and not hasattr(thing, "next_logits"))


def _unknown(model: str) -> ModelLoadError:
    if model and (said := said_of_path(Path(model))):
        return ModelLoadError(f"There is no model {model!r}: {said}", model=model)
    from markovgpt.registry.listing import list_models  # reads the project's file: only when it is needed

    names = [entry.name for entry in list_models()]
    near = difflib.get_close_matches(model, names, n=1)
    hint = f"Did you mean {near[0]}? " if near else ""
    return ModelLoadError(
        f"There is no model {model!r}. {hint}Known are {', '.join(names)}; or give file.py:attr, package.module:attr, "
        "or the folder of a saved model.",
        model=model,
        known=names,
    )
