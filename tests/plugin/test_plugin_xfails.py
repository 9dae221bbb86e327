"""Are expected failures strict?"""

from __future__ import annotations

import json

import pytest

from markovgpt.testing import CHECKS

FAULTY = "models.py:faulty"
SUITE = """
from markovgpt.testing import parametrize_with_checks
from models import fair, faulty

@parametrize_with_checks([fair, faulty], only=["deterministic", "batch_size_tolerance", "causal"])
def test_models(check):
    check()
"""


@pytest.fixture
def xfails(folder):
    """A file of expected failures; its path."""

    def write(text, name="xfails.toml"):
        place = folder.path / name
        place.write_text(text, encoding="utf-8")
        return place

    return write


@pytest.mark.parametrize("name", ["faulty", FAULTY])
@pytest.mark.parametrize("suffix", [".toml", ".json"])
def test_expected_failure_is_no_failure(run, xfails, name, suffix):
    """By the name of the model, or by what names it on the command line; in TOML and in JSON."""
    text = f'["{name}"]\nbatch_size_tolerance = "kernels differ"\n'
    if suffix == ".json":
        text = json.dumps({name: {"batch_size_tolerance": "kernels differ"}})
    result = run(
        "--markovgpt-model", FAULTY, "--markovgpt-xfails", xfails(text, f"x{suffix}"), "-k", "batch_size", "-rx"
    )
    result.assert_outcomes(xfailed=1, deselected=len(CHECKS) - 1)
    result.stdout.fnmatch_lines(
        ["markovgpt: 1 check: 1 expected failure", "XFAIL *batch_size_tolerance* kernels differ"]
    )


@pytest.mark.parametrize(("check", "did"), [("deterministic", "it passes"), ("causal", "it is skipped: no all_logits")])
def test_expected_failure_that_does_not_fail_is_a_failure(run, xfails, check, did):
    """What was mended has to be taken from the file, and so has what is not even run."""
    place = xfails(f'[faulty]\n{check} = "dropout"\n')
    result = run("--markovgpt-model", FAULTY, "--markovgpt-xfails", place, "-k", check)
    result.assert_outcomes(failed=1, deselected=len(CHECKS) - 1)
    result.stdout.fnmatch_lines(
        [f"*it is expected to fail (dropout), but {did}. Take it out of the expected failures."]
    )


def test_expected_failures_hold_for_the_decorator(run, folder, xfails):
    """By the name of the model: the other model is not excused."""
    folder.makepyfile(test_suite=SUITE)
    folder.syspathinsert()
    result = run("--markovgpt-xfails", xfails('[faulty]\nbatch_size_tolerance = "kernels differ"\n'))
    result.assert_outcomes(passed=3, xfailed=1, skipped=2)
    wrong = run("--markovgpt-xfails", xfails('[fair]\nbatch_size_tolerance = "kernels differ"\n'))
    wrong.assert_outcomes(passed=2, failed=2, skipped=2)


def test_model_of_which_nothing_is_checked_fails_the_run(run, xfails):
    """A slip in a name would excuse nothing and nobody would know; the file stands on the command line."""
    place = xfails('[fair]\n[faulti]\nbatch_size_tolerance = "kernels differ"\n')
    result = run("--markovgpt-model", "models.py:fair", "--markovgpt-xfails", place, "-k", "deterministic")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["markovgpt: *xfails.toml names the model 'faulti', of which nothing was checked*"])


def test_file_of_the_ini_settings_may_name_models_of_other_tests(run, folder, xfails):
    """One test is run alone, and the file is about all; its path starts at the ini file."""
    xfails('[faulti]\nbatch_size_tolerance = "kernels differ"\n')
    folder.makeini("[pytest]\nmarkovgpt_xfails = xfails.toml\n")
    folder.makepyfile(test_ordinary="def test_ordinary():\n    pass\n")
    result = run()
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.OK
