"""With which settings does torch compute laws? Threads that suit the network, and float32 products in float32."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch

__all__ = ["suitable_settings"]

_SMALL = 1_000_000  # parameters


@contextmanager
def suitable_settings(n_parameters: int) -> Iterator[None]:
    """Settings while a network computes; those of the program are put back afterwards.

    A network below a million parameters gets one thread: two would only wait for each other. Products of float32
    matrices are computed in float32, even if the program allows TF32 or bfloat16 for them.

    Examples
    --------
    >>> import torch
    >>> with suitable_settings(12_656):
    ...     torch.get_num_threads(), torch.get_float32_matmul_precision()
    (1, 'highest')
    """
    with ExitStack() as before:
        threads, precision = torch.get_num_threads(), torch.get_float32_matmul_precision()
        if n_parameters < _SMALL and threads != 1:
            torch.set_num_threads(1)
            before.callback(torch.set_num_threads, threads)
        if precision != "highest":
            torch.set_float32_matmul_precision("highest")
            before.callback(torch.set_float32_matmul_precision, precision)
        yield
