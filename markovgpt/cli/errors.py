"""How does an error reach the user, and with which exit code?

0 ok; 1 a finding; 2 wrong use; 3 a model could not be loaded or failed; 130 interrupted. A user's mistake is one line;
a failure inside a model keeps the model's own traceback.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import click

from markovgpt.errors import MarkovGPTError

__all__ = ["Program", "ShownError"]

_OURS = str(Path(__file__).parent.parent)


class ShownError(click.ClickException):
    """An error as the command line shows it."""

    def __init__(self, message: str, *, exit_code: int, cause: BaseException | None = None) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # click reads it from the instance, too
        self.cause = cause

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the cause's traceback, if there is one, and then the message, on stderr."""
        target = sys.stderr if file is None else file
        if self.cause is not None:
            click.echo(_users_traceback(self.cause), file=target, nl=False)
        click.echo(f"Error: {self.message}", file=target)


class Program(click.Group):
    """A group of commands whose deliberate errors are shown as one line."""

    def main(self, args: Sequence[str] | None = None, *more: Any, **options: Any) -> Any:
        """Run the program; without ``args`` it is the whole process, which ends when it is done."""
        try:
            return super().main(args, *more, **options)
        except SystemExit as end:
            if args is None:
                _end_if_left_behind(end.code)
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; turn errors into what the user sees."""
        try:
            return super().invoke(ctx)
        except MarkovGPTError as error:
            cause = (
                error.__cause__ if error.exit_code == 3 else None
            )  # code that is not ours: its author needs the place
            raise ShownError(str(error), exit_code=error.exit_code, cause=cause) from error
        except KeyboardInterrupt as error:
            raise ShownError("Interrupted before it was done.", exit_code=130) from error
        except MemoryError as error:
            raise ShownError(
                "Out of memory. Use a shorter context or fewer tokens (markovgpt states tells the sizes).", exit_code=2
            ) from error


def _end_if_left_behind(code: object) -> None:
    """End the process now, if a model that was given up is still running in a thread: it would crash on the way out."""
    from markovgpt.testing.deadline import left_behind

    if left_behind():
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):  # nobody reads it any more
                stream.flush()
        os._exit(code if isinstance(code, int) else 0 if code is None else 1)


def _users_traceback(error: BaseException) -> str:
    """The traceback without the frames that lead from this program to the user's code."""
    frames = error.__traceback__
    while frames is not None and _is_ours(frames.tb_frame.f_code.co_filename):
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(error), error, frames))


def _is_ours(filename: str) -> bool:
    return filename.startswith((_OURS, "<frozen importlib"))
