"""Does ``markovgpt check`` say what is wrong with a model, in every form, and with the right exit code?"""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from processes import PROGRAM

from markovgpt.testing import CHECKS, check_model
from markovgpt.testing.formats import text_report
from markovgpt.testing.mutants import MUTANTS

MODELS = """
from markovgpt.testing.mutants import MUTANTS, SoundModel

Stale, Hidden, Zero = MUTANTS["StaleCache"], MUTANTS["HiddenTopK"], MUTANTS["ZeroIsDrawn"]

def sound(*, states: int = 3):
    return SoundModel(states, 3)

class Raises(SoundModel):
    def next_logits(self, contexts):
        raise RuntimeError("CUDA is on holiday")

class Leaves(SoundModel):
    def next_logits(self, contexts):
        raise SystemExit(0)

class Draws(SoundModel):
    def generate(self, *arguments, **options):
        raise SystemExit(0)

def leave():
    raise SystemExit(0)

class Hangs(SoundModel):
    def all_logits(self, contexts):
        while True:
            pass

class Plain:
    vocab_size, context_length, name = 2, 1, "plain"

    def next_logits(self, contexts):
        return [[0.0, 0.0]] * len(contexts)

class Loud(Plain):
    def __init__(self):
        print("made")

    def next_logits(self, contexts):
        print("asked")
        return super().next_logits(contexts)

class Stopped(SoundModel):
    def all_logits(self, contexts):
        raise KeyboardInterrupt

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
    assert [line.split()[:2] for line in lines[2:29]] == [["ok", name] for name in CHECKS]
    assert lines[-1] == "sound: 27 checks: 27 passed"


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
    assert result.stdout.splitlines()[-1] == "StaleCache: 25 checks: 25 passed"


def test_model_that_raises_ends_with_three_and_its_own_traceback(run):
    """In the report, without a frame of ours."""
    result = run("check", "models.py:Raises")
    assert result.exit_code == 3
    assert 'raise RuntimeError("CUDA is on holiday")' in result.stdout
    assert "subject.py" not in result.stdout
    assert "given 1 x 1 tokens, '0'" in result.stdout


@pytest.mark.parametrize(("spec", "only"), [("Leaves", "logits_shape"), ("Draws", "generate_shape")])
def test_model_that_ends_the_program_is_told_and_ends_with_three(run, spec, only):
    """An exit with 0 would look like a report without a finding."""
    result = run("check", f"models.py:{spec}", "--only", only)
    assert result.exit_code == 3
    assert "the model ended the program: SystemExit(0)" in result.stdout


def test_factory_that_ends_the_program_is_told(run):
    """While the model is made."""
    result = run("check", "models.py:leave")
    assert result.exit_code == 3
    assert "Error: models.py:leave could not be built: the model ended the program: SystemExit(0)" in result.stderr


def test_model_that_hangs_is_given_up(run):
    """With the place where it was."""
    result = run("check", "models.py:Hangs", "--only", "causal", "--timeout", 0.3)
    assert result.exit_code == 3
    assert "hangs: it did not return within 0.3 seconds" in result.stdout
    assert "in all_logits" in result.stdout


STUCK = """
import atexit, threading
from markovgpt.testing.mutants import SoundModel

atexit.register(print, "taken apart")
closed = threading.Lock()
closed.acquire()

class Stuck(SoundModel):
    def all_logits(self, contexts):
        closed.acquire()
"""


@pytest.mark.parametrize("form", ["text", "json"])
def test_process_ends_at_once_where_code_in_c_still_runs(environment, form):
    """Nothing is taken apart under the thread, which may crash; the report is whole, and the code is 3."""
    Path("stuck.py").write_text(STUCK, encoding="utf-8")
    words = ["check", "stuck.py:Stuck", "--only", "causal", "--timeout", "0.3", "--format", form]
    ended = subprocess.run([*PROGRAM, *words], env=environment, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 3, ended.stderr
    assert "hangs: it did not return within 0.3 seconds" in ended.stdout
    assert "in all_logits" in ended.stdout
    assert "taken apart" not in ended.stdout
    assert ended.stdout.endswith("}\n" if form == "json" else "markovgpt explain CHECK\n")


def test_process_ends_in_the_ordinary_way_where_a_loop_was_interrupted(environment):
    """A loop in Python is no longer running."""
    Path("stuck.py").write_text(
        STUCK.replace("closed.acquire()\n\n", "\n").replace("        closed.acquire()", "        while True: pass"),
        encoding="utf-8",
    )
    words = ["check", "stuck.py:Stuck", "--only", "causal", "--timeout", "0.3"]
    ended = subprocess.run([*PROGRAM, *words], env=environment, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 3, ended.stderr
    assert ended.stdout.endswith("taken apart\n")


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
        (
            ["models.py:Plain", "-o", "no/folder/x.txt"],
            "x.txt cannot be written: there is no folder no/folder that can",
        ),
        (["models.py:Plain", "-o", "."], ". cannot be written: it is a folder. Name a file."),
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


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--only", "causl"], "There is no check 'causl'"),
        (["--skip", "causl"], "There is no check 'causl'"),
        (["--only", "causal", "--skip", "causal"], "No check is left"),
        (["--expect-failure", "casual=x"], "There is no check 'casual'"),
        (["--timeout", "nan"], "timeout is a number of seconds above 0"),
        (["--alpha", "nan"], "alpha is the rate of false alarms"),
        (["-o", "no/folder/x.txt"], "there is no folder no/folder that can"),
    ],
)
def test_wrong_use_is_refused_before_the_model_is_loaded(refused, words, message):
    """A model that is not there would be another error, with code 3."""
    assert message in refused("check", "nowhere.py:model", *words, code=2)


@pytest.mark.parametrize(
    ("name", "begins"), [("x.json", "{"), ("x.xml", "<?xml"), ("X.XML", "<?xml"), ("x.txt", "Checks of")]
)
def test_suffix_of_the_file_chooses_the_form(run, name, begins):
    """Text for those that mean nothing."""
    assert run("check", "models.py:Plain", "--only", "logits_shape", "-o", name).exit_code == 0
    assert Path(name).read_text(encoding="utf-8").startswith(begins)


def test_form_that_is_given_wins_over_the_suffix(run):
    """Text in a .json."""
    run("check", "models.py:Plain", "--only", "logits_shape", "-o", "x.json", "--format", "text")
    assert Path("x.json").read_text(encoding="utf-8").startswith("Checks of plain")


@pytest.mark.parametrize(("form", "reads"), [("json", json.loads), ("junit", ET.fromstring)])
def test_what_a_model_prints_goes_to_stderr(run, form, reads):
    """While it is made and while it is asked; the report can be read."""
    result = run("check", "models.py:Loud", "--only", "logits_shape", "--format", form)
    reads(result.stdout)
    assert result.stderr.startswith("made\nasked\n")


def test_what_a_sampler_prints_goes_to_stderr(run):
    """As for the checks."""
    Path("loud.py").write_text("print('imported')\n" + MODELS, encoding="utf-8")
    result = run("check", "sampler", "loud.py:SoundModel", "-n", 500)
    assert result.stdout.startswith("sound.generate samples")
    assert result.stderr == "imported\n"


def test_checks_that_are_done_are_shown_when_a_later_one_is_interrupted(run):
    """Each line when its check is done; those after the interrupt are missing, and nothing is counted."""
    result = run("check", "models.py:Stopped", "-n", 500)
    assert result.exit_code == 130
    head, _, *lines = result.stdout.splitlines()
    assert head.startswith("Checks of sound")
    done = [line.split()[1] for line in lines]
    assert done == list(CHECKS)[: len(done)]
    assert "logits_shape" in done
    assert "causal" not in done
    assert result.stderr == "Error: Interrupted before it was done.\n"


def test_lines_that_are_shown_one_by_one_are_the_text_of_the_report(run):
    """With failures and skipped checks."""
    only = ("logits_shape", "session_after_crop", "same_chain")
    words = [word for name in only for word in ("--only", name)]
    shown = run("check", "models.py:Stale", *words).stdout
    report = check_model(MUTANTS["StaleCache"](), only=only, seed=0, spec="models.py:Stale")
    assert shown == text_report(report)


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
