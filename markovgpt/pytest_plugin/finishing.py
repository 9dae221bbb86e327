"""What is left to do when all tests have run? The report, models not checked, expected failures not heard of."""

from __future__ import annotations

import pytest

from markovgpt.pytest_plugin.report import write_report
from markovgpt.pytest_plugin.results import Found
from markovgpt.pytest_plugin.settings import RunSettings, settings_of

__all__ = ["finish"]


def finish(session: pytest.Session, found: Found) -> None:
    """Write the report. A run that went well until now fails if that cannot be done, or if a name means nothing."""
    if session.exitstatus == pytest.ExitCode.USAGE_ERROR:
        return  # nothing ran
    settings, problems = settings_of(session.config), []
    found.interrupted = _interrupted(session, found)
    found.not_checked = _not_checked(settings, found)
    if found.not_checked and not found.interrupted:
        found.notes.extend(_said_of(settings, found))
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


def _interrupted(session: pytest.Session, found: Found) -> bool:
    """Whether the run was stopped, by hand, by -x or by --maxfail, before all tests had run."""
    broken_off = session.exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)
    stopped = broken_off or bool(session.shouldstop or session.shouldfail)
    return stopped and (not session.testscollected or len(found.finished) < session.testscollected)


def _not_checked(settings: RunSettings, found: Found) -> list[str]:
    """The models under test of which no check was run: neither collected, nor by a test that takes the model."""
    specs, tests = ({entry[key] for entry in found.entries} for key in ("spec", "test"))
    return [spec for spec in settings.models if spec not in specs and tests.isdisjoint(found.takers.get(spec, ()))]


def _said_of(settings: RunSettings, found: Found) -> list[str]:
    """Why the checks of models were not run, where it is not that they were left out by hand."""
    if not settings.asked:
        return [
            "models of the configuration are for tests that take markov_model; --markovgpt-model SPEC collects their "
            "checks"
        ]
    tests = list(dict.fromkeys(name.partition("[")[0] for tests in found.takers.values() for name in tests))
    if not tests:
        return []
    others = f" and {len(tests) - 1} other{'s' if len(tests) > 2 else ''} take" if len(tests) > 1 else " takes"
    return [
        f"the checks of {', '.join(found.not_checked)} were not run: {tests[0].rpartition('::')[2]}{others} "
        "markov_model (check_model(markov_model) in a test runs them)"
    ]
