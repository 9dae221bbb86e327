"""How is a loop compiled, and is there a compiler?"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, TypeVar, cast

from markovgpt.interrupts import interrupts_held_back

__all__ = ["can_compile", "compiled", "compiled_exactly", "load_compiler"]

F = TypeVar("F", bound=Callable[..., Any])


def can_compile() -> bool:
    """Whether numba is installed; does not import it."""
    return find_spec("numba") is not None


def load_compiler() -> None:
    """Import numba, if it is there, and hear Ctrl-C only afterwards: half imported, it would fail at its next use."""
    if not can_compile():
        return
    with interrupts_held_back():
        import numba.core.registry  # noqa: F401  # for its effect


def compiled(function: F) -> F:
    """Compile a function at its first call, without the interpreter's lock, and keep the result on disk.

    Divisions by zero give infinity as in NumPy; a product and a sum may be one rounding (FMA), never reordered. Where
    no folder can be written, every process compiles anew.
    """
    return _jit(function, fastmath={"contract"})


def compiled_exactly(function: F) -> F:
    """As :func:`compiled`, with every operation rounded by itself: for arithmetic that computes its own errors."""
    return _jit(function)


def _jit(function: F, **options: Any) -> F:
    from numba import njit

    try:
        return cast("F", njit(cache=True, nogil=True, error_model="numpy", **options)(function))
    except RuntimeError:  # "no locator available": neither __pycache__ nor the user's cache folder can be written
        return cast("F", njit(nogil=True, error_model="numpy", **options)(function))
