"""The program in a process of its own, whose messages go to a terminal."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

__all__ = ["PROGRAM", "on_a_terminal"]

PROGRAM = [sys.executable, "-m", "markovgpt"]


def on_a_terminal(
    words: Sequence[str], environment: Mapping[str, str], *, interrupt_at: str = "", seconds: float = 120
) -> tuple[int, str, str]:
    """Exit code, stdout, what the terminal shows: all of it, or what follows Ctrl-C, pressed at ``interrupt_at``."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*PROGRAM, *words], stdout=subprocess.PIPE, stderr=theirs, env=environment, text=True
    ) as process:
        os.close(theirs)
        try:
            if interrupt_at:
                _wait_for(interrupt_at, ours, seconds)
                process.send_signal(signal.SIGINT)
            shown = _rest(ours)
            stdout, _ = process.communicate(timeout=seconds)
        finally:
            process.kill()
            os.close(ours)
    return process.returncode, stdout, shown


def _wait_for(word: str, terminal: int, seconds: float) -> None:
    seen, end = "", time.monotonic() + seconds
    while word not in seen:
        ready, _, _ = select.select([terminal], [], [], max(end - time.monotonic(), 0))
        assert ready, f"no {word!r} within {seconds} seconds, only {seen!r}"
        try:
            seen += os.read(terminal, 65_536).decode("utf-8", "replace")
        except OSError:  # the other end is closed
            raise AssertionError(f"the program ended without {word!r}: {seen!r}") from None


def _rest(terminal: int) -> str:
    seen = b""
    try:
        while part := os.read(terminal, 65_536):
            seen += part
    except OSError:  # the other end is closed
        pass
    return seen.decode("utf-8", "replace")
