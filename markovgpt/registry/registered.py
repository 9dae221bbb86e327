"""Which models did this process register under a name?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

from markovgpt.errors import ArgumentError
from markovgpt.registry.sources import BUILT_IN

__all__ = ["register", "registered_models"]

T = TypeVar("T")

_REGISTERED: dict[str, Any] = {}  # the one table that lives as long as the process: it is what registering means


@overload
def register(name: str) -> Callable[[T], T]: ...
@overload
def register(name: str, model: T) -> T: ...
def register(name: str, model: Any = None) -> Any:
    """Give a model, or a function or class that makes one, a name for :func:`load_model` in this process.

    Use as a call, ``register("mine", model)``, or as a decorator, ``@register("mine")``.

    Raises
    ------
    ArgumentError
        The name is built in or registered already, or is not one (empty, or with a colon or slash).

    Examples
    --------
    >>> import numpy as np, markovgpt as mg
    >>> @register("docs-coin")
    ... def coin(*, bias: float = 0.5):
    ...     law = np.log([1 - bias, bias])
    ...     return mg.from_callable(lambda c: np.tile(law, (len(c), 1)), vocab_size=2, context_length=1)
    >>> mg.build_chain(mg.load_model("docs-coin", bias=0.25)).row("0")
    array([0.75, 0.25])
    """
    if not name or any(character in name for character in ":/\\"):
        raise ArgumentError(f"The name of a model has no colon or slash and is not empty: got {name!r}.", name=name)
    if name in BUILT_IN or name in _REGISTERED:
        raise ArgumentError(f"There is a model {name!r} already: choose another name.", name=name)
    if model is None:

        def decorate(thing: T) -> T:
            register(name, thing)
            return thing

        return decorate
    _REGISTERED[name] = model
    return model


def registered_models() -> dict[str, Any]:
    """Name to model or factory, a copy."""
    return dict(_REGISTERED)
