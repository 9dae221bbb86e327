"""Write what docs/checks.md and docs/checks/ say of each check, from its record, and of the mutants that test them.

A page that is not there yet is begun; its example is written by hand. With ``--check`` nothing is written: the exit
code is 1 if a page is out of date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from markovgpt.testing.checks import CHECKS, Check
from markovgpt.testing.explanation import mutants_of, slip_of
from markovgpt.testing.mutants import CAUGHT_BY

OVERVIEW = Path(__file__).resolve().parent / "checks.md"
FOLDER = OVERVIEW.with_suffix("")
_BEGIN, _END = "<!-- check: begin -->\n", "<!-- check: end -->"
_MUTANTS = "mutants"


def reference() -> dict[Path, str]:
    """Every page as it should be."""
    pages = {OVERVIEW: _filled(OVERVIEW, _overview()), FOLDER / f"{_MUTANTS}.md": "\n".join(_mutants())}
    return pages | {page: _filled(page, _front(check)) for page, check in _pages()}


def _pages() -> Iterator[tuple[Path, Check]]:
    for check in CHECKS.values():
        yield FOLDER / f"{check.name}.md", check


def _filled(page: Path, lines: Iterator[str]) -> str:
    """The page with these lines between its marks."""
    text = page.read_text(encoding="utf-8") if page.is_file() else f"{_BEGIN}{_END}\n"
    before, rest = text.split(_BEGIN)
    return "\n".join([f"{before}{_BEGIN}", *lines, f"{_END}{rest.split(_END)[1]}"])


def _overview() -> Iterator[str]:
    yield "| check | needs | the bug it catches |\n|---|---|---|"
    for check in CHECKS.values():
        needs = ", ".join(f"`{need}`" for need in check.needs)
        yield f"| [`{check.name}`]({FOLDER.name}/{check.name}.md) | {needs} | {check.catches} |"
    yield "\n```{toctree}\n:hidden:\n"
    for name in (*CHECKS, _MUTANTS):
        yield f"{FOLDER.name}/{name}"
    yield "```\n"


def _front(check: Check) -> Iterator[str]:
    yield f"# {check.name}\n"
    yield f"{check.what}\n"
    yield f"*The bug:* {check.catches}\n"
    if check.threads:
        yield f"*Seen in:* {', '.join(check.threads)}.\n"
    yield f"*To mend it:* {check.mend}\n"
    if check.needs:
        yield f"*Needs* {', '.join(f'`{need}`' for need in check.needs)}: without it, the check is skipped.\n"
    if check.samples:
        rate = "[`alpha`](../how-to-choose-n.md#choose-alpha-first)"
        yield f"*Samples:* a right model fails with a probability of at most {rate}.\n"
    if check.informs:
        yield "*Informs:* what it finds is a note, and no failure.\n"
    mutants = ", ".join(f"`{mutant}`" for mutant in mutants_of(check))
    yield f"*Tested by* the [mutant{'s' if ',' in mutants else ''}]({_MUTANTS}.md) {mutants}.\n"


def _mutants() -> Iterator[str]:
    yield f"<!-- Written by docs/{Path(__file__).name}; do not edit. -->\n"
    yield "# Mutants\n"
    yield (
        f"{len(CAUGHT_BY)} models, each a correct one with one thing changed (`markovgpt.testing.mutants`). Each is "
        "caught by the checks in its row, and by no other: that is a test.\n"
    )
    yield "| mutant | what was slipped | caught by |\n|---|---|---|"
    for mutant, checks in CAUGHT_BY.items():
        inside = ", ".join(f"[`{name}`]({name}.md)" for name in CHECKS if name in checks)
        yield f"| `{mutant}` | {slip_of(mutant)} | {inside} |"
    yield ""


def main() -> None:
    """Write the pages, or compare them."""
    fresh = reference()
    stale = [page for page, text in fresh.items() if not page.is_file() or page.read_text(encoding="utf-8") != text]
    strangers = sorted(set(FOLDER.glob("*.md")) - set(fresh))
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit(f"The only option is --check: got {' '.join(sys.argv[1:])}")
    if strangers:
        sys.exit(f"There is no check of this name: {', '.join(page.name for page in strangers)}. Remove the page.")
    if sys.argv[1:] == ["--check"]:
        if stale:
            names = ", ".join(page.name for page in stale)
            click.echo(f"Out of date: {names}. Run: python docs/{Path(__file__).name}", err=True)
            sys.exit(1)
        return
    FOLDER.mkdir(exist_ok=True)
    for page in stale:
        page.write_text(fresh[page], encoding="utf-8")
        click.echo(f"wrote {page}", err=True)


if __name__ == "__main__":
    main()
