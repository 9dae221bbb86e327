"""How is a model found: an object, a built-in, a saved folder, ``file.py:attr``, ``package.module:attr``, a plugin?"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

from markovgpt.errors import ArgumentError, MarkovGPTError, ModelLoadError
from markovgpt.model import LanguageModel, Progress, SizeCheck, check_is_model
from markovgpt.registry.options import CALLBACKS, accepts, check_options
from markovgpt.registry.sources import BUILT_IN, Factory, list_models, plugin

__all__ = ["load_model"]


def load_model(
    model: str | object, *, progress: Progress | None = None, check: SizeCheck | None = None, **options: Any
) -> LanguageModel:
    """A model from its name, its place, or itself.

    Parameters
    ----------
    model : str or object
        In this order: an object behind the protocol, or a function or class that makes one; the name of a built-in
        model ("babygpt", "mingpt"); a folder that ``save_model`` wrote; ``"path/file.py:attr"`` or
        ``"package.module:attr"``; the name of an installed plugin.
    progress, check : callable, optional
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
    callbacks = {name: value for name, value in zip(CALLBACKS, (progress, check), strict=True) if value is not None}
    if not isinstance(model, str):
        return _build(model, type(model).__name__, options, callbacks)
    if model in BUILT_IN:
        module, attribute, _ = BUILT_IN[model]
        return _build(getattr(importlib.import_module(module), attribute), model, options, callbacks)
    if (Path(model) / "config.json").is_file():
        from markovgpt.models.storage import load_saved_model

        return _build(load_saved_model(model), model, options, callbacks)
    if ":" in model:
        place, _, attribute = model.rpartition(":")
        return _build(_attribute(_import(place, model), attribute, model), model, options, callbacks)
    point = plugin(model)
    if point is None:
        raise _unknown(model)
    try:
        factory = point.load()
    except Exception as error:
        package = point.dist.name if point.dist is not None else point.module
        raise ModelLoadError(
            f"The plugin {package}, which brings the model {model!r}, cannot be imported: "
            f"{type(error).__name__}: {error}. To remove it: pip uninstall {package}",
            model=model,
        ) from error
    return _build(factory, model, options, callbacks)


def _build(thing: Any, name: str, options: dict[str, Any], callbacks: dict[str, Any]) -> LanguageModel:
    if isinstance(thing, type) or (callable(thing) and not hasattr(thing, "next_logits")):
        factory: Factory = thing
        arguments = check_options(factory, options, name=name)
        arguments |= {key: value for key, value in callbacks.items() if accepts(factory, key)}
        try:
            thing = factory(**arguments)
        except (MarkovGPTError, KeyboardInterrupt):
            raise
        except Exception as error:
            raise ModelLoadError(f"{name} could not be built: {type(error).__name__}: {error}", model=name) from error
    elif options:
        raise ArgumentError(f"{name} is a finished model and takes no options: got {', '.join(options)}.")
    return check_is_model(thing)


def _import(place: str, spec: str) -> Any:
    path = Path(place)
    try:
        if path.suffix != ".py":
            return importlib.import_module(place)
        found = importlib.util.spec_from_file_location(f"_markovgpt_model_{path.stem}", path)
        if found is None or found.loader is None or not path.is_file():
            raise ModelLoadError(f"There is no Python file {place}, named by the model {spec!r}.", model=spec)
        module = importlib.util.module_from_spec(found)
        sys.modules[found.name] = module  # dataclasses of the file look themselves up here
        found.loader.exec_module(module)
        return module
    except MarkovGPTError:
        raise
    except ModuleNotFoundError as error:
        if error.name is None or not (place == error.name or place.startswith(f"{error.name}.")):
            raise _broken(place, spec, error) from error
        raise ModelLoadError(f"There is no module {error.name}, named by the model {spec!r}.", model=spec) from None
    except Exception as error:
        raise _broken(place, spec, error) from error


def _broken(place: str, spec: str, error: Exception) -> ModelLoadError:
    return ModelLoadError(
        f"{place}, named by the model {spec!r}, cannot be imported: {type(error).__name__}: {error}", model=spec
    )


def _attribute(module: Any, attribute: str, spec: str) -> Any:
    if not hasattr(module, attribute):
        names = [name for name in vars(module) if not name.startswith("_")]
        near = difflib.get_close_matches(attribute, names, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ModelLoadError(f"There is no {attribute!r} in the module of the model {spec!r}.{hint}", model=spec)
    return getattr(module, attribute)


def _unknown(model: str) -> ModelLoadError:
    names = [entry.name for entry in list_models()]
    near = difflib.get_close_matches(model, names, n=1)
    hint = f"Did you mean {near[0]}? " if near else ""
    return ModelLoadError(
        f"There is no model {model!r}. {hint}Known are {', '.join(names)}; or give file.py:attr, package.module:attr, "
        "or the folder of a saved model.",
        model=model,
        known=names,
    )
