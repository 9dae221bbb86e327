"""How is a model that hangs told from one that is slow? By a deadline, in a thread that is then given up."""

from __future__ import annotations

import ctypes
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, final

from markovgpt.errors import ArgumentError

__all__ = ["Hung", "check_timeout", "left_behind", "within"]


T = TypeVar("T")

_OURS = str(Path(__file__).parents[1])
_PATIENCE = 1.0  # seconds for a loop in Python to be interrupted
_GIVEN_UP: list[threading.Thread] = []


@final
class Hung(Exception):  # noqa: N818  # a result: something did not return
    """Nothing came back in time; ``stack`` says where it is, innermost call last."""

    def __init__(self, seconds: float, stack: str) -> None:
        super().__init__(f"it did not return within {seconds:g} seconds")
        self.seconds, self.stack = seconds, stack


class _GivenUp(BaseException):
    """Raised in a thread that is no longer waited for."""


def check_timeout(seconds: float | None) -> float | None:
    """Seconds, or None for no deadline.

    Raises
    ------
    ArgumentError
        Not a number above 0.
    """
    if seconds is not None and (isinstance(seconds, bool) or not (0 < seconds < threading.TIMEOUT_MAX)):
        raise ArgumentError(f"timeout is a number of seconds above 0, or None for no limit: got {seconds!r}.")
    return seconds


def within(seconds: float | None, work: Callable[[], T]) -> T:
    """What ``work()`` returns or raises, if it does within that time; without a limit it runs in the caller's thread.

    With one it runs in a thread of its own. A loop in Python is interrupted there. Code in C (a lock that is never
    released, a kernel, ``time.sleep``) cannot be: its thread is left behind (:func:`left_behind`), and a program that
    ends in the ordinary way may crash while it takes apart what the thread still uses.

    Raises
    ------
    Hung
        It did not return in time.
    """
    if seconds is None:
        return work()
    done: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except _GivenUp:
            return
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True, name="markovgpt check")
    thread.start()
    thread.join(seconds)
    if thread.is_alive() and not done and not failed:
        frame = sys._current_frames().get(thread.ident or 0)
        stack = "" if frame is None else "".join(traceback.format_list(_theirs(traceback.extract_stack(frame))))
        _GIVEN_UP.append(thread)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(_GivenUp))
        raise Hung(seconds, stack)
    thread.join()
    if failed:
        raise failed[0]
    return done[0]


def left_behind() -> bool:
    """Whether a thread that was given up is still running; it has a second to end."""
    _GIVEN_UP[:] = [thread for thread in _GIVEN_UP if thread.is_alive()]
    for thread in _GIVEN_UP:
        thread.join(_PATIENCE / len(_GIVEN_UP))
    return any(thread.is_alive() for thread in _GIVEN_UP)


def _theirs(stack: list[traceback.FrameSummary]) -> list[traceback.FrameSummary]:
    """The calls after the last one of this package; all of them, if it hangs in ours."""
    ours = max((i for i, call in enumerate(stack) if call.filename.startswith(_OURS)), default=-1)
    return stack[ours + 1 :] or stack
