"""How is the transformers library kept from writing on stderr, and torch from using too many threads?"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator

__all__ = ["few_threads", "quiet"]

_SMALL = 1_000_000  # parameters; below, a second thread only waits for the first


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No log lines of transformers, and progress bars on a terminal only; every setting is put back.

    What its log would say about the weights (missing, unused, of another shape) is asked for and checked instead.
    """
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    try:
        if sys.stderr.isatty():
            yield
            return
        logging.disable_progress_bar()
        with contextlib.redirect_stderr(io.StringIO()):  # the GGUF reader draws a bar that no setting turns off
            yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


@contextlib.contextmanager
def few_threads(n_parameters: int) -> Iterator[None]:
    """One thread while a small network computes; the setting is put back."""
    import torch

    before = torch.get_num_threads()
    if n_parameters >= _SMALL or before == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
