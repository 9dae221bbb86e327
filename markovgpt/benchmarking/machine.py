"""What is this machine, and how fast can it multiply and copy at best?"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import final

import numpy as np

from markovgpt.kernels.threads import run_in_pieces, usable_processors

__all__ = ["COPIED_BYTES", "SGEMM_FLOPS", "Machine", "copy_call", "sgemm_call", "this_machine"]

_PACKAGES = ("markovgpt", "numpy", "scipy", "torch", "numba")
_SIDE = 1024  # of the square matrices

SGEMM_FLOPS = 2 * _SIDE**3
"""Multiplications and additions of one :func:`sgemm_call`."""
COPIED_BYTES = 2**26
"""Bytes that one :func:`copy_call` writes; it reads as many. More than the caches of most processors hold."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where something was measured, without names or places of the user's.

    Attributes
    ----------
    processor : str
        Model of the processor.
    n_processors : int
        Those that the process may use.
    memory_bytes : int, or None
        Physical memory; None if it is not known.
    system : str
        Such as ``"Linux x86_64"``.
    versions : dict
        Of Python and of the packages that compute.
    """

    processor: str
    n_processors: int
    memory_bytes: int | None
    system: str
    versions: dict[str, str]


def this_machine() -> Machine:
    """The machine at hand."""
    return Machine(
        processor=_processor(),
        n_processors=usable_processors(),
        memory_bytes=_memory_bytes(),
        system=f"{platform.system()} {platform.machine()}",
        versions={"python": platform.python_version()} | {name: _version(name) for name in _PACKAGES},
    )


def sgemm_call() -> Callable[[], object]:
    """A product of two square float32 matrices, by NumPy, on as many processors as it takes: the fastest FLOPs."""
    square = np.random.default_rng(0).random((_SIDE, _SIDE), dtype=np.float32)
    product = np.empty_like(square)
    return lambda: np.dot(square, square, out=product)


def copy_call() -> Callable[[], object]:
    """A copy of 64 MiB, on all processors: the fastest way to write a table."""
    source, target = np.ones(COPIED_BYTES // 8), np.zeros(COPIED_BYTES // 8)

    def piece(start: int, stop: int) -> None:
        target[start:stop] = source[start:stop]

    return lambda: run_in_pieces(piece, len(source), smallest=1)


def _processor() -> str:
    """The name on the chip; Linux tells it in a file only."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    match = re.search(r"^(?:model name|Model)\s*:\s*(.+)$", text, flags=re.MULTILINE)
    return " ".join((match[1] if match else platform.processor() or platform.machine()).split())


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
