"""Does ``parametrize_with_checks`` make one pytest item a check? A pytest of its own tells."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from markovgpt import ArgumentError
from markovgpt.testing import CHECKS, MUTANTS, parametrize_with_checks

SUITE = """
import numpy as np
from markovgpt.testing import MUTANTS, parametrize_with_checks
from markovgpt.testing.mutants import SoundModel

EXPECTED = {"HiddenTopK": {"generate_top_p": "issue 12", "causal": "bidirectional"}}

@parametrize_with_checks(
    [SoundModel(), MUTANTS["StaleCache"](), MUTANTS["HiddenTopK"]()],
    only=["logits_shape", "causal", "session_after_crop", "generate_top_p"],
    expected_failures=lambda model: EXPECTED.get(model.name, {}),
    n=2000,
)
def test_models(check):
    check()

class Bare:
    vocab_size, context_length, name = 2, 1, "bare"

    def next_logits(self, contexts):
        return np.zeros((len(contexts), 2))

@parametrize_with_checks([Bare()], only=["causal"])
def test_bare(check):
    check()
"""


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    """What pytest says of that suite."""
    folder = tmp_path_factory.mktemp("suite")
    (folder / "test_suite.py").write_text(SUITE, encoding="utf-8")
    plain = ["-p", "no:cacheprovider", "-p", "no:randomly", "-v", "-rsx", "--color=no", "-c", "/dev/null"]
    command = [sys.executable, "-m", "pytest", *plain, "--rootdir", str(folder), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def test_decorator_makes_one_item_a_model_and_check(output):
    """The names say which; each has the outcome of its check."""
    items = dict(re.findall(r"\[([\w-]+)\] (PASSED|FAILED|SKIPPED|XFAIL)", output))
    names = ["logits_shape", "causal", "session_after_crop", "generate_top_p"]
    expected = {f"{model}-{name}": "PASSED" for model in ("sound", "StaleCache", "HiddenTopK") for name in names}
    expected |= {
        "StaleCache-session_after_crop": "FAILED",
        "HiddenTopK-generate_top_p": "XFAIL",
        "HiddenTopK-causal": "FAILED",
        "bare-causal": "SKIPPED",
    }
    assert items == expected


def test_decorator_gives_the_reasons(output):
    """Of what is skipped, expected to fail, and expected but passed."""
    assert re.search(r"SKIPPED \[1\] .*no all_logits", output)
    assert re.search(r"XFAIL .*generate_top_p.* - .*issue 12", output)
    assert "causal: it is expected to fail (bidirectional), but it passes." in output


def test_decorator_shows_the_message_of_the_check_and_no_code_of_ours(output):
    """Once, in full."""
    assert output.count("session_after_crop: StaleCache: after the window slid, a session gives another law") == 1
    assert "  reproduce  check_model(StaleCache, only=['session_after_crop'], seed=0, n=2000)" in output
    assert "parametrized.py" not in output.split("short test summary")[0]


class Weather:
    """Only yesterday counts."""

    vocab_size, context_length, name = 2, 1, "weather"
    law = np.log([[0.9, 0.1], [0.2, 0.8]])

    def all_logits(self, contexts):
        return self.law[contexts]

    def next_logits(self, contexts):
        return self.law[contexts[:, -1]]


@parametrize_with_checks([Weather(), MUTANTS["OldestTokenIgnored"]()], n=2000)
def test_decorator_works_in_this_suite(check):
    """As in a user's."""
    check()


def test_decorator_refuses_names_that_are_no_checks_when_the_suite_is_collected():
    """Not in the middle of it."""
    with pytest.raises(ArgumentError, match=r"There is no check 'casual'\. Did you mean causal"):
        parametrize_with_checks([Weather()], expected_failures={"casual": "typo"})


@pytest.mark.parametrize(
    ("models", "words"),
    [(Weather(), "takes a list of models"), (7, "takes a list of models"), ([], "at least one model")],
)
def test_decorator_refuses_what_is_no_list_of_models(models, words):
    """One model, a number, and no model at all."""
    with pytest.raises(ArgumentError, match=words):
        parametrize_with_checks(models)


def test_models_of_the_same_name_are_told_apart():
    """In ids and in messages; also from one that has such a name of its own."""
    stale, named = MUTANTS["StaleCache"], MUTANTS["StaleCache"]()
    named.name = "StaleCache-2"
    mark = parametrize_with_checks([stale(), named, stale()], only=["session_after_crop"])
    ids = [parameter.id for parameter in mark.args[1]]
    assert ids == [f"{name}-session_after_crop" for name in ("StaleCache", "StaleCache-2", "StaleCache-3")]
    with pytest.raises(pytest.fail.Exception, match="session_after_crop: StaleCache-3: after the window slid"):
        mark.args[1][2].values[0]()


def test_testing_imports_neither_torch_nor_pytest_nor_numpy():
    """Names are imported at first use: a suite without them is not made to load them."""
    code = "import sys, markovgpt.testing; print(*(m for m in ('torch', 'pytest', 'numpy') if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert done.stdout == "\n"


def test_checks_of_a_plain_model_import_neither_torch_nor_pytest():
    """NumPy is enough."""
    code = (
        "import sys; from markovgpt.testing import check_model, MUTANTS; check_model(MUTANTS['Dropout'](), n=100); "
        "print(*(m for m in ('torch', 'pytest') if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert done.stdout == "\n"


def test_every_check_says_what_it_does_and_how_to_mend_it():
    """In whole sentences, with threads named as project and number where there are any."""
    for check in CHECKS.values():
        for text in (check.what, check.catches, check.mend):
            assert text.endswith("."), (check.name, text)
            assert len(text) > 30
        assert all("#" in thread or ":" in thread for thread in check.threads)
