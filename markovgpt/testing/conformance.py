"""How are the checks run: as a report, or as one pytest item each?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, final

from markovgpt.errors import ArgumentError, ModelError
from markovgpt.model import LanguageModel, check_is_model, model_name
from markovgpt.testing.checks import CHECKS, NEEDS

__all__ = ["CheckReport", "CheckResult", "check_model", "parametrize_with_checks"]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What one check found; ``message`` is the failure, or the reason for skipping."""

    check: str
    outcome: Literal["passed", "failed", "skipped", "expected failure"]
    message: str = ""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What all checks found about one model."""

    model: str
    results: tuple[CheckResult, ...]

    @property
    def ok(self) -> bool:
        """Whether checks ran and none failed."""
        outcomes = [result.outcome for result in self.results]
        return "passed" in outcomes and "failed" not in outcomes

    def __str__(self) -> str:
        counts = {kind: sum(r.outcome == kind for r in self.results) for kind in ("passed", "failed", "skipped")}
        counts["expected failures"] = sum(r.outcome == "expected failure" for r in self.results)
        head = f"{self.model}: {len(self.results)} checks: " + ", ".join(
            f"{n} {kind}" for kind, n in counts.items() if n
        )
        failures = [f"{r.check}: {r.message}" for r in self.results if r.outcome == "failed"]
        skipped = [f"{r.check} skipped: {r.message}" for r in self.results if r.outcome == "skipped"]
        return "\n".join([head, *failures, *skipped])


def check_model(model: LanguageModel, *, expected_failures: Mapping[str, str] | None = None) -> CheckReport:
    """Run every check on a model and report; raises nothing but wrong use.

    Parameters
    ----------
    model : LanguageModel
        Any model behind the protocol.
    expected_failures : {check name: reason}, optional
        Strict: a check that is named here and passes is a failure.

    Raises
    ------
    ArgumentError
        Not a model, or an expected failure names no check.

    Examples
    --------
    >>> import markovgpt as mg
    >>> print(check_model(mg.load_model("babygpt", steps=0)))
    babygpt: 7 checks: 7 passed
    """
    check_is_model(model)
    expected = dict(expected_failures or {})
    unknown = sorted(set(expected) - set(CHECKS))
    if unknown:
        raise ArgumentError(f"There is no check {unknown[0]!r}. The checks are {', '.join(CHECKS)}.", unknown=unknown)
    results = tuple(_run(name, model, expected.get(name)) for name in CHECKS)
    return CheckReport(model=model_name(model), results=results)


def parametrize_with_checks(models: Sequence[LanguageModel]) -> Callable[[Any], Any]:
    """A pytest decorator: one test item a model and check, each given a function ``check`` to call.

    Examples
    --------
    >>> import markovgpt as mg
    >>> @parametrize_with_checks([mg.load_model("babygpt", steps=0)])
    ... def test_my_model(check):
    ...     check()
    """
    import pytest

    items = []
    for model in models:
        check_is_model(model)
        for name, check in CHECKS.items():
            reason = _missing(name, model)
            marks = [pytest.mark.skip(reason=reason)] if reason else []
            items.append(pytest.param(partial(check, model), id=f"{model_name(model)}-{name}", marks=marks))
    return pytest.mark.parametrize("check", items)


def _run(name: str, model: LanguageModel, expected: str | None) -> CheckResult:
    if reason := _missing(name, model):
        return CheckResult(check=name, outcome="skipped", message=reason)
    try:
        CHECKS[name](model)
    except Exception as failure:  # whatever a model does to its checks is a result of theirs
        if expected is not None:
            return CheckResult(check=name, outcome="expected failure", message=expected)
        ours = isinstance(failure, AssertionError | ModelError)
        message = str(failure) if ours else f"{model_name(model)} failed: {type(failure).__name__}: {failure}"
        return CheckResult(check=name, outcome="failed", message=message)
    if expected is not None:
        return CheckResult(check=name, outcome="failed", message=f"expected to fail ({expected}), but it passes")
    return CheckResult(check=name, outcome="passed")


def _missing(name: str, model: LanguageModel) -> str:
    capability = NEEDS.get(name, "")
    return f"no {capability}" if capability and not hasattr(model, capability) else ""
