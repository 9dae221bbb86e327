"""Are the checks of a model collected as tests, and only where they should be?"""

from __future__ import annotations

import pytest

from markovgpt.testing.checks import CHECKS

FAIR, FAULTY = "models.py:fair", "models.py:faulty"
ORDINARY = "def test_ordinary():\n    pass\n"
USES_MODEL = "def test_model(markov_model):\n    assert markov_model.vocab_size == 2\n"


def test_checks_of_a_model_on_the_command_line_are_collected(run):
    """One item a check, in their order, named by what names the model."""
    result = run("--markovgpt-model", FAIR, "--collect-only", "-q")
    assert [line for line in result.outlines if "::" in line] == [f"{FAIR}::{name}" for name in CHECKS]


def test_checks_run_beside_ordinary_tests(run, folder):
    """They come in addition; the outcome of each is its own."""
    folder.makepyfile(test_ordinary=ORDINARY)
    result = run("--markovgpt-model", FAULTY, "-v", "-k", "ordinary or deterministic or batch_size or causal")
    result.assert_outcomes(passed=2, failed=1, skipped=1, deselected=len(CHECKS) - 3)
    result.stdout.fnmatch_lines(["test_ordinary.py::test_ordinary PASSED*", f"{FAULTY}::deterministic PASSED*"])


def test_failure_of_a_collected_check_shows_its_message_once(run):
    """What the check says, no frames of ours, and the command that does it again with the same name of the model."""
    result = run("--markovgpt-model", FAULTY, "-k", "batch_size")
    shown = result.stdout.str()
    assert shown.count("faulty: the law of a context depends on the size of the batch") == 1
    assert f"reproduce  markovgpt check {FAULTY} --only batch_size_tolerance" in shown
    assert "Traceback" not in shown
    assert "pytest_plugin" not in shown.replace("markovgpt.pytest_plugin", "")


def test_checks_are_not_collected_where_a_test_takes_the_model(run, folder):
    """The test is run with it."""
    folder.makepyfile(test_model=USES_MODEL)
    result = run("--markovgpt-model", FAIR, "--markovgpt-model", FAULTY, "-v")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines([f"*test_model?{FAIR}? PASSED*", f"*test_model?{FAULTY}? PASSED*"])


def test_checks_are_not_collected_for_a_model_of_the_ini_file(run, folder):
    """It is there for tests that take it; others are left alone."""
    folder.makeini(f"[pytest]\nmarkovgpt_model =\n    {FAIR}\n")
    folder.makepyfile(test_ordinary=ORDINARY)
    run().assert_outcomes(passed=1)


def test_models_of_the_command_line_replace_those_of_the_ini_file(run, folder):
    """Not both."""
    folder.makeini(f"[pytest]\nmarkovgpt_model =\n    {FAIR}\n    {FAULTY}\n")
    folder.makepyfile(test_model=USES_MODEL)
    run().assert_outcomes(passed=2)
    run("--markovgpt-model", FAIR).assert_outcomes(passed=1)


def test_test_with_its_own_models_is_left_alone(run, folder):
    """Parametrized by hand."""
    folder.makepyfile(
        test_own="import pytest\n@pytest.mark.parametrize('markov_model', [7])\ndef test_own(markov_model):\n"
        "    assert markov_model == 7\n"
    )
    run("--markovgpt-model", FAIR).assert_outcomes(passed=1)


def test_test_without_a_model_says_how_to_give_one(run, folder):
    """An error, not a skip: nothing was tested."""
    folder.makepyfile(test_model=USES_MODEL)
    result = run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["markov_model has no model: give one with --markovgpt-model SPEC*"])


def test_settings_of_the_command_line_reach_the_checks(run):
    """The line that does it again has them."""
    result = run("--markovgpt-model", FAULTY, "--markovgpt-seed", 5, "-k", "batch_size")
    result.stdout.fnmatch_lines([f"*markovgpt check {FAULTY} --only batch_size_tolerance --seed 5"])


def test_model_is_not_loaded_where_tests_are_only_listed(run):
    """Listing costs nothing."""
    result = run("--markovgpt-model", "models.py:unbuildable", "--collect-only", "-q")
    assert result.ret == pytest.ExitCode.OK
    assert f"{len(CHECKS)} tests collected" in result.stdout.str()


def test_last_failed_check_can_be_run_again(run):
    """By the cache of pytest, as any test."""
    first = run("--markovgpt-model", FAULTY, "-k", "logits_ or batch_size")
    first.assert_outcomes(passed=2, failed=1, deselected=len(CHECKS) - 3)
    run("--markovgpt-model", FAULTY, "--lf").assert_outcomes(failed=1, deselected=len(CHECKS) - 1)
