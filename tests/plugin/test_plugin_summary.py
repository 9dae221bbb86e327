"""Does the terminal say how many checks ran, and is it silent where there were none?"""

from __future__ import annotations

from markovgpt.pytest_plugin.results import Found

FAULTY = "models.py:faulty"


def _entry(outcome, message=""):
    return {"outcome": outcome, "message": message}


def _line(*groups):
    found = Found()
    for i, (n, outcome, message) in enumerate(groups):
        found.add(f"test {i}", "call", [_entry(outcome, message)] * n)
    return [line for line, _ in found.lines()]


def test_line_counts_every_outcome():
    """With the reason of the skipped ones."""
    groups = [(40, "passed", ""), (3, "expected failure", "later"), (4, "skipped", "no session")]
    assert _line(*groups) == ["markovgpt: 47 checks: 40 passed, 3 expected failures, 4 skipped (no session)"]


def test_line_names_the_most_frequent_reasons():
    """Four of them, and how many others."""
    groups = [(1, "skipped", reason) for reason in "fedcb"] + [(2, "skipped", "a\nand more"), (1, "failed", "x")]
    assert _line(*groups) == ["markovgpt: 8 checks: 1 failed, 7 skipped (2 a, b, c, d, 2 other)"]


def test_nothing_is_said_of_nothing():
    """No check, no line."""
    assert _line() == []


def test_test_that_is_run_again_counts_once():
    """By a plugin that repeats what failed."""
    found = Found()
    found.add("test", "call", [_entry("failed")])
    found.add("test", "call", [_entry("passed")])
    assert found.counts()["failed"] == 0
    assert found.counts()["passed"] == 1


def test_results_of_check_model_are_counted(run, folder):
    """In a fixture as in a test, however the function was imported; those of a failing model, too."""
    folder.makepyfile(
        test_report="import pytest\nfrom models import fair, faulty\nfrom markovgpt.testing import check_model\n"
        "NAMES = ['deterministic', 'batch_size_tolerance']\n"
        "@pytest.fixture(scope='module')\n"
        "def report():\n    return check_model(fair, only=NAMES)\n"
        "def test_report(report):\n    assert report.ok\n"
        "def test_inside():\n    from markovgpt.testing import check_model as again\n"
        "    assert not again(faulty, only=NAMES).ok\n"
    )
    folder.syspathinsert()
    result = run()
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["markovgpt: 4 checks: 3 passed, 1 failed"])


def test_item_that_another_test_ran_is_none_that_this_one_ran(run, folder):
    """Two tests share the decorator; the second calls no check, and nothing of the first is said of it."""
    folder.makepyfile(
        test_suite="from models import faulty\nfrom markovgpt.testing import parametrize_with_checks\n"
        "checked = parametrize_with_checks([faulty], only=['batch_size_tolerance'])\n"
        "@checked\ndef test_first(check):\n    check()\n"
        "@checked\ndef test_second(check):\n    pass\n"
    )
    folder.syspathinsert()
    result = run()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["markovgpt: 2 checks: 1 passed, 1 failed"])


def test_items_of_the_decorator_are_counted(run, folder):
    """One a model and check; a skip of the user's own counts as one, with its reason."""
    folder.makepyfile(
        test_suite="import pytest\nfrom models import fair, faulty\n"
        "from markovgpt.testing import parametrize_with_checks\n"
        "@parametrize_with_checks([fair, faulty], only=['deterministic', 'batch_size_tolerance', 'causal'])\n"
        "def test_models(check, request):\n"
        "    if 'fair-deter' in request.node.name:\n        pytest.skip('not today')\n"
        "    check()\n"
    )
    folder.syspathinsert()
    result = run()
    result.assert_outcomes(passed=2, failed=1, skipped=3)
    result.stdout.fnmatch_lines(["markovgpt: 6 checks: 2 passed, 1 failed, 3 skipped (2 no all_logits, not today)"])


def test_run_without_us_is_left_alone(run, folder):
    """No header, no line; an ordinary parameter called check is no check of ours."""
    folder.makepyfile(
        test_ordinary="import pytest\nfrom functools import partial\n"
        "@pytest.mark.parametrize('check', [1, partial(int, 3)])\ndef test_it(check):\n    pass\n"
    )
    result = run()
    result.assert_outcomes(passed=2)
    assert "markovgpt:" not in result.stdout.str()


def test_header_says_models_and_settings(run):
    """Where there are any; the tolerance, if there is one."""
    result = run("--markovgpt-model", FAULTY, "--markovgpt-alpha", "1e-9", "--co")
    result.stdout.fnmatch_lines([f"markovgpt: models {FAULTY}; alpha 1e-09, n 20000, seed 0"])
    result = run("--markovgpt-atol", "0.01", "--co")
    result.stdout.fnmatch_lines(["markovgpt: models none given; alpha 1e-06, n 20000, seed 0, atol 0.01"])
