"""How is Ctrl-C held back from what must not be left half done?"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["interrupts_held_back", "interrupts_noted"]


@contextmanager
def interrupts_noted() -> Iterator[list[int]]:
    """Do what is inside in one piece: Ctrl-C only adds to the list that is yielded.

    In another thread than the main one, which never hears it, and where Ctrl-C is not Python's to handle, nothing
    changes.
    """
    handler = signal.getsignal(signal.SIGINT)
    noted: list[int] = []
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield noted
        return
    signal.signal(signal.SIGINT, lambda number, _: noted.append(number))
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, handler)


@contextmanager
def interrupts_held_back() -> Iterator[None]:
    """Do what is inside in one piece, and hear Ctrl-C afterwards, unless that failed: its error is the news then."""
    with interrupts_noted() as noted:
        yield
    if noted:
        signal.raise_signal(signal.SIGINT)
