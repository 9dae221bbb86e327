"""How is a report of checks written: for a terminal, for programs, for the tools that show test results?"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

from markovgpt.testing.conformance import CheckReport
from markovgpt.testing.running import CheckResult

__all__ = [
    "FORMATS",
    "github_report",
    "json_report",
    "junit_report",
    "report_to_dict",
    "text_head",
    "text_line",
    "text_report",
    "text_rest",
]

_MARKS = {"passed": "ok", "noted": "note", "failed": "FAIL", "expected failure": "xfail", "skipped": "skip"}
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text_report(report: CheckReport) -> str:
    """One line a check with what was compared, then the failures in full, then the counts."""
    width = max((len(result.check) for result in report.results), default=0)
    head = text_head(report.model, seed=report.seed, alpha=report.alpha, atol=report.atol)
    return head + "".join(text_line(result, report.model, width) for result in report.results) + text_rest(report)


def text_head(model: str, *, seed: int, alpha: float, atol: float | None) -> str:
    """What is checked, and with which settings; and an empty line."""
    tolerance = "" if atol is None else f", atol {atol:g}"
    return f"Checks of {model} (seed {seed}, alpha {alpha:g} for each check that samples{tolerance})\n\n"


def text_line(result: CheckResult, model: str, width: int) -> str:
    """The line of a check, whose name is given so many columns."""
    whole = result.outcome not in ("failed", "noted")
    said = result.message.partition("\n")[0] if whole else _headline(result, model)
    return f"  {_MARKS[result.outcome]:<5}  {result.check:<{width}}  {said}".rstrip() + "\n"


def text_rest(report: CheckReport) -> str:
    """What follows the lines: the failures in full, and the counts."""
    lines = []
    for result in report.results:
        if result.outcome in ("failed", "noted"):
            lines += ["", f"{_MARKS[result.outcome]}  {result.check}", result.message]
    lines += ["", report.summary()]
    if not report.ok and "failed" not in report.counts:
        lines.append("No check could be run, so nothing is known of this model.")
    if "failed" in report.counts:
        lines.append("What a check does, and how to mend what it found: markovgpt explain CHECK")
    return "\n".join(lines) + "\n"


def report_to_dict(report: CheckReport) -> dict[str, Any]:
    """The report as JSON holds it."""
    from markovgpt.report.machine import program_head

    return program_head() | {
        "model": {"name": report.model},
        "options": {"seed": report.seed, "n": report.n, "alpha": report.alpha, "atol": report.atol},
        "ok": report.ok,
        "counts": {kind.replace(" ", "_"): report.counts.get(kind, 0) for kind in _MARKS},
        "checks": [
            {
                "check": result.check,
                "outcome": result.outcome,
                "message": result.message,
                "broken": result.broken,
                "error": None if result.error is None else type(result.error).__name__,
                "seconds": result.seconds,
            }
            for result in report.results
        ],
    }


def json_report(report: CheckReport) -> str:
    """:func:`report_to_dict` as text."""
    return json.dumps(report_to_dict(report), ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def junit_report(report: CheckReport) -> str:
    """JUnit XML, as continuous integration reads it: expected failures are skipped there, with their reason."""
    failed = [result for result in report.results if result.outcome == "failed"]
    skipped = [result for result in report.results if result.outcome in ("skipped", "expected failure")]
    total = f"{sum(result.seconds for result in report.results):.3f}"
    counts = {
        "tests": str(len(report.results)),
        "failures": str(sum(not result.broken for result in failed)),
        "errors": str(sum(result.broken for result in failed)),
        "skipped": str(len(skipped)),
        "time": total,
    }
    suites = ET.Element("testsuites", {"name": "markovgpt", **counts})
    suite = ET.SubElement(suites, "testsuite", {"name": _clean(f"markovgpt check {report.model}"), **counts})
    for result in report.results:
        about = {"classname": _clean(report.model), "name": result.check, "time": f"{result.seconds:.3f}"}
        case = ET.SubElement(suite, "testcase", about)
        if result.outcome == "failed":
            kind = "error" if result.broken else "failure"
            what = ET.SubElement(case, kind, {"message": _clean(_headline(result, report.model))})
            what.text = _clean(result.message)
        elif result in skipped:
            said = ("" if result.outcome == "skipped" else "expected failure: ") + result.message
            ET.SubElement(case, "skipped", {"message": _clean(said)})
        elif result.message:
            ET.SubElement(case, "system-out").text = _clean(result.message)
    ET.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def github_report(report: CheckReport) -> str:
    """Workflow commands of GitHub Actions: an annotation for each failure and note, and the counts."""
    lines = []
    for result in report.results:
        if result.outcome in ("failed", "noted"):
            kind = "error" if result.outcome == "failed" else "notice"
            title = _escaped(f"{report.model}: {result.check}", more=":,")
            lines.append(f"::{kind} title={title}::{_escaped(result.message)}")
    if not report.ok and not lines:
        lines.append(f"::error title={_escaped(report.model, more=':,')}::No check could be run")
    return "\n".join([*lines, report.summary()]) + "\n"


FORMATS: dict[str, Callable[[CheckReport], str]] = {
    "text": text_report,
    "json": json_report,
    "junit": junit_report,
    "github": github_report,
}
"""What ``markovgpt check --format`` knows."""


def _headline(result: CheckResult, model: str) -> str:
    """The first line of a message, without the name of the model."""
    return result.message.partition("\n")[0].removeprefix(f"{model}: ")


def _clean(text: str) -> str:
    """Text without the characters that XML cannot hold."""
    return _NO_XML.sub("\ufffd", text)


def _escaped(text: str, *, more: str = "") -> str:
    """Text in a workflow command: percent signs and line ends, and what ends a property, are escaped."""
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text
