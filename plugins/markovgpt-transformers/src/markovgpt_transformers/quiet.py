"""How is the transformers library kept from writing on stderr?"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator

__all__ = ["quiet"]


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
