"""Does a model keep the rules of a model? Checks and assertions for other people's test suites, with or without pytest.

Names are imported at first use, so that ``import markovgpt.testing`` is cheap.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markovgpt.testing.checks import CHECKS as CHECKS
    from markovgpt.testing.checks import Check as Check
    from markovgpt.testing.conformance import CheckReport as CheckReport
    from markovgpt.testing.conformance import check_model as check_model
    from markovgpt.testing.conformance import parametrize_with_checks as parametrize_with_checks
    from markovgpt.testing.mutants import CAUGHT_BY as CAUGHT_BY
    from markovgpt.testing.mutants import MUTANTS as MUTANTS
    from markovgpt.testing.running import CheckResult as CheckResult
    from markovgpt.testing.running import run_check as run_check
    from markovgpt.testing.sampling import SampleVerdict as SampleVerdict
    from markovgpt.testing.sampling import judge_samples as judge_samples

_HOME = {
    "CAUGHT_BY": "mutants",
    "CHECKS": "checks",
    "MUTANTS": "mutants",
    "Check": "checks",
    "CheckReport": "conformance",
    "CheckResult": "running",
    "SampleVerdict": "sampling",
    "check_model": "conformance",
    "judge_samples": "sampling",
    "parametrize_with_checks": "conformance",
    "run_check": "running",
}
"""Public name to the module that defines it."""

__all__ = [*_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'markovgpt.testing' has no attribute {name!r}")
    value = getattr(import_module(f"markovgpt.testing.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
