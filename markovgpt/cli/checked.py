"""Where does a report of checks go: to stdout, line by line as checks finish, or into a file of some form?"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, final

import click

from markovgpt.cli.errors import ShownError
from markovgpt.cli.output import check_folders

if TYPE_CHECKING:
    from markovgpt.testing import CheckReport, CheckResult
    from markovgpt.testing.settings import Settings

__all__ = ["Delivery", "prints_on_stderr"]

_BY_SUFFIX = {".json": "json", ".xml": "junit"}


@contextmanager
def prints_on_stderr() -> Iterator[None]:
    """For as long as it lasts, what somebody's code prints goes to stderr: stdout is for the report."""
    with redirect_stdout(sys.stderr):
        yield


@final
class Delivery:
    """A report of checks on its way; made before anything is printed elsewhere.

    Parameters
    ----------
    output : str, or None
        The file; None: stdout.
    form : str, or None
        A key of :data:`markovgpt.testing.formats.FORMATS`; None: by the suffix of the file, text for others.
    names : sequence of str
        The checks that will be run.
    settings : Settings
        That they will be run with.

    Raises
    ------
    ArgumentError
        The file cannot be made.
    """

    def __init__(self, output: str | None, form: str | None, *, names: Sequence[str], settings: Settings) -> None:
        self._path = None if output is None else Path(output)
        check_folders([] if self._path is None else [self._path])
        suffix = "" if self._path is None else self._path.suffix.lower()
        self._form = form or _BY_SUFFIX.get(suffix, "text")
        self._stdout = sys.stdout
        self._width, self._settings = max(map(len, names)), settings
        self._begun = False

    @property
    def by_lines(self) -> bool:
        """Whether each check is shown when it is done."""
        return self._path is None and self._form == "text"

    @property
    def is_watched(self) -> bool:
        """Whether these lines go to a terminal, where a bar would be in their way."""
        return self.by_lines and self._stdout.isatty()

    def show(self, result: CheckResult, *, model: str) -> None:
        """The line of a check; before the first one the head."""
        from markovgpt.testing.formats import text_head, text_line

        if not self.by_lines:
            return
        used = self._settings
        head = "" if self._begun else text_head(model, seed=used.seed, alpha=used.alpha, atol=used.atol)
        self._begun = True
        click.echo(head + text_line(result, model, self._width), file=self._stdout, nl=False)

    def finish(self, report: CheckReport) -> None:
        """What was not shown yet; or all of it, into the file.

        Raises
        ------
        ShownError
            The file could not be written.
        """
        from markovgpt.testing.formats import FORMATS, text_rest

        text = text_rest(report) if self._begun else FORMATS[self._form](report)
        if self._path is None:
            click.echo(text, file=self._stdout, nl=False)
            return
        try:
            self._path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise ShownError(f"{self._path} could not be written: {error.strerror or error}.", exit_code=2) from error
        click.echo(f"wrote {self._path}", err=True)
        click.echo(report.summary(), file=self._stdout)
