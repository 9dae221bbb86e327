"""What did the checks find about one model, all together?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

from markovgpt.model import LanguageModel, Progress
from markovgpt.testing.checks import CHECKS
from markovgpt.testing.chosen import chosen_checks, expected_checks, judged
from markovgpt.testing.observers import tell
from markovgpt.testing.running import CheckResult, Suite

__all__ = ["CheckReport", "check_model"]


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
        That the checks were run with.
    atol : float, or None
        The tolerance that was given; None: that of the precision of the model's answers.
    """

    model: str
    results: tuple[CheckResult, ...]
    seed: int
    n: int
    alpha: float
    atol: float | None = None

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
        """The line that counts: ``babygpt: 27 checks: 21 passed, 6 skipped``."""
        counts = dict(self.counts)
        if "expected failure" in counts and counts["expected failure"] > 1:
            counts = {("expected failures" if k == "expected failure" else k): v for k, v in counts.items()}
        said = ", ".join(f"{n} {kind}" for kind, n in counts.items())
        n = len(self.results)
        return f"{self.model}: {n} check{'' if n == 1 else 's'}: {said or 'none was asked for'}"

    def raise_if_failed(self) -> None:
        """Nothing, if the report is ``ok``.

        Raises
        ------
        AssertionError
            A check failed, or none could be run; with the whole text of the report.
        """
        __tracebackhide__ = True
        if not self.ok:
            raise AssertionError(str(self))

    def __repr__(self) -> str:
        failed = [result.check for result in self.results if result.outcome == "failed"]
        return f"<CheckReport {self.summary()}{': ' if failed else ''}{', '.join(failed)}>"

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
    seed: int | None = None,
    n: int | None = None,
    alpha: float | None = None,
    atol: float | None = None,
    spec: str | None = None,
    progress: Progress | None = None,
    found: Callable[[CheckResult], None] | None = None,
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
        For each check: that of the run of pytest, if it has one. It is then run in a thread; a loop in Python is
        interrupted, code in C is left behind. Checks that mean nothing without the one that hangs are skipped.
    seed : int, at least 0, optional
        Of contexts that are sampled, and of all draws: 0, or what pytest was told.
    n : int, at least 1, optional
        Prompts that each check of ``generate`` continues, by four tokens mostly: 20,000, or what pytest was told.
    alpha : float, 0 < alpha < 1, optional
        Probability that a check of ``generate`` fails although it samples rightly, at most, for each such check: 1e-6,
        or what pytest was told.
    atol : float, 0 <= atol < 1, optional
        Largest difference of a probability that is called rounding: what pytest was told, or 1e-6, or what the
        precision of the answers loses (float32, and bfloat16 or float16 if the model returns them).
    spec : str, optional
        What names the model on the command line, for the lines that reproduce failures; without it they are calls of
        this function.
    progress : callable, optional
        See :mod:`markovgpt.model`.
    found : callable, optional
        Called with each result as soon as there is one.

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
    suite = Suite(model, seed=seed, n=n, alpha=alpha, atol=atol, timeout=timeout, spec=spec)
    used = suite.settings
    names = chosen_checks(only, skip)
    expected = expected_checks(expected_failures, names)
    results = []
    for place, name in enumerate(names):
        if progress is not None:
            progress("checks", place, len(names))
        results.append(judged(suite.run(CHECKS[name]), expected.get(name)))
        if found is not None:
            found(results[-1])
    if progress is not None:
        progress("checks", len(names), len(names))
    report = CheckReport(
        model=suite.name, results=tuple(results), seed=used.seed, n=used.n, alpha=used.alpha, atol=used.atol
    )
    tell(model, report)
    return report
