"""What does a check do, which bug does it catch, how is that mended, and by which mutants is it tested?"""

from __future__ import annotations

import inspect

from markovgpt.testing.checks import CHECKS, Check
from markovgpt.testing.mutants import CAUGHT_BY, MUTANTS
from markovgpt.testing.running import check_of

__all__ = ["explain_check", "mutants_of", "slip_of", "table_of_checks"]


def explain_check(name: str) -> list[tuple[str, str]]:
    """What is to be said of a check: titles and texts.

    Raises
    ------
    ArgumentError
        There is no such check.

    Examples
    --------
    >>> [title for title, _ in explain_check("padding")]
    ['what it does', 'the bug it catches', 'seen in', 'how to mend it', 'needs', 'tested by', 'an example']
    """
    check = check_of(name)
    parts = [("what it does", check.what), ("the bug it catches", check.catches)]
    if check.threads:
        parts.append(("seen in", ", ".join(check.threads)))
    parts.append(("how to mend it", check.mend))
    needs = ", ".join(check.needs) if check.needs else "next_logits"
    parts.append(("needs", needs + ("; it informs, and never fails" if check.informs else "")))
    mutants = [f"{mutant}: {slip_of(mutant)}" for mutant in mutants_of(check)]
    parts.append(("tested by", "\n".join(mutants)))
    parts.append(("an example", f"a model with the bug, the message, the repair: docs/checks/{check.name}.md"))
    return parts


def mutants_of(check: Check) -> list[str]:
    """The mutants that it must see, those that few other checks see first."""
    own = [mutant for mutant, checks in CAUGHT_BY.items() if check.name in checks]
    return sorted(own, key=lambda mutant: len(CAUGHT_BY[mutant]))


def slip_of(mutant: str) -> str:
    """What was slipped in a mutant: the first paragraph of its docstring."""
    return " ".join((inspect.getdoc(MUTANTS[mutant]) or "").split("\n\n")[0].split())


def table_of_checks() -> list[tuple[str, str, str]]:
    """Name, need and purpose of every check."""
    return [
        (check.name, ", ".join(check.needs), check.what.partition(":")[0].split(". ")[0]) for check in CHECKS.values()
    ]
