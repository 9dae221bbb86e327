"""Does a model keep the rules of a model? Checks for other people's test suites, usable with or without pytest."""

from markovgpt.testing.conformance import CheckReport, CheckResult, check_model, parametrize_with_checks

__all__ = ["CheckReport", "CheckResult", "check_model", "parametrize_with_checks"]
