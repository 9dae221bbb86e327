"""Which checks are run, which of them are expected to fail, and what does that make of what they find?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from markovgpt.errors import ArgumentError
from markovgpt.testing.checks import CHECKS
from markovgpt.testing.running import CheckResult, check_of

__all__ = ["chosen_checks", "expected_checks", "judged"]


def judged(result: CheckResult, expected: str | None) -> CheckResult:
    """The result in the light of what the caller expects."""
    if expected is None:
        return result
    if result.outcome == "failed":
        return replace(result, outcome="expected failure", message=expected)
    did = f"is skipped: {result.message}" if result.outcome == "skipped" else "passes"
    said = f"it is expected to fail ({expected}), but it {did}. Take it out of the expected failures."
    return replace(result, outcome="failed", message=said)


def chosen_checks(only: Sequence[str] | None, skip: Sequence[str]) -> list[str]:
    """The names of the checks that are run.

    Raises
    ------
    ArgumentError
        A name that is no check's, or none is left.
    """
    for given in (only, skip):
        if isinstance(given, str):
            raise ArgumentError(f"only and skip are lists of names of checks: got {given!r}.")
    for name in (*(only or ()), *skip):
        check_of(name)
    names = [name for name in CHECKS if (only is None or name in only) and name not in skip]
    if not names:
        raise ArgumentError("No check is left: only and skip leave out all of them.")
    return names


def expected_checks(expected: Mapping[str, str] | None, names: Sequence[str]) -> dict[str, str]:
    """Expected failures, each of which is the name of a check that is run.

    Raises
    ------
    ArgumentError
        A name that is no check's, or that of a check that is not run; no reason; they are no reasons by name.
    """
    if expected is not None and not isinstance(expected, Mapping):
        raise ArgumentError(f'expected_failures are reasons by name, {{"causal": "on purpose"}}: got {expected!r}.')
    chosen = dict(expected or {})
    for name, reason in chosen.items():
        check_of(name)
        if not isinstance(reason, str) or not reason.strip():
            raise ArgumentError(f"{name} is expected to fail: say why, in a text. Got {reason!r}.", name=name)
        if name not in names:
            raise ArgumentError(f"{name} is expected to fail, but only and skip leave it out.", name=name)
    return chosen
