"""Write the lists in docs/checks.md: a section for each check, from its record, and the mutants that test the checks.

With ``--check`` nothing is written: the exit code is 1 if the page is out of date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from markovgpt.testing.checks import CHECKS, Check
from markovgpt.testing.explanation import mutants_of, slip_of
from markovgpt.testing.mutants import CAUGHT_BY

PAGE = Path(__file__).resolve().parent / "checks.md"
_BEGIN, _END = "<!-- checks: begin -->\n", "<!-- checks: end -->"


def reference() -> str:
    """The generated part of the page."""
    return "\n".join([*_overview(), *(line for check in CHECKS.values() for line in _section(check)), *_mutants()])


def _overview() -> Iterator[str]:
    yield "| check | needs | the bug it catches |\n|---|---|---|"
    for check in CHECKS.values():
        needs = ", ".join(f"`{need}`" for need in check.needs)
        yield f"| [`{check.name}`](#{check.name}) | {needs} | {check.catches} |"
    yield ""


def _section(check: Check) -> Iterator[str]:
    yield f"### {check.name}\n"
    yield f"{check.what}\n"
    yield f"*The bug:* {check.catches}\n"
    if check.threads:
        yield f"*Seen in:* {', '.join(check.threads)}.\n"
    yield f"*To mend it:* {check.mend}\n"
    notes = [f"needs {', '.join(f'`{need}`' for need in check.needs)}"] if check.needs else []
    notes += ["informs, never fails"] if check.informs else []
    notes += ["samples, so it has a rate of false alarms"] if check.samples else []
    mutants = mutants_of(check)
    shown = ", ".join(f"`{mutant}`" for mutant in mutants[:4]) + (
        f" and {len(mutants) - 4} more" if len(mutants) > 4 else ""
    )
    yield f"*Tested by:* {shown}." + (f" It {'; '.join(notes)}." if notes else "") + "\n"


def _mutants() -> Iterator[str]:
    yield "## Mutants\n"
    yield (
        f"{len(CAUGHT_BY)} models, each a correct one with one thing changed (`markovgpt.testing.mutants`). Each is "
        "caught by the checks in its row, and by no other: that is a test.\n"
    )
    yield "| mutant | what was slipped | caught by |\n|---|---|---|"
    for mutant, checks in CAUGHT_BY.items():
        inside = [name for name in CHECKS if name in checks]
        yield f"| `{mutant}` | {slip_of(mutant)} | {', '.join(f'`{name}`' for name in inside)} |"
    yield ""


def main() -> None:
    """Write the lists, or compare them."""
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(_BEGIN)
    fresh = f"{before}{_BEGIN}{reference()}{_END}{rest.split(_END)[1]}"
    if sys.argv[1:] == ["--check"]:
        if page != fresh:
            click.echo(f"The lists in {PAGE.name} are out of date. Run: python docs/{Path(__file__).name}", err=True)
            sys.exit(1)
        return
    if sys.argv[1:]:
        sys.exit(f"The only option is --check: got {' '.join(sys.argv[1:])}")
    PAGE.write_text(fresh, encoding="utf-8")
    click.echo(f"wrote the lists into {PAGE}", err=True)


if __name__ == "__main__":
    main()
