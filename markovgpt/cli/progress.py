"""What does the user see while something long is under way? A bar on stderr, on a terminal only, after a second."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

__all__ = ["ProgressBar"]

_PATIENCE = 1.0  # seconds before a bar appears


class ProgressBar:
    """A :data:`markovgpt.model.Progress` that draws bars; use as a context manager."""

    def __init__(self) -> None:
        self._bars: RichProgress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._started: dict[str, float] = {}
        self._wanted = sys.stderr.isatty()

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show ``done`` of ``total``."""
        if not self._wanted:
            return
        now = time.monotonic()
        began = self._started.setdefault(what, now)
        if what not in self._tasks:
            if now - began < _PATIENCE or done >= total:
                return
            self._tasks[what] = self._drawn().add_task(what, total=total)
        self._drawn().update(self._tasks[what], completed=done)

    def _drawn(self) -> RichProgress:
        if self._bars is None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            self._bars = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._bars.start()
        return self._bars
