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
    """A :data:`markovgpt.model.Progress` that draws bars; use as a context manager.

    One bar for each kind of work: the text up to the first ``": "``. All of the text is shown, and may change.
    """

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
        """Show ``done`` of ``total``; if ``total`` is 0, nobody knows how much there is to do, and the bar pulses."""
        if not self._wanted:
            return
        now = time.monotonic()
        kind = what.partition(": ")[0]
        began = self._started.setdefault(kind, now)
        if kind not in self._tasks:
            if now - began < _PATIENCE or done >= total > 0:
                return
            self._pause()
            self._tasks[kind] = self._drawn().add_task(what, total=total or None)
        self._drawn().update(self._tasks[kind], description=what, completed=done, total=total or None, visible=True)

    def _pause(self) -> None:
        """Take away what pulses: work of no known size never says that it is done, but now there is other work."""
        for task in self._drawn().tasks:
            self._drawn().update(task.id, visible=task.total is not None)

    def _drawn(self) -> RichProgress:
        if self._bars is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
            from rich.text import Text

            class HowFar(ProgressColumn):
                """Done and to do, and the time that it will take; or the time that it has taken."""

                def render(self, task: Task) -> Text:
                    if task.total is None:
                        return Text(_clock(task.elapsed), style="progress.elapsed")
                    return Text(f"{task.completed:.0f}/{task.total:.0f} {_clock(task.time_remaining)}")

            self._bars = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                HowFar(),
                console=Console(stderr=True),
                transient=True,
            )
            self._bars.start()
        return self._bars


def _clock(seconds: float | None) -> str:
    """``0:02:05``, as rich writes it."""
    if seconds is None:
        return "-:--:--"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
