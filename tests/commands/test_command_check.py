"""Does ``markovgpt check`` say what is wrong with a model, in every form, and with the right exit code?"""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from markovgpt.testing import CHECKS

MODELS = """
from markovgpt.testing.mutants import MUTANTS, SoundModel

Stale, Hidden, Zero = MUTANTS["StaleCache"], MUTANTS["HiddenTopK"], MUTANTS["ZeroIsDrawn"]

def sound(*, states: int = 3):
    return SoundModel(states, 3)

class Raises(SoundModel):
    def next_logits(self, contexts):
        raise RuntimeError("CUDA is on holiday")

class Hangs(SoundModel):
    def all_logits(self, contexts):
        while True:
            pass

class Plain:
    vocab_size, context_length, name = 2, 1, "plain"

    def next_logits(self, contexts):
        return [[0.0, 0.0]] * len(contexts)

class Odd(Plain):
    def generate(self, prompts, n, *, seed):
        raise NotImplementedError("later")
"""


@pytest.fixture(autouse=True)
def _models(_empty_folder):
    Path("models.py").write_text(MODELS, encoding="utf-8")


def test_check_of_a_right_model_shows_one_line_a_check(run):
    """Every check of one that has everything; exit code 0."""
    result = run("check", "models.py:SoundModel", "-n", 2000)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert lines[0] == "Checks of sound (seed 0, alpha 1e-06 for each check that samples)"
    assert [line.split()[:2] for line in lines[2:28]] == [["ok", name] for name in CHECKS]
    assert lines[-1] == "sound: 26 checks: 26 passed"


def test_check_shows_failures_in_full_and_ends_with_one(run):
    """What, where, likely, and the command that shows it again."""
    result = run("check", "models.py:Stale", "--only", "session_after_crop", "--only", "logits_shape")
    assert result.exit_code == 1
    assert "  FAIL   session_after_crop  after the window slid" in result.stdout
    assert "  reproduce  markovgpt check models.py:Stale --only session_after_crop --seed 0" in result.stdout
    assert result.stdout.endswith(
        "2 checks: 1 passed, 1 failed\nWhat a check does, and how to mend what it found: markovgpt explain CHECK\n"
    )


@pytest.mark.parametrize("spec", ["models.py:Stale", "models.py:Hidden"])
def test_line_that_reproduces_a_failure_does(run, spec):
    """Each of them, typed as it stands, finds it again."""
    shown = run("check", spec).stdout.splitlines()
    commands = [line.split("reproduce", 1)[1] for line in shown if line.startswith("  reproduce")]
    assert commands
    for command in commands:
        program, *words = shlex.split(command)
        assert program == "markovgpt"
        again = run(*words)
        assert again.exit_code == 1, command
        assert "likely" in again.stdout


def test_reproduce_line_keeps_the_options_of_the_model(run):
    """Quoted for a shell."""
    Path("my models.py").write_text(MODELS.replace("SoundModel(states, 3)", "Stale(states, 3)"), encoding="utf-8")
    result = run("check", "my models.py:sound", "-M", "states=4", "--only", "session_after_crop")
    assert (
        "reproduce  markovgpt check 'my models.py:sound' -M states=4 --only session_after_crop --seed 0"
        in result.stdout
    )


def test_expected_failures_are_strict(run):
    """One that fails is none; one that passes is one."""
    only = ["--only", "session_after_crop", "--only", "causal"]
    expected = run("check", "models.py:Stale", *only, "--expect-failure", "session_after_crop=issue 12")
    assert expected.exit_code == 0
    assert "  xfail  session_after_crop  issue 12" in expected.stdout
    strict = run("check", "models.py:Stale", *only, "--expect-failure", "causal=a=b")
    assert strict.exit_code == 1
    assert "it is expected to fail (a=b), but it passes." in strict.stdout


def test_skip_leaves_checks_out(run):
    """They are not in the report."""
    result = run(
        "check", "models.py:Stale", "--skip", "session_after_crop", "--skip", "session_equals_recompute", "-n", 500
    )
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == "StaleCache: 24 checks: 24 passed"


def test_model_that_raises_ends_with_three_and_its_own_traceback(run):
    """In the report, without a frame of ours."""
    result = run("check", "models.py:Raises")
    assert result.exit_code == 3
    assert 'raise RuntimeError("CUDA is on holiday")' in result.stdout
    assert "subject.py" not in result.stdout
    assert "given 1 x 1 tokens, '0'" in result.stdout


def test_model_that_hangs_is_given_up(run):
    """With the place where it was."""
    result = run("check", "models.py:Hangs", "--only", "causal", "--timeout", 0.3)
    assert result.exit_code == 3
    assert "hangs: it did not return within 0.3 seconds" in result.stdout
    assert "in all_logits" in result.stdout


def test_run_in_which_nothing_could_be_checked_fails(run):
    """Not with 'all good'."""
    result = run("check", "models.py:Plain", "--only", "causal")
    assert result.exit_code == 1
    assert "No check could be run, so nothing is known of this model." in result.stdout


def test_json_goes_to_stdout_and_nothing_else(run):
    """One document, with the spec's options."""
    result = run("check", "models.py:Plain", "--format", "json", "--seed", 5)
    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert document["ok"] is True
    assert document["options"] == {"seed": 5, "n": 20000, "alpha": 1e-6, "atol": None}
    assert [record["check"] for record in document["checks"]] == list(CHECKS)


def test_tolerance_accepts_what_is_smaller_and_stands_in_every_form(run):
    """A cache that is stale is off by less than 0.9; the header, the data and the line that reproduces say 0.9."""
    only = ["check", "models.py:Stale", "--only", "session_after_crop"]
    accepted = run(*only, "--atol", 0.9)
    assert accepted.exit_code == 0, accepted.output
    assert accepted.stdout.startswith(
        "Checks of StaleCache (seed 0, alpha 1e-06 for each check that samples, atol 0.9)"
    )
    assert json.loads(run(*only, "--atol", 0.9, "--format", "json").stdout)["options"]["atol"] == 0.9
    refused = run(*only, "--atol", 0.01)
    assert refused.exit_code == 1
    assert "(allowed 0.01)" in refused.stdout
    assert (
        "  reproduce  markovgpt check models.py:Stale --only session_after_crop --seed 0 --atol 0.01" in refused.stdout
    )


def test_junit_goes_into_a_file_and_the_counts_to_stdout(run):
    """What was written is said on stderr."""
    result = run("check", "models.py:Stale", "--only", "session_after_crop", "--format", "junit", "-o", "checks.xml")
    assert result.exit_code == 1
    assert result.stdout == "StaleCache: 1 check: 1 failed\n"
    assert result.stderr == "wrote checks.xml\n"
    suite = ET.parse("checks.xml").getroot().find("testsuite")  # noqa: S314  # our own file
    assert suite.get("failures") == "1"
    assert "  reproduce  markovgpt check models.py:Stale" in suite.find("testcase/failure").text


def test_github_shows_annotations(run):
    """One line a failure."""
    result = run("check", "models.py:Stale", "--only", "session_after_crop", "--format", "github")
    assert result.stdout.startswith("::error title=StaleCache%3A session_after_crop::StaleCache: after the window slid")
    assert "%0A  reproduce" in result.stdout


def test_sampler_that_is_right_says_what_it_could_have_seen(run):
    """All states, one call."""
    result = run("check", "sampler", "models.py:SoundModel", "-n", 5000)
    assert result.exit_code == 0, result.output
    assert "sound.generate samples from the chain of sound" in result.stdout
    assert "would have been seen" in result.stdout


def test_sampler_is_judged_from_chosen_states_under_a_rule(run):
    """The state that is named, the rule that was asked for, and the method."""
    result = run(
        "check", "sampler", "models.py:Hidden", "--state", "210", "--length", 1, "-n", 3000, "--temperature", 2
    )
    assert result.exit_code == 1
    assert "  options    temperature 2   seed=0" in result.stdout
    assert "1 of 1 states rejected" in result.stdout
    other = run("check", "sampler", "models.py:Zero", "--method", "generate_speculative", "-n", 5000)
    assert "ZeroIsDrawn.generate_speculative does not sample" in other.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["model", "models.py:SoundModel", "--only", "causl"], "There is no check 'causl'. Did you mean causal?"),
        (["models.py:SoundModel", "--expect-failure", "causal"], "write CHECK=REASON"),
        (["models.py:SoundModel", "--expect-failure", "causal= "], "write CHECK=REASON"),
        (["models.py:SoundModel", "--expect-failure", "casual=x"], "There is no check 'casual'"),
        (["models.py:SoundModel"] + ["--expect-failure", "causal=x"] * 2, "causal is given twice"),
        (["models.py:SoundModel", "--timeout", "0"], "timeout is a number of seconds above 0"),
        (["models.py:SoundModel", "-n", "0"], "0 is not in the range x>=1"),
        (["models.py:SoundModel", "--alpha", "1"], "1.0 is not in the range 0<x<1"),
        (["models.py:SoundModel", "--atol", "1"], "1.0 is not in the range 0<=x<1"),
        (["models.py:SoundModel", "--alpha", "nan"], "alpha is the rate of false alarms"),
        (["models.py:SoundModel", "--format", "html"], "'html' is not one of"),
        (["models.py:SoundModel", "-M", "nothing=1"], "nothing"),
        (["models.py:Plain", "--only", "causal", "-o", "no/folder/x.txt"], "could not be written"),
        ([], "Missing argument 'SPEC'"),
        (["sampler"], "Missing argument 'SPEC'"),
        (["sampler", "models.py:Plain"], "plain has no generate. A sampler is a method generate(prompts"),
        (["sampler", "models.py:SoundModel", "--state", "12"], "is a context of K=3 tokens: got '12', which has 2"),
        (["sampler", "models.py:SoundModel", "--state", "129"], "9"),
        (["sampler", "models.py:Odd", "--top-k", "2"], "plain: generate takes no top_k"),
        (["sampler", "models.py:SoundModel", "--top-p", "2"], "top_p must be above 0 and at most 1: got 2.0"),
    ],
)
def test_wrong_use_is_one_line_and_ends_with_two(refused, words, message):
    """What is wrong, and what to type instead."""
    assert message in refused("check", *words)


def test_model_that_is_not_there_ends_with_three(refused):
    """As for any command."""
    assert "There is no model 'models'" in refused("check", "models", code=3)


def test_sampler_that_raises_ends_with_three(run):
    """With its traceback."""
    result = run("check", "sampler", "models.py:Odd")
    assert result.exit_code == 3
    assert "NotImplementedError: later" in result.stderr


def test_help_shows_both_forms(run):
    """And the short one is explained."""
    assert "It is short for markovgpt check model SPEC" in " ".join(run("check", "--help").stdout.split())
    assert "--expect-failure" in run("check", "model", "--help").stdout
    assert "--state" in run("check", "sampler", "--help").stdout
