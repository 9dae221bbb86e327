"""What did one check find about one model?"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, final

from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel, check_is_model
from markovgpt.testing.checks import CHECKS
from markovgpt.testing.checks.record import Check
from markovgpt.testing.crashes import crash_told
from markovgpt.testing.deadline import Hung, within
from markovgpt.testing.findings import Finding, NotApplicable, fact
from markovgpt.testing.settings import Settings, resolved
from markovgpt.testing.subject import Subject

__all__ = ["CheckResult", "Outcome", "Suite", "check_of", "run_check"]

Outcome = Literal["passed", "noted", "failed", "skipped", "expected failure"]

_FIRST = (
    "logits_shape",
    "logits_finite",
    "deterministic",
    "no_state_leak",
    "batch_rows_independent",
    "batch_size_tolerance",
)
"""Where one of these fails, failures of the checks after it say little: what they are held against is in doubt."""


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class CheckResult:
    """What one check found.

    Attributes
    ----------
    check : str
        Its name.
    outcome : "passed", "noted", "failed", "skipped" or "expected failure"
        "noted": a check that informs, and never fails, found something to say.
    message : str
        The failure, or the note, in lines; what was compared, if it passed; the reason, if it was skipped or expected
        to fail.
    broken : bool
        The model did not answer: it raised, hung, or changed its vocabulary. Otherwise it answered wrongly, or rightly.
    error : exception, or None
        What the model raised, with its own traceback.
    seconds : float
        Wall time.
    """

    check: str
    outcome: Outcome
    message: str = ""
    broken: bool = False
    error: BaseException | None = None
    seconds: float = 0.0


def check_of(name: str) -> Check:
    """The check of a name.

    Raises
    ------
    ArgumentError
        There is none; names the nearest.
    """
    import difflib

    if name in CHECKS:
        return CHECKS[name]
    near = difflib.get_close_matches(str(name), CHECKS, n=1)
    raise ArgumentError(
        f"There is no check {name!r}." + (f" Did you mean {near[0]}?" if near else "") + f" The checks are "
        f"{', '.join(CHECKS)}.",
        name=name,
    )


def run_check(
    name: str,
    model: LanguageModel,
    *,
    seed: int | None = None,
    n: int | None = None,
    alpha: float | None = None,
    atol: float | None = None,
    timeout: float | None = None,
    spec: str | None = None,
) -> CheckResult:
    """Run one check on a model.

    Parameters
    ----------
    name : str
        A key of :data:`CHECKS`.
    model : LanguageModel
        Any model behind the protocol.
    seed : int, at least 0, optional
        Of contexts that are sampled, and of all draws: 0, or what pytest was told.
    n : int, at least 1, optional
        Prompts that a check of ``generate`` continues: 20,000, or what pytest was told.
    alpha : float, 0 < alpha < 1, optional
        Probability that a check of ``generate`` fails although it samples rightly, at most: 1e-6, or what pytest was
        told.
    atol : float, 0 <= atol < 1, optional
        Largest difference of a probability that is called rounding: what pytest was told, or 1e-6, or what the
        precision of the answers loses (float32, and bfloat16 or float16 if the model returns them).
    timeout : float, seconds, optional
        For the check: that of the run of pytest, if it has one; otherwise a model that hangs hangs the check.
    spec : str, optional
        What names the model on the command line, for the line that reproduces a failure; without it the line is a call
        of :func:`markovgpt.testing.check_model`.

    Raises
    ------
    ArgumentError
        Not a model, no such check, or an option has a value that it cannot have.

    Examples
    --------
    >>> import markovgpt as mg
    >>> run_check("deterministic", mg.load_model("babygpt", steps=0)).outcome
    'passed'
    """
    suite = Suite(model, seed=seed, n=n, alpha=alpha, atol=atol, timeout=timeout, spec=spec)
    return suite.run(check_of(name))


@final
class Suite:
    """Checks of one model, which share its exact chain, and are not run again where others need them first.

    Settings that are not given are those that hold when a check is run.
    """

    def __init__(
        self,
        model: LanguageModel,
        *,
        seed: int | None = None,
        n: int | None = None,
        alpha: float | None = None,
        atol: float | None = None,
        timeout: float | None = None,
        spec: str | None = None,
        name: str | None = None,
    ) -> None:
        self._resolved = partial(resolved, seed=seed, n=n, alpha=alpha, atol=atol, timeout=timeout)
        self._model = check_is_model(model)
        self._subject = Subject(self._model, settings=self.settings, spec=spec, name=name)
        self._identity, self._gone = self._subject.identity(), False
        self._found: dict[tuple[Settings, str], CheckResult] = {}

    @property
    def model(self) -> LanguageModel:
        """What is under test."""
        return self._model

    @property
    def name(self) -> str:
        """What the model is called here."""
        return self._subject.name

    @property
    def settings(self) -> Settings:
        """Those that a check would have that is run now."""
        return self._resolved()

    def run(self, check: Check) -> CheckResult:
        """What a check finds; the second time, what it found."""
        key = self.settings, check.name
        if key not in self._found:
            began = time.perf_counter()
            result = self._run(check, self._subject.asked_anew(self.settings))
            self._found[key] = replace(result, seconds=time.perf_counter() - began)
        return self._found[key]

    def _run(self, check: Check, subject: Subject) -> CheckResult:
        if self._gone:
            return CheckResult(check=check.name, outcome="skipped", message="cannot be run: the vocabulary changed")
        for need in check.needs:
            missing = self._missing(need)
            if missing:
                return CheckResult(check=check.name, outcome="skipped", message=missing)
        for name in check.after:
            known = self._found.get((subject.settings, name))
            if known is not None and isinstance(known.error, Hung):
                return _cannot(check, known)
        try:
            said = within(subject.settings.timeout, lambda: check.run(subject))
        except NotApplicable as reason:
            return CheckResult(check=check.name, outcome="skipped", message=str(reason))
        except Finding as finding:
            return self._changed(check, subject) or CheckResult(
                check=check.name,
                outcome="noted" if check.informs else "failed",
                message=self._told(check, finding, subject),
            )
        except (Exception, Hung) as error:  # whatever a model does to its checks is a result of theirs
            return self._changed(check, subject) or self._because_of(check) or self._raised(check, error, subject)
        return self._changed(check, subject) or CheckResult(check=check.name, outcome="passed", message=said)

    def _missing(self, need: str) -> str:
        """That the model lacks a method, and why, if it says so; empty if it has it."""
        try:
            getattr(self.model, need)
        except AttributeError as error:
            said = " ".join(str(error).split()).removesuffix(".")
            plain = not said or "has no attribute" in said
            return f"no {need}" if plain else f"no {need}: {said}"
        return ""

    def _told(self, check: Check, finding: Finding, subject: Subject) -> str:
        """The whole message of a failure."""
        lines = [str(finding)]
        first = self._first_failure(check)
        if finding.explained:
            lines.append(fact("likely", finding.explained))
        elif first:
            lines.append(fact("likely", f"{first} fails, and this may follow from it: mend that first"))
        elif finding.likely:
            lines.append(fact("likely", finding.likely))
        lines.append(fact("reproduce", finding.reproduce or subject.command(check.name)))
        return "\n".join(lines)

    def _first_failure(self, check: Check) -> str:
        """The first check that fails of those which must pass before this one says much; empty if none does."""
        for name in _FIRST[: _FIRST.index(check.name)] if check.name in _FIRST else _FIRST:
            result = self.run(CHECKS[name])
            if result.outcome == "failed" and not result.broken:
                return name
        return ""

    def _changed(self, check: Check, subject: Subject) -> CheckResult | None:
        """A failure, if the model is no longer the one that it was."""
        try:
            now = subject.identity()
        except Exception as error:
            now = f"{type(error).__name__}: {error}"
        if now == self._identity:
            return None
        lines = [
            f"{subject.name}: the model changed its vocabulary or context between calls",
            fact("before", self._identity),
            fact("now", now),
            fact("likely", "tokens are added, or the tokenizer is loaded, when the model is first used"),
            fact("reproduce", subject.command(check.name)),
        ]
        self._gone = True
        return CheckResult(check=check.name, outcome="failed", message="\n".join(lines), broken=True)

    def _because_of(self, check: Check) -> CheckResult | None:
        """The check could not be run: skipped, if that is because of a fault that another check is about."""
        for name in check.after:
            before = self.run(CHECKS[name])
            if before.outcome == "failed":
                return _cannot(check, before)
        return None

    def _raised(self, check: Check, error: Exception, subject: Subject) -> CheckResult:
        """The model raised, hung, or returned what no model returns."""
        message, cause = crash_told(check.name, error, subject)
        return CheckResult(
            check=check.name, outcome="failed", message=message, broken=cause is not None, error=cause or error
        )


def _cannot(check: Check, before: CheckResult) -> CheckResult:
    """Skipped, since another check fails without which this one means nothing."""
    did = "hangs" if isinstance(before.error, Hung) else "fails"
    return CheckResult(check=check.name, outcome="skipped", message=f"cannot be run: {before.check} {did}")
