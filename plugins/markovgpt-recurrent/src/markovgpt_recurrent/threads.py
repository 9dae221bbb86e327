"""How many threads does torch need? One for a small network: two only wait for each other at every step in time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["one_thread"]

_SMALL = 1_000_000  # parameters


@contextmanager
def one_thread(n_parameters: int) -> Iterator[None]:
    """One thread while a small network computes; the setting is put back afterwards."""
    before = torch.get_num_threads()
    if n_parameters >= _SMALL or before == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
