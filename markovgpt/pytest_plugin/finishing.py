"""What is left to do when all tests have run? The report, and expected failures that nothing was heard of."""

from __future__ import annotations

import pytest

from markovgpt.pytest_plugin.report import write_report
from markovgpt.pytest_plugin.results import Found
from markovgpt.pytest_plugin.settings import settings_of

__all__ = ["finish"]


def finish(session: pytest.Session, found: Found) -> None:
    """Write the report. A run that went well until now fails if that cannot be done, or if a name means nothing."""
    if session.exitstatus == pytest.ExitCode.USAGE_ERROR:
        return  # nothing ran
    settings, problems = settings_of(session.config), []
    known = {name for entry in found.entries for name in (entry["model"], entry["spec"])}
    unknown = [name for name in settings.expected if name not in known]
    if unknown and settings.strict_models:
        problems.append(f"{settings.xfails} names the model {unknown[0]!r}, of which nothing was checked in this run")
    if settings.report is not None:
        try:
            write_report(settings.report, found, settings)
        except OSError as error:
            problems.append(f"the report cannot be written to {settings.report}: {error.strerror or error}")
        else:
            found.written.append(str(settings.report))
    found.failures.extend(problems)
    if problems and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
