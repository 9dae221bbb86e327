"""How are the checks run: as a report, or as one pytest item each?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, final

from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel, Progress, check_is_model, model_name
from markovgpt.testing.checks import CHECKS
from markovgpt.testing.running import CheckResult, Suite, check_of

__all__ = ["CheckReport", "check_model", "parametrize_with_checks"]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class CheckReport:
    """What the checks found about one model.

    Attributes
    ----------
    model : str
        Its name.
    results : tuple of CheckResult
        One a check that was asked for, in the order of :data:`CHECKS`.
    seed, n, alpha : int, int, float
        As they were given.
    """

    model: str
    results: tuple[CheckResult, ...]
    seed: int
    n: int
    alpha: float

    @property
    def ok(self) -> bool:
        """Whether checks ran and none failed."""
        outcomes = {result.outcome for result in self.results}
        return bool(outcomes - {"skipped"}) and "failed" not in outcomes

    @property
    def counts(self) -> dict[str, int]:
        """How many checks had each outcome that there was."""
        outcomes = [result.outcome for result in self.results]
        names = ("passed", "noted", "failed", "expected failure", "skipped")
        return {name: outcomes.count(name) for name in names if name in outcomes}

    def summary(self) -> str:
        """The line that counts: ``babygpt: 26 checks: 20 passed, 6 skipped``."""
        counts = dict(self.counts)
        if "expected failure" in counts and counts["expected failure"] > 1:
            counts = {("expected failures" if k == "expected failure" else k): v for k, v in counts.items()}
        said = ", ".join(f"{n} {kind}" for kind, n in counts.items())
        return f"{self.model}: {len(self.results)} checks: {said or 'none was asked for'}"

    def __str__(self) -> str:
        lines = [self.summary()]
        for outcome in ("failed", "noted", "expected failure", "skipped"):
            found = [result for result in self.results if result.outcome == outcome]
            lines += [f"{result.check}: {result.message}" for result in found if outcome == "failed"]
            lines += [f"{result.check} {outcome}: {result.message}" for result in found if outcome != "failed"]
        if self.results and not self.ok and "failed" not in self.counts:
            lines.append("No check could be run, so nothing is known of this model.")
        return "\n".join(lines)


def check_model(
    model: LanguageModel,
    *,
    expected_failures: Mapping[str, str] | None = None,
    only: Sequence[str] | None = None,
    skip: Sequence[str] = (),
    timeout: float | None = None,
    seed: int = 0,
    n: int = 20_000,
    alpha: float = 1e-6,
    spec: str | None = None,
    progress: Progress | None = None,
) -> CheckReport:
    """Run the checks on a model and report; whatever the model does is a result, and only wrong use raises.

    Parameters
    ----------
    model : LanguageModel
        Any model behind the protocol. What it can do is found by ``hasattr``; a check of what it cannot is skipped and
        counted, and a run in which no check ran is not ``ok``.
    expected_failures : {check name: reason}, optional
        Strict: a check that is named here must be run, and one that passes, or is skipped, is a failure.
    only, skip : sequence of check names
        Those alone; all but those.
    timeout : float, seconds, optional
        For each check. It is then run in a thread; a loop in Python is interrupted, code in C is left behind.
    seed : int, at least 0
        Of contexts that are sampled, and of all draws.
    n : int, at least 1
        Prompts that each check of ``generate`` continues, by four tokens mostly.
    alpha : float, 0 < alpha < 1
        Probability that a check of ``generate`` fails although it samples rightly: at most this, for each such check.
    spec : str, optional
        What names the model on the command line, for the lines that reproduce failures; its name by default.
    progress : callable, optional
        See :mod:`markovgpt.model`.

    Raises
    ------
    ArgumentError
        Not a model, a name that is no check's, or an option with a value that it cannot have.

    Examples
    --------
    >>> import markovgpt as mg
    >>> print(check_model(mg.from_matrix([[0.5, 0.5], [0.9, 0.1]]), only=["logits_shape", "deterministic", "causal"]))
    table: 3 checks: 2 passed, 1 skipped
    causal skipped: no all_logits
    """
    suite = Suite(model, seed=seed, n=n, alpha=alpha, timeout=timeout, spec=spec)
    names = _chosen(only, skip)
    expected = _expected(expected_failures, names)
    results = []
    for place, name in enumerate(names):
        if progress is not None:
            progress("checks", place, len(names))
        results.append(_judged(suite.run(CHECKS[name]), expected.get(name)))
    if progress is not None:
        progress("checks", len(names), len(names))
    return CheckReport(model=model_name(model), results=tuple(results), seed=seed, n=n, alpha=alpha)


def parametrize_with_checks(
    models: Sequence[LanguageModel],
    *,
    expected_failures: Mapping[str, str] | Callable[[LanguageModel], Mapping[str, str]] | None = None,
    only: Sequence[str] | None = None,
    skip: Sequence[str] = (),
    timeout: float | None = None,
    seed: int = 0,
    n: int = 20_000,
    alpha: float = 1e-6,
) -> Callable[[Any], Any]:
    """A pytest decorator: one test item a model and check, each given a function ``check`` to call.

    Expected failures become strict ``xfail`` marks; with several models they may be a function of the model. The other
    options are those of :func:`check_model`.

    Examples
    --------
    >>> import markovgpt as mg
    >>> @parametrize_with_checks([mg.load_model("babygpt", steps=0)])
    ... def test_my_model(check):
    ...     check()
    """
    import pytest

    names = _chosen(only, skip)
    items = []
    for model in models:
        suite = Suite(check_is_model(model), seed=seed, n=n, alpha=alpha, timeout=timeout)
        declared = expected_failures(model) if callable(expected_failures) else expected_failures
        expected = _expected(declared, names)
        for name in names:
            item = partial(_item, suite, name, expected.get(name))
            items.append(pytest.param(item, id=f"{model_name(model)}-{name}"))
    return pytest.mark.parametrize("check", items)


def _item(suite: Suite, name: str, expected: str | None) -> None:
    """Run a check in pytest: a failure fails the item, with the message of the check."""
    __tracebackhide__ = True
    import pytest

    result = _judged(suite.run(CHECKS[name]), expected)
    if result.outcome == "failed":
        pytest.fail(f"{name}: {result.message}", pytrace=False)
    if result.outcome == "skipped":
        pytest.skip(result.message)
    if result.outcome == "expected failure":
        pytest.xfail(result.message)


def _judged(result: CheckResult, expected: str | None) -> CheckResult:
    """The result in the light of what the caller expects."""
    if expected is None:
        return result
    if result.outcome == "failed":
        return replace(result, outcome="expected failure", message=expected)
    did = f"is skipped: {result.message}" if result.outcome == "skipped" else "passes"
    said = f"it is expected to fail ({expected}), but it {did}. Take it out of the expected failures."
    return replace(result, outcome="failed", message=said)


def _chosen(only: Sequence[str] | None, skip: Sequence[str]) -> list[str]:
    """The names of the checks that are run."""
    for given in (only, skip):
        if isinstance(given, str):
            raise ArgumentError(f"only and skip are lists of names of checks: got {given!r}.")
    for name in (*(only or ()), *skip):
        check_of(name)
    names = [name for name in CHECKS if (only is None or name in only) and name not in skip]
    if not names:
        raise ArgumentError("No check is left: only and skip leave out all of them.")
    return names


def _expected(expected: Mapping[str, str] | None, names: Sequence[str]) -> dict[str, str]:
    """Expected failures, each of which is the name of a check that is run."""
    chosen = dict(expected or {})
    for name in chosen:
        check_of(name)
        if name not in names:
            raise ArgumentError(f"{name} is expected to fail, but only and skip leave it out.", name=name)
    return chosen
