"""What does the user see of how a model was asked, and of a cache that is not to be trusted?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from report_text import facts

BROKEN = """
import numpy as np

class Session:
    def __init__(self, contexts):
        self.contexts = contexts

    def feed(self, tokens):
        self.contexts = np.concatenate([self.contexts, tokens[:, None]], axis=1)
        logits = law(self.contexts)
        return logits[:, ::-1] if self.contexts.shape[1] == 7 else logits  # a slip at the last position

    def fork(self, rows):
        return Session(self.contexts[rows])

def law(contexts):
    return np.stack([0.0 * contexts[:, 0], contexts.mean(axis=1) - 0.3], axis=1)

class Model:
    vocab_size, context_length, name, n_parameters = 2, 7, "slip", 10**9

    def next_logits(self, contexts):
        return law(contexts)

    def session(self, batch):
        return Session(np.empty((batch, 0), dtype=np.int64))
"""


@pytest.fixture
def broken() -> str:
    """A model whose session is wrong at length K."""
    Path("slip.py").write_text(BROKEN, encoding="utf-8")
    return "slip.py:Model"


@pytest.mark.parametrize("command", ["analyze", "stationary", "structure", "draw"])
def test_fallback_is_noted_on_stderr(run, broken, command):
    """One line, once; the result is there all the same."""
    done = run(command, "--model", broken)
    notes = [line for line in done.stderr.splitlines() if line.startswith("Note: ")]
    assert done.exit_code == 0
    assert len(notes) == 1
    assert notes[0].startswith("Note: The strategy 'prefix' was not used. slip gives other laws by session().feed")


def test_fallback_of_a_sweep_is_noted_once(run, broken):
    """The model is asked once for both temperatures."""
    done = run("stationary", "--model", broken, "--temperature", 1, "--temperature", 2)
    assert done.stderr.count("Note: ") == 1


def test_fallback_stands_in_report_and_document(run, broken):
    """With the cost, and as ``enumeration.note``."""
    done = run("analyze", "--model", broken, "-o", "a.json")
    cost = done.stdout[done.stdout.index("What enumeration cost") :]
    assert "(batched)" in cost
    assert "The strategy 'prefix' was not used." in cost
    found = json.loads(Path("a.json").read_text(encoding="utf-8"))["enumeration"]
    assert found["strategy"] == "batched"
    assert found["note"].startswith("The strategy 'prefix' was not used.")


def test_strategy_that_is_asked_for_is_an_error_where_it_gives_another_law(refused, broken):
    """A failure of the model: exit code 3, and no traceback, since nothing was raised."""
    message = refused("analyze", "--model", broken, "--strategy", "prefix", code=3)
    assert "slip gives other laws by session().feed and .fork than by next_logits: after '" in message


def test_strategy_that_a_model_does_not_allow_is_wrong_use(refused):
    """n-grams have no beginnings to share."""
    message = refused("analyze", "--model", "ngram", "--data", "abba", "--strategy", "prefix")
    assert "cannot be used: " in message
    assert "has neither session(batch) nor all_logits(contexts)" in message


def test_cost_tells_what_was_compared(run, untrained_folder):
    """2 + 4 + 8 token positions of babygpt, and those of the comparison."""
    found = facts(run("analyze", "--model", untrained_folder, "--strategy", "prefix").stdout)
    assert "(prefix), 14 token positions" in found["contexts"]
    assert found["compared"].startswith("with the law of whole contexts, ")


def test_nothing_is_noted_where_all_is_well(run, untrained_folder):
    """stderr is empty; there is no fact of a comparison, and no note in the document."""
    done = run("analyze", "--model", untrained_folder, "-o", "a.json")
    assert "Note: " not in done.stderr
    assert "compared" not in facts(done.stdout)
    found = json.loads(Path("a.json").read_text(encoding="utf-8"))["enumeration"]
    assert (found["note"], found["check_positions"]) == (None, 0)


def test_compiled_walk_states_its_rounding(run):
    """In the report, and as ``enumeration.rounding``."""
    done = run("analyze", "--model", "babygpt", "-M", "context_length=5", "--strategy", "fused", "-o", "a.json")
    found = json.loads(Path("a.json").read_text(encoding="utf-8"))["enumeration"]
    assert (found["strategy"], found["model_calls"]) == ("fused", 0)
    assert 0 < found["rounding"] < 1e-5
    assert facts(done.stdout)["rounding"].startswith(
        f"float32; probabilities within {found['rounding']:.1e} of float64"
    )
