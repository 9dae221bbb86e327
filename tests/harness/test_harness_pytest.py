"""Does ``parametrize_with_checks`` make one pytest item a check? A pytest of its own tells."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from markovgpt import ArgumentError
from markovgpt.testing import parametrize_with_checks
from markovgpt.testing.checks import CHECKS

SUITE = """
import numpy as np
import markovgpt as mg
from markovgpt.testing import parametrize_with_checks

def growing(contexts):
    return np.tile([0.0, 0.1 * len(contexts)], (len(contexts), 1))

fair = mg.from_matrix([[0.5, 0.5]] * 2, name="fair")
faulty = mg.from_callable(growing, vocab_size=2, context_length=1, name="faulty")

@parametrize_with_checks([fair, faulty])
def test_models(check):
    check()
"""


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    """What pytest says of that suite."""
    folder = tmp_path_factory.mktemp("suite")
    (folder / "test_suite.py").write_text(SUITE, encoding="utf-8")
    plain = ["-p", "no:cacheprovider", "-p", "no:randomly", "-v", "-rs", "--color=no", "-c", "/dev/null"]
    command = [sys.executable, "-m", "pytest", *plain, "--rootdir", str(folder), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def test_decorator_makes_one_item_a_model_and_check(output):
    """Two models, seven checks: the names say which."""
    items = re.findall(r"test_models\[([\w-]+)\] (PASSED|FAILED|SKIPPED)", output)
    assert [name for name, _ in items] == [f"{model}-{check}" for model in ("fair", "faulty") for check in CHECKS]


def test_decorator_lets_one_check_fail_alone(output):
    """Twelve run, one of them fails; two are skipped."""
    items = dict(re.findall(r"test_models\[([\w-]+)\] (PASSED|FAILED|SKIPPED)", output))
    assert {name for name, outcome in items.items() if outcome == "FAILED"} == {"faulty-batch_size_irrelevant"}
    assert "1 failed, 11 passed, 2 skipped" in output


def test_decorator_skips_what_the_model_cannot_do(output):
    """With the reason."""
    assert re.search(r"SKIPPED \[2\] .*no all_logits", output)


def test_decorator_shows_the_message_of_the_check(output):
    """What failed, where, and what is likely."""
    assert "faulty: a context alone and in a batch differ" in output
    assert "likely   Look for positions, masks or padding" in output


class Weather:
    """Only yesterday counts."""

    vocab_size, context_length, name = 2, 1, "weather"
    law = np.log([[0.9, 0.1], [0.2, 0.8]])

    def all_logits(self, contexts):
        return self.law[contexts]

    def next_logits(self, contexts):
        return self.law[contexts[:, -1]]


@parametrize_with_checks([Weather()])
def test_decorator_works_in_this_suite(check):
    """As in a user's."""
    check()


def test_decorator_refuses_what_is_no_model():
    """When the suite is collected, not in the middle of it."""
    with pytest.raises(ArgumentError, match="A model needs `vocab_size`"):
        parametrize_with_checks([3])


def test_testing_imports_neither_torch_nor_pytest():
    """A suite without them is not made to load them."""
    code = "import sys, markovgpt.testing; print(*(name for name in ('torch', 'pytest') if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert done.stdout == "\n"
