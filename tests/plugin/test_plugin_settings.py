"""Do the checks and assertions of a test obey its marker, the command line and the ini file?"""

from __future__ import annotations

import pytest

from markovgpt.testing import CHECKS

FAULTY = "models.py:faulty"
NOTING = """
import numpy as np
import pytest
import markovgpt as mg
from markovgpt.testing import assert_samples_chain, check_model, parametrize_with_checks


class Noting:
    vocab_size, context_length, name = 2, 1, "noting"

    def next_logits(self, contexts):
        return np.zeros((len(contexts), 2))

    def generate(self, prompts, n, *, seed, **options):
        print("drawn", seed, len(prompts))
        return mg.generate(self, prompts, n, seed=seed, **options)


MODEL = Noting()


def used(**given):
    report = check_model(MODEL, only=["generate_default_is_chain"], **given)
    return report.alpha, report.n, report.seed, report.atol
"""
HANGING = """
import time
from markovgpt.testing.mutants import SoundModel


class Hangs(SoundModel):
    def all_logits(self, contexts):
        while True:
            time.sleep(0.01)
"""


@pytest.fixture
def noting(folder):
    """``noting.py``, with a model that prints the seed and number of prompts, and a test file."""
    (folder.path / "noting.py").write_text(NOTING, encoding="utf-8")
    folder.syspathinsert()

    def write(source):
        folder.makepyfile(test_noting=f"from noting import *\n\n{source}")

    return write


def test_marker_goes_before_the_command_line_before_the_ini_file_before_the_default(run, folder, noting):
    """And what the caller gives before them all; a test without a marker has nothing of the one before it."""
    folder.makeini("[pytest]\nmarkovgpt_n = 300\nmarkovgpt_seed = 4\nmarkovgpt_atol = 0.25\n")
    noting(
        "@pytest.mark.markovgpt(alpha=0.01, seed=5)\n"
        "def test_marked():\n"
        "    assert used() == (0.01, 300, 5, 0.25)\n"
        "    assert used(alpha=0.5, n=20, seed=0, atol=0.125) == (0.5, 20, 0, 0.125)\n"
        "def test_plain():\n"
        "    assert used() == (1e-6, 300, 9, 0.25)\n"
        "@pytest.mark.markovgpt(atol=0)\n"
        "class TestOfAClass:\n"
        "    def test_inside(self):\n"
        "        assert used(seed=2) == (1e-6, 300, 2, 0)\n"
    )
    run("--markovgpt-seed", 9, "--strict-markers").assert_outcomes(passed=3)


def test_marker_alone_is_enough(run, noting):
    """In a run without any option of ours."""
    noting(
        "@pytest.mark.markovgpt(seed=5)\ndef test_marked():\n    assert used() == (1e-6, 20_000, 5, None)\n"
        "def test_plain():\n    assert used() == (1e-6, 20_000, 0, None)\n"
    )
    run().assert_outcomes(passed=2)


def test_assertions_obey(run, noting):
    """They draw with the seed, and as much."""
    noting("def test_it():\n    assert_samples_chain(MODEL.generate, MODEL)\n")
    result = run("--markovgpt-seed", 7, "--markovgpt-n", 300, "-s")
    result.stdout.fnmatch_lines(["*drawn 7 300"])


@pytest.mark.parametrize("timeout", [None, 60])
def test_items_of_the_decorator_have_the_settings_of_the_run_and_of_their_marker(run, noting, timeout):
    """Not those of the import; with a deadline, too, in the thread that it runs in."""
    noting(
        f"only = parametrize_with_checks([MODEL], only=['generate_default_is_chain'], n=200, timeout={timeout})\n"
        "@only\ndef test_plain(check):\n    check()\n"
        "@pytest.mark.markovgpt(seed=5, n=40)\n@only\ndef test_marked(check):\n    check()\n"
    )
    result = run("--markovgpt-seed", 7, "--markovgpt-n", 300, "-s")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*drawn 7 200", "*drawn 5 200"])


def test_line_that_reproduces_a_failure_has_all_that_was_used(run):
    """Whatever is not the default."""
    given = ["--markovgpt-n", 300, "--markovgpt-alpha", 0.01, "--markovgpt-atol", 1e-4]
    result = run("--markovgpt-model", FAULTY, *given, "-k", "batch_size")
    line = (
        f"*reproduce  markovgpt check {FAULTY} --only batch_size_tolerance --seed 0 -n 300 --alpha 0.01 --atol 0.0001"
    )
    result.stdout.fnmatch_lines([line])


def test_tolerance_reaches_the_checks(run, folder):
    """A law that moves by 0.025 with the batch is called rounding where 0.05 is."""
    run("--markovgpt-model", FAULTY, "--markovgpt-atol", 0.01, "-k", "batch_size").assert_outcomes(
        failed=1, deselected=len(CHECKS) - 1
    )
    run("--markovgpt-model", FAULTY, "--markovgpt-atol", 0.05, "-k", "batch_size").assert_outcomes(
        passed=1, deselected=len(CHECKS) - 1
    )
    folder.makeini("[pytest]\nmarkovgpt_atol = 0.05\n")
    run("--markovgpt-model", FAULTY, "-k", "batch_size").assert_outcomes(passed=1, deselected=len(CHECKS) - 1)


@pytest.mark.parametrize("order", ["marked first", "plain first"])
def test_fixture_of_many_tests_has_the_settings_of_none_of_them(run, noting, order):
    """But those of its module, whichever test asks for it first; a fixture of one test has those of the test."""
    tests = [
        "@pytest.mark.markovgpt(seed=5)\ndef test_marked(shared, own):\n    assert (shared, own) == (3, 5)\n",
        "def test_plain(shared, own):\n    assert (shared, own) == (3, 3)\n",
    ]
    noting(
        "pytestmark = pytest.mark.markovgpt(seed=3)\n"
        "@pytest.fixture(scope='module')\ndef shared():\n    return used()[2]\n"
        "@pytest.fixture\ndef own():\n    return used()[2]\n"
        + "".join(tests if order == "marked first" else tests[::-1])
    )
    run("--markovgpt-seed", 9).assert_outcomes(passed=2)


def test_settings_end_with_the_run(run, noting):
    """What runs pytest inside itself is left as it was; also after a test that fails."""
    from markovgpt.testing.settings import Settings, resolved

    noting("@pytest.mark.markovgpt(seed=5)\ndef test_it():\n    assert used() is None\n")
    run("--markovgpt-seed", 9).assert_outcomes(failed=1)
    assert resolved() == Settings()


def test_workers_obey(run_program, noting):
    """In processes of their own."""
    noting("def test_it():\n    assert used()[1:] == (300, 9, None)\n")
    run_program("--markovgpt-seed", 9, "--markovgpt-n", 300, "-n", 1).assert_outcomes(passed=1)


@pytest.mark.parametrize("place", ["option", "ini file", "marker"])
def test_deadline_of_the_run_is_that_of_its_checks(run, folder, place):
    """Of the decorator and of ``check_model``; a check that hangs is given up, and the run goes on."""
    (folder.path / "hanging.py").write_text(HANGING, encoding="utf-8")
    mark = "@pytest.mark.markovgpt(timeout=0.2)\n" if place == "marker" else ""
    folder.makepyfile(
        test_hanging="import pytest\nfrom hanging import Hangs\n"
        "from markovgpt.testing import check_model, parametrize_with_checks\n"
        f"{mark}@parametrize_with_checks([Hangs()], only=['causal', 'logits_shape'])\n"
        "def test_items(check):\n    check()\n"
        f"{mark}def test_report():\n"
        "    assert 'within 0.2 seconds' in str(check_model(Hangs(), only=['causal']))\n"
    )
    folder.syspathinsert()
    if place == "ini file":
        folder.makeini("[pytest]\nmarkovgpt_timeout = 0.2\n")
    result = run(*(["--markovgpt-timeout", 0.2] if place == "option" else []))
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*sound hangs: it did not return within 0.2 seconds"])


def test_deadline_holds_for_collected_checks(run, folder):
    """As for those of the decorator."""
    (folder.path / "hanging.py").write_text(HANGING, encoding="utf-8")
    result = run("--markovgpt-model", "hanging.py:Hangs", "--markovgpt-timeout", 0.2, "-k", "causal")
    result.stdout.fnmatch_lines(
        ["markovgpt: models hanging.py:Hangs; *, timeout 0.2 s", "*markovgpt check hanging.py:Hangs * --timeout 0.2"]
    )
