"""Where does a result go? Files by their suffix; a file that cannot be written never loses the others."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from markovgpt.cli.errors import ShownError

if TYPE_CHECKING:
    from markovgpt.report.sections import Section

__all__ = ["Writer", "check_folders", "check_suffixes", "output_option", "print_note", "print_report", "write_files"]

Command = Callable[..., Any]
Writer = Callable[[Path], None]


def output_option(
    suffixes: Sequence[str], *, what: str = "Also write a file, by its suffix", default: str = ""
) -> Callable[[Command], Command]:
    """Into which files the result goes."""
    return click.option(
        "--output",
        "-o",
        multiple=True,
        metavar="FILE",
        help=f"{what}: {' '.join(suffixes)}. Repeat for more.{default}",
    )


def check_suffixes(paths: Sequence[str], allowed: Sequence[str], *, option: str = "-o") -> list[Path]:
    """The paths, if each has a suffix that can be written: asked before any work is done."""
    for path in paths:
        if Path(path).suffix.lower() not in allowed:
            raise click.BadParameter(
                f"{path!r} ends in none of {', '.join(allowed)}, so its format is not known.", param_hint=f"'{option}'"
            )
    return [Path(path) for path in paths]


def check_folders(paths: Sequence[Path]) -> None:
    """Refuse files that cannot be made, before what they are to hold is computed.

    Raises
    ------
    ArgumentError
        The folder is not there, or nothing can be written into it; or the name is that of a folder.
    """
    from markovgpt.errors import ArgumentError

    for path in paths:
        if not os.access(path.parent, os.W_OK):
            raise ArgumentError(f"{path} cannot be written: there is no folder {path.parent} that can.", path=str(path))
        if path.is_dir():
            raise ArgumentError(f"{path} cannot be written: it is a folder. Name a file.", path=str(path))


def write_files(paths: Sequence[Path], writers: Mapping[str, Writer]) -> None:
    """Write every file; note each on stderr, and fail at the end if one could not be written."""
    from markovgpt.errors import MarkovGPTError

    failures = []
    for path in paths:
        try:
            writers[path.suffix.lower()](path)
        except OSError as error:
            failures.append(f"{path} could not be written: {error.strerror or error}.")
        except MarkovGPTError as error:
            failures.append(str(error))
        else:
            click.echo(f"wrote {path}", err=True)
    if failures:
        raise ShownError(" ".join(failures), exit_code=2)


def print_note(note: str) -> None:
    """Say on stderr what the user should know of how the result came about; nothing if there is no note."""
    if note:
        click.echo(f"Note: {note}", err=True)


def print_report(sections: Sequence[Section]) -> None:
    """Print on stdout: in the terminal's width and colours, or plain and wide enough when it goes elsewhere.

    A terminal too narrow for the numbers of a table breaks its lines: nothing is cut off but bars.
    """
    import sys

    from rich.console import Console

    from markovgpt.report.text import least_width, terminal_report

    console = Console() if sys.stdout.isatty() else Console(width=140)
    console.width = max(console.width, least_width(sections))
    with console.capture() as captured:
        console.print(terminal_report(sections))
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))
