"""What does the user learn of the cost, before it is paid?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from report_text import facts

from markovgpt.enumeration import calibration, cost

ENUMERATING = ["analyze", "stationary", "structure", "draw"]

SLOW = """
import numpy as np
from markovgpt.enumeration import calibration

class Slow:
    \"\"\"Each token takes a second of a clock that nobody waits for.\"\"\"

    vocab_size, context_length, name, now, contexts = 2, 6, "slow", 0.0, 0

    def next_logits(self, contexts):
        Slow.now += contexts.size
        Slow.contexts += len(contexts)
        return np.zeros((len(contexts), 2))

def make():
    Slow.now, Slow.contexts = 0.0, 0
    calibration.clock = lambda: Slow.now
    return Slow()
"""


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> str:
    """64 contexts of 6 tokens, a second each: 384 seconds."""
    Path("slow.py").write_text(SLOW, encoding="utf-8")
    monkeypatch.setattr(calibration, "clock", calibration.clock)  # and back, at the end
    monkeypatch.setattr(cost, "_UNKNOWN_CALLS", 0)  # so that it is not too small to be measured
    return "slow.py:make"


@pytest.mark.parametrize("command", ENUMERATING)
def test_long_enumeration_is_announced_on_stderr(run, slow, command):
    """One line: contexts, strategy, time with its bounds, table."""
    done = run(command, "--model", slow)
    notes = [line for line in done.stderr.splitlines() if line.startswith("Note: ")]
    assert done.exit_code == 0
    assert len(notes) == 1
    assert notes[0].startswith("Note: 64 contexts by 'batched': about 6.4 minutes (")
    assert notes[0].endswith("), table of 1 KiB")


def test_report_and_document_tell_what_was_predicted(run, slow):
    """Beside what it took."""
    done = run("analyze", "--model", slow, "-o", "a.json")
    assert facts(done.stdout)["predicted"] == "6 min 24 s"
    found = json.loads(Path("a.json").read_text(encoding="utf-8"))["enumeration"]
    assert found["predicted_seconds"] == pytest.approx(384)


def test_nothing_is_said_of_what_is_quickly_done(run, untrained_folder):
    """Eight contexts: no note, no prediction."""
    done = run("analyze", "--model", untrained_folder, "-o", "a.json")
    assert done.stderr == "wrote a.json\n"
    assert "predicted" not in facts(done.stdout)
    assert json.loads(Path("a.json").read_text(encoding="utf-8"))["enumeration"]["predicted_seconds"] is None


@pytest.mark.parametrize("command", [*ENUMERATING, "compare"])
def test_more_time_than_allowed_is_wrong_use(refused, slow, command):
    """Exit code 2, one line that says what it would take, and what would fit."""
    other = ["--against", slow] if command == "compare" else []
    message = refused(command, "--model", slow, "--max-time", "2m", *other)
    assert "Too long: 64 contexts by 'batched': about 6.4 minutes" in message
    assert "The limit is 2 minutes (max_time); raise it with --max-time" in message
    assert "context_length=4 fits" in message


@pytest.mark.parametrize("command", [*ENUMERATING, "compare"])
def test_more_memory_than_allowed_is_refused_before_training(refused, command):
    """babygpt is not trained for a million steps first."""
    other = ["--order", 1] if command == "compare" else []
    message = refused(command, "--steps", 10**6, "--max-memory", 100, *other)
    assert message.startswith("Too much memory: 2^3 = 8 states are a table of 128 bytes. The limit is 100 bytes")


@pytest.mark.parametrize(
    ("option", "value"), [("--max-memory", "4X"), ("--max-memory", "0"), ("--max-time", "soon"), ("--max-time", "nan")]
)
def test_limit_that_is_none_is_wrong_use(refused, option, value):
    """Before anything is loaded."""
    message = refused("analyze", "--model", "no-such-model", option, value)
    assert message.startswith(f"{option} is a")
    assert f"got '{value}'" in message


@pytest.mark.parametrize("command", ENUMERATING)
def test_dry_run_says_the_cost_and_stops(run, slow, command):
    """Counts, bytes, seconds; no report, no file, exit code 0."""
    done = run(command, "--model", slow, "--dry-run", "-o", "a.svg" if command == "draw" else "a.json")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("What enumeration would cost\n")
    found = facts(done.stdout)
    assert found["contexts"] == "64, by the strategy 'batched'"
    assert found["token positions"] == "384"
    assert found["memory"].startswith("table of 1 KiB, and ")
    assert found["time"].startswith("about 6.4 minutes (")
    assert not list(Path().glob("a.*"))


def test_dry_run_does_not_train(run):
    """A million steps would take an hour."""
    done = run("analyze", "--steps", 10**6, "--dry-run")
    assert (done.exit_code, facts(done.stdout)["token positions"]) == (0, "24")


def test_dry_run_says_what_would_be_refused(run, slow):
    """Each reason on stderr, and still exit code 0."""
    limits = ["--max-states", 8, "--max-memory", 100, "--max-time", 1]
    done = run("analyze", "--model", slow, "--dry-run", *limits)
    starts = [line.partition(":")[2].split(".")[1].split(":")[0].strip() for line in done.stderr.splitlines()]
    assert (done.exit_code, starts) == (0, ["Too many states", "Too much memory", "Too long"])


@pytest.mark.parametrize("option", [["--dry-run"], ["--max-time", "1h"], ["--max-memory", "1G"]])
def test_cost_of_a_walk_is_not_predicted(refused, untrained_folder, option):
    """Nobody knows what can be reached."""
    message = refused("analyze", "--model", untrained_folder, "--reachable-from", "0", *option)
    assert message.startswith("--dry-run, --max-memory and --max-time are for chains of all contexts: ")


def test_dry_run_keeps_no_model(refused):
    """There is none to keep."""
    assert "--dry-run trains nothing" in refused("analyze", "--dry-run", "--save-model", "folder")
    assert not Path("folder").exists()


def test_limits_say_nothing_over_training(refused):
    """As other options there."""
    message = refused("compare", "--over-training", "0,1", "--max-time", "1h")
    assert "--max-time would change nothing with --over-training" in message
