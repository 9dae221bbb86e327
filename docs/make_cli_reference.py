"""Write docs/cli.md from the ``--help`` of every command.

With ``--check`` nothing is written: the exit code is 1 if the page is out of date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from markovgpt.cli import main as program

PAGE = Path(__file__).resolve().parent / "cli.md"
_WIDTH = 80  # whatever the terminal at hand

_INTRODUCTION = """\
<!-- Written by docs/make_cli_reference.py from the --help texts; do not edit. -->

# Command line

`python -m markovgpt` is the same program as `markovgpt`. Options of a command come after its name.

The result goes to stdout, everything else (progress, notes, errors) to stderr. A progress bar is drawn on a terminal
only. Files are written where `-o` says; the suffix of the name chooses the form.

Exit codes:

| code | meaning |
|---:|---|
| 0 | done |
| 1 | a finding: a check failed, two things differ |
| 2 | wrong use: an option, an argument or data that cannot be; a file that cannot be written |
| 3 | a model or plugin could not be found, loaded or built, or failed while it ran |
| 130 | interrupted from the keyboard |

An error is one line that says what was expected, what was got, and what to do. If a model fails, the traceback of the
model's own code stands before it.
"""


def reference() -> str:
    """The whole page."""
    root = click.Context(program, info_name="markovgpt", terminal_width=_WIDTH)
    return "\n".join([_INTRODUCTION, *_sections(root)])


def _sections(ctx: click.Context) -> Iterator[str]:
    """The help of a command and, if it is a group, of its commands."""
    command = ctx.command
    yield f"## {ctx.command_path}\n\n```console\n$ {ctx.command_path} --help\n{_help(ctx)}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            child = command.get_command(ctx, name)
            if child is not None and not child.hidden:
                yield from _sections(click.Context(child, info_name=name, parent=ctx, terminal_width=_WIDTH))


def _help(ctx: click.Context) -> str:
    ctx.help_option_names = program.context_settings["help_option_names"]
    return "\n".join(line.rstrip() for line in ctx.get_help().splitlines())


def main() -> None:
    """Write the page, or compare it."""
    fresh = reference()
    if sys.argv[1:] == ["--check"]:
        if not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != fresh:
            click.echo(f"{PAGE.name} is out of date. Run: python docs/make_cli_reference.py", err=True)
            sys.exit(1)
        return
    if sys.argv[1:]:
        sys.exit(f"The only option is --check: got {' '.join(sys.argv[1:])}")
    PAGE.write_text(fresh, encoding="utf-8")
    click.echo(f"wrote {PAGE}", err=True)


if __name__ == "__main__":
    main()
