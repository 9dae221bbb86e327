"""Does a report of checks say what was found, and are expected failures strict?"""

from __future__ import annotations

import numpy as np
import pytest

import markovgpt as mg
from markovgpt import ArgumentError
from markovgpt.testing import check_model
from markovgpt.testing.checks import CHECKS


def _model(law=lambda contexts: np.zeros((len(contexts), 2)), name="fair"):
    return mg.from_callable(law, vocab_size=2, context_length=2, name=name)


def _growing():
    """Depends on the batch size, and nothing else."""
    return _model(lambda contexts: np.tile([0.0, 0.1 * len(contexts)], (len(contexts), 1)), "growing")


def test_report_counts_what_was_found():
    """Six passed, one skipped, with the reason."""
    report = check_model(_model())
    assert report.ok
    assert str(report) == "fair: 7 checks: 6 passed, 1 skipped\ncausal skipped: no all_logits"


def test_report_shows_the_failures():
    """Name of the check, then its message."""
    report = check_model(_growing())
    assert not report.ok
    assert str(report).startswith("growing: 7 checks: 5 passed, 1 failed, 1 skipped\nbatch_size_irrelevant: growing: ")


def test_report_has_one_result_a_check():
    """In the order of the checks."""
    assert [result.check for result in check_model(_model()).results] == list(CHECKS)


def test_expected_failure_is_no_failure():
    """It failed, as was declared, and the reason is kept."""
    report = check_model(_growing(), expected_failures={"batch_size_irrelevant": "kernels differ"})
    result = next(result for result in report.results if result.check == "batch_size_irrelevant")
    assert report.ok
    assert (result.outcome, result.message) == ("expected failure", "kernels differ")
    assert "1 expected failures" in str(report)


def test_expected_failure_that_passes_is_a_failure():
    """Strict: a fault that was mended must be taken from the list."""
    report = check_model(_model(), expected_failures={"deterministic": "dropout"})
    result = next(result for result in report.results if result.check == "deterministic")
    assert not report.ok
    assert (result.outcome, result.message) == ("failed", "expected to fail (dropout), but it passes")


def test_expected_failure_of_an_unknown_check_is_refused():
    """A slip in the name would hide a fault."""
    with pytest.raises(
        ArgumentError, match=r"There is no check 'determinstic'\. The checks are logits_valid, "
    ) as caught:
        check_model(_model(), expected_failures={"determinstic": "dropout"})
    assert caught.value.facts == {"unknown": ["determinstic"]}


def test_report_of_no_check_that_ran_is_not_ok():
    """Nothing was shown to be right."""
    expected = dict.fromkeys(CHECKS, "does not work yet")

    def broken(contexts):
        raise RuntimeError

    report = check_model(_model(broken), expected_failures=expected)
    assert not report.ok


def test_thing_that_is_no_model_is_refused():
    """Wrong use raises; a fault of a model is a result."""
    with pytest.raises(ArgumentError, match="A model needs `vocab_size`"):
        check_model(3)


def test_unbroken_promise_not_to_raise():
    """Whatever the model does: a report."""

    class Wild:
        vocab_size, context_length = 2, 2

        def next_logits(self, _):
            raise ZeroDivisionError

        def all_logits(self, _):
            raise ZeroDivisionError

    report = check_model(Wild())
    assert {result.outcome for result in report.results} == {"failed"}
