"""How is a loop compiled, and is there a compiler?"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, TypeVar, cast

__all__ = ["can_compile", "compiled"]

F = TypeVar("F", bound=Callable[..., Any])


def can_compile() -> bool:
    """Whether numba is installed; does not import it."""
    return find_spec("numba") is not None


def compiled(function: F) -> F:
    """Compile a function at its first call, without the interpreter's lock, and keep the result on disk.

    Divisions by zero give infinity as in NumPy; a product and a sum may be one rounding (FMA), never reordered.
    """
    from numba import njit

    return cast("F", njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})(function))
