"""What does a terminal show while something long is under way?"""

from __future__ import annotations

import io
import sys

import pytest

from markovgpt.cli import progress
from markovgpt.cli.progress import ProgressBar


class Terminal(io.StringIO):
    """Takes text and says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen(monkeypatch):
    """``screen()``: from here on stderr is a terminal of 100 columns, and bars have no patience."""

    def begin(stream: io.StringIO | None = None) -> io.StringIO:
        terminal = Terminal() if stream is None else stream
        monkeypatch.setattr(sys, "stderr", terminal)  # in the test itself: pytest puts its own in place before it
        monkeypatch.setattr(progress, "_PATIENCE", 0.0)
        for name, value in {"COLUMNS": "100", "TERM": "xterm-256color", "NO_COLOR": "1"}.items():
            monkeypatch.setenv(name, value)
        for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
            monkeypatch.delenv(name, raising=False)
        return terminal

    return begin


def test_known_size_shows_done_and_all(screen):
    """3 of 10."""
    terminal = screen()
    with ProgressBar() as bar:
        bar("training", 3, 10)
    assert "training" in terminal.getvalue()
    assert "3/10" in terminal.getvalue()


def test_unknown_size_shows_what_was_reached_and_the_time(screen):
    """A total of 0: no count, the time since it began."""
    terminal = screen()
    with ProgressBar() as bar:
        bar("stationary law: cycle 1, last change 1e-01", 0, 0)
    assert "stationary law: cycle 1, last change 1e-01" in terminal.getvalue()
    assert "0/" not in terminal.getvalue()
    assert "0:00:00" in terminal.getvalue()


def test_texts_of_one_kind_share_a_bar(screen):
    """What stands before the colon tells them apart."""
    screen()
    with ProgressBar() as bar:
        for cycle in range(5):
            bar(f"stationary law: cycle {cycle}", 0, 0)
        bar("training", 1, 2)
        assert [task.description for task in bar._bars.tasks] == ["stationary law: cycle 4", "training"]


def test_pulsing_bar_goes_when_other_work_begins(screen):
    """It never says that it is done; and it comes back."""
    screen()
    with ProgressBar() as bar:
        bar("stationary law: cycle 1", 0, 0)
        bar("absorption", 1, 10)
        shown = {task.description: task.visible for task in bar._bars.tasks}
        assert shown == {"stationary law: cycle 1": False, "absorption": True}
        bar("stationary law: cycle 1", 0, 0)
        assert all(task.visible for task in bar._bars.tasks)


def test_short_work_shows_nothing(screen, monkeypatch):
    """Of known and of unknown size, while patience lasts."""
    terminal = screen()
    monkeypatch.setattr(progress, "_PATIENCE", 60.0)
    with ProgressBar() as bar:
        bar("stationary law: cycle 1", 0, 0)
        bar("training", 1, 2)
    assert terminal.getvalue() == ""


def test_finished_work_needs_no_bar(screen):
    """10 of 10 in the first call."""
    terminal = screen()
    with ProgressBar() as bar:
        bar("training", 10, 10)
    assert terminal.getvalue() == ""


def test_pipe_shows_nothing(screen):
    """stderr that is no terminal."""
    pipe = screen(io.StringIO())
    with ProgressBar() as bar:
        bar("stationary law: cycle 1", 0, 0)
    assert pipe.getvalue() == ""


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "-:--:--"), (0.2, "0:00:00"), (125.0, "0:02:05"), (3725.9, "1:02:05")]
)
def test_clock_counts_whole_seconds(seconds, text):
    """3,725.9 seconds are one hour, two minutes, five seconds, and a bit."""
    assert progress._clock(seconds) == text
