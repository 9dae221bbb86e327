"""What does the plugin cost those who do not use it, and does it get on with other plugins?"""

from __future__ import annotations

import json
import os
import subprocess
import sys

from markovgpt.testing.checks import CHECKS

START_UP = """
import json, sys
import pytest
code = pytest.main(sys.argv[1:])
print("MODULES", json.dumps(sorted(sys.modules)))
print("CODE", int(code))
"""


def _modules(folder, *arguments):
    """What a pytest alone in a folder has imported in the end."""
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        [sys.executable, "-c", START_UP, *arguments], cwd=folder, env=env, capture_output=True, text=True, check=True
    )
    lines = dict(line.split(" ", 1) for line in done.stdout.splitlines() if line.startswith(("MODULES", "CODE")))
    assert lines["CODE"] in ("0", "5"), done.stdout
    return set(json.loads(lines["MODULES"]))


def test_plugin_imports_itself_alone_at_start_up(tmp_path):
    """In an empty run: two modules, and nothing that pytest has not imported already."""
    extra = _modules(tmp_path, "-p", "markovgpt.pytest_plugin") - _modules(tmp_path)
    assert extra == {"markovgpt", "markovgpt.pytest_plugin"}


def test_plugin_imports_nothing_for_tests_of_others(tmp_path):
    """Tests that pass, fail, are parametrized and compare."""
    (tmp_path / "test_others.py").write_text(
        "import pytest\n@pytest.mark.parametrize('check', [1, 2])\ndef test_it(check):\n    assert check\n"
        "@pytest.mark.xfail\ndef test_compares():\n    assert [1] == [2]\n",
        encoding="utf-8",
    )
    extra = _modules(tmp_path, "-p", "markovgpt.pytest_plugin") - _modules(tmp_path)
    assert extra == {"markovgpt", "markovgpt.pytest_plugin"}


def test_program_that_imported_markovgpt_may_start_pytest(tmp_path):
    """Without a warning that something can no longer be rewritten; warnings are errors."""
    code = "import sys, markovgpt.pytest_plugin, pytest; sys.exit(pytest.main(sys.argv[1:]))"
    arguments = ["-W", "error", "-p", "markovgpt.pytest_plugin", "--collect-only"]
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=tmp_path, env=env, capture_output=True, text=True
    )
    assert done.returncode == 5, done.stdout + done.stderr
    assert done.stderr == ""


def test_checks_run_beside_all_other_plugins(run_program, folder):
    """pytest-randomly, pytest-xdist, pytest-cov, hypothesis and pytest-timeout; every warning is an error."""
    folder.makepyfile(
        test_other="from hypothesis import given, strategies as st\n"
        "@given(st.integers())\ndef test_law(i):\n    assert i == i\n"
        "def test_model(markov_options, markov_rng):\n    assert 0 <= markov_rng.random() < 1\n"
    )
    result = run_program(
        *("--markovgpt-model", "models.py:fair", "-n", "2", "-p", "randomly", "--timeout", "300"),
        *("--cov", "models", "--cov-report", "term"),
    )
    outcomes = result.parseoutcomes()
    assert outcomes["passed"] + outcomes["skipped"] == len(CHECKS) + 2
    assert "failed" not in outcomes
    result.stdout.fnmatch_lines([f"markovgpt: {len(CHECKS)} checks: * passed, * skipped (*"])


def test_benchmark_may_use_the_fixtures(run_program, folder):
    """pytest-benchmark measures a chain; it, too, sorts what is collected."""
    folder.makepyfile(
        test_speed="def test_speed(benchmark, markov_model, markov_chain):\n"
        "    assert benchmark(markov_chain, markov_model).n_states == 2\n"
    )
    result = run_program("--markovgpt-model", "models.py:fair", "--benchmark-only")
    result.assert_outcomes(passed=1)
