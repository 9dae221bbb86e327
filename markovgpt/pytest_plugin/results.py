"""What did the checks of this run find?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypedDict, final

import pytest

from markovgpt.testing.observers import reports_to
from markovgpt.testing.settings import Settings

if TYPE_CHECKING:
    from markovgpt.model import LanguageModel
    from markovgpt.testing.conformance import CheckReport
    from markovgpt.testing.running import CheckResult

__all__ = ["OUTCOMES", "Entry", "Found", "add_entries", "listening"]

OUTCOMES = {
    "passed": "passed",
    "noted": "noted",
    "failed": "failed",
    "expected failure": "expected failures",
    "skipped": "skipped",
}
"""Every outcome, and its plural."""

_MOST_REASONS = 4


class Entry(TypedDict):
    """What one check found: plain values, which travel between processes."""

    model: str
    spec: str
    fingerprint: str
    vocab_size: int | None
    context_length: int | None
    check: str
    outcome: str
    message: str
    seconds: float
    alpha: float
    n: int
    seed: int
    atol: float | None
    test: str


@final
class Found:
    """All that was found, test by test; a test that is run again replaces what it found before.

    Attributes
    ----------
    takers : {spec: names of tests}
        Which tests take a model as ``markov_model``.
    finished : set of names of tests
        Those that ran to their end.
    interrupted : bool
        The run was stopped before all tests had run.
    not_checked : list of str
        Models under test of which no check was run.
    notes, written, failures : list of str
        What the terminal says of them, of files, and of what went wrong.
    """

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], list[Entry]] = {}
        self.takers: dict[str, list[str]] = {}
        self.finished: set[str] = set()
        self.interrupted = False
        self.not_checked: list[str] = []
        self.notes: list[str] = []
        self.written: list[str] = []
        self.failures: list[str] = []

    def add(self, test: str, when: str, entries: list[Entry]) -> None:
        """What a test found in one of its phases."""
        self._entries[test, when] = entries

    @property
    def entries(self) -> list[Entry]:
        """All of them."""
        return [entry for entries in self._entries.values() for entry in entries]

    def counts(self) -> dict[str, int]:
        """How many checks had each outcome."""
        found = Counter(entry["outcome"] for entry in self.entries)
        return {outcome: found[outcome] for outcome in OUTCOMES}

    def lines(self) -> Iterator[tuple[str, Literal["green", "yellow", "red"]]]:
        """What the terminal says, line by line, and in which colour."""
        if self.entries:
            counts = self.counts()
            said = [f"{n} {OUTCOMES[kind] if n > 1 else kind}" for kind, n in counts.items() if n and kind != "skipped"]
            if counts["skipped"]:
                said.append(f"{counts['skipped']} skipped ({self._reasons()})")
            n = len(self.entries)
            yield (
                f"markovgpt: {n} check{'s' if n > 1 else ''}: {', '.join(said)}",
                "red" if counts["failed"] else "green",
            )
        for note in self.notes:
            yield f"markovgpt: {note}", "yellow"
        for path in self.written:
            yield f"markovgpt: wrote {path}", "green"
        for failure in self.failures:
            yield f"markovgpt: {failure}", "red"

    def _reasons(self) -> str:
        """Why checks were skipped, most frequent first; how many of each, where several reasons are given."""
        reasons = Counter(entry["message"].splitlines()[0] if entry["message"] else "no reason given"
                          for entry in self.entries if entry["outcome"] == "skipped")  # fmt: skip
        if len(reasons) == 1:
            return next(iter(reasons))
        ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
        named = [f"{n} {reason}" if n > 1 else reason for reason, n in ordered[:_MOST_REASONS]]
        rest = sum(n for _, n in ordered[_MOST_REASONS:])
        return ", ".join(named + ([f"{rest} other"] if rest else []))


@contextmanager
def listening(item: pytest.Item) -> Iterator[list[Entry]]:
    """Gather what every call of ``check_model`` reports while a test runs; what its own check found before is old."""
    from markovgpt.pytest_plugin.items import checked_by

    checked = checked_by(item)
    if checked is not None:
        checked.result = None
    entries: list[Entry] = []
    with reports_to(lambda model, report: entries.extend(_entries_of(report, model))):
        yield entries


def add_entries(item: pytest.Item, report: pytest.TestReport, heard: list[Entry]) -> None:
    """Put what was found into the report of a phase of a test; ``heard`` is emptied."""
    from markovgpt.pytest_plugin.items import CheckItem, checked_by

    entries: list[Entry] = [{**entry, "test": item.nodeid} for entry in heard]
    heard.clear()
    checked = checked_by(item)
    if report.when == "call" or (report.when == "setup" and not report.passed):
        if checked is not None:
            outcome, message = _outcome(report, checked.result)
            entries.append(
                _entry(
                    **_about(checked.suite.model, checked.suite.name),
                    **_judged(checked.suite.settings),
                    spec=item.parent.name if isinstance(item, CheckItem) and item.parent else "",
                    check=checked.check,
                    outcome=outcome,
                    message=message,
                    seconds=report.duration,
                    test=item.nodeid,
                )
            )
        elif isinstance(item, CheckItem):
            entries.append(_entry_without_model(item, report))
    if entries:
        report.markovgpt_checks = entries  # type: ignore[attr-defined]  # pytest serializes attributes of a report


def _outcome(report: pytest.TestReport, found: CheckResult | None) -> tuple[str, str]:
    """Outcome and message, of what the check found, if it was run, and of what pytest made of it."""
    if report.skipped:
        if hasattr(report, "wasxfail"):
            return "expected failure", report.wasxfail.removeprefix("reason: ")
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        return "skipped", reason.removeprefix("Skipped: ")
    if report.failed:
        if found is not None and found.outcome == "failed":
            return "failed", found.message
        return "failed", report.longreprtext
    if found is None:
        return "passed", "the test did not run the check"
    return ("expected failure" if found.outcome == "failed" else found.outcome), found.message


def _entries_of(report: CheckReport, model: LanguageModel) -> list[Entry]:
    used = Settings(alpha=report.alpha, n=report.n, seed=report.seed, atol=report.atol)
    return [
        _entry(
            **_about(model, report.model),
            **_judged(used),
            spec="",
            check=result.check,
            outcome=result.outcome,
            message=result.message,
            seconds=result.seconds,
            test="",
        )
        for result in report.results
    ]


def _about(model: Any, name: str) -> dict[str, Any]:
    about: dict[str, Any] = {"model": name, "fingerprint": "", "vocab_size": None, "context_length": None}
    try:
        about |= {"vocab_size": int(model.vocab_size), "context_length": int(model.context_length)}
        about |= {"fingerprint": str(getattr(model, "fingerprint", "") or "")}
    except Exception:  # a model may do anything, and its checks say so
        return about
    return about


def _judged(settings: Settings) -> dict[str, Any]:
    return {"alpha": settings.alpha, "n": settings.n, "seed": settings.seed, "atol": settings.atol}


def _entry_without_model(item: pytest.Item, report: pytest.TestReport) -> Entry:
    from markovgpt.pytest_plugin.settings import settings_of

    outcome, message = _outcome(report, None)
    spec = item.parent.name if item.parent else ""
    return _entry(
        **_judged(settings_of(item.config).judged),
        model=spec,
        spec=spec,
        fingerprint="",
        vocab_size=None,
        context_length=None,
        check=item.name,
        outcome=outcome,
        message=message,
        seconds=report.duration,
        test=item.nodeid,
    )


def _entry(**facts: Any) -> Entry:
    """Texts that every file and process can take, and plain numbers."""
    plain: Mapping[str, Any] = {
        name: value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
        for name, value in facts.items()
    }
    return Entry(**{**plain, "seconds": float(facts["seconds"])})  # type: ignore[typeddict-item]
