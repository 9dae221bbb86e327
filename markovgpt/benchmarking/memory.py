"""How much memory does a call need at its peak, beyond what the program has already?

The kernel is asked. It notes the most physical memory that a process ever had ("high-water mark"), and can be told to
begin anew; so whatever allocates is counted: NumPy, torch, compiled loops, threads. What the program freed before is
given back first, or the call would find it and seem to need nothing.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable
from pathlib import Path

__all__ = ["peak_bytes"]

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def peak_bytes(call: Callable[[], object]) -> int | None:
    """Peak of the physical memory during a call less that before it, in bytes; None where the kernel does not tell.

    The call is made in any case. On Linux the granularity is that of pages; elsewhere there is no answer.
    """
    _give_back()
    before = _now() if _begin_anew() else None
    call()
    peak = _peak()
    return None if before is None or peak is None else max(peak - before, 0)


def _give_back() -> None:
    """Return what was freed to the system, where the C library can."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):  # not glibc
        return


def _begin_anew() -> bool:
    try:
        _RESET.write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def _now() -> int | None:
    return _field("VmRSS")


def _peak() -> int | None:
    return _field("VmHWM")


def _field(name: str) -> int | None:
    try:
        lines = _STATUS.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    kilobytes = [line.split()[1] for line in lines if line.startswith(f"{name}:")]
    return 1024 * int(kilobytes[0]) if kilobytes else None
