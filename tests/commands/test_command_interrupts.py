"""What becomes of the work when the user presses Ctrl-C?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import markovgpt as mg
from markovgpt.cli import progress


@pytest.fixture
def interrupt(monkeypatch):
    """``interrupt("training", 3)``: Ctrl-C arrives when the third step is reported."""

    def at(what, number):
        def report(self, seen, done, total):
            if seen == what and done >= number:
                raise KeyboardInterrupt

        monkeypatch.setattr(progress.ProgressBar, "__call__", report)

    return at


def test_interrupt_in_training_says_what_is_lost(refused, interrupt):
    """Exit code 130, how far it came, and the option that would have kept it."""
    interrupt("training", 3)
    assert refused("analyze", code=130) == (
        "Training of babygpt was interrupted after 3 of 50 steps. What it learned is lost; --save-model keeps it."
    )


def test_interrupt_in_training_keeps_the_model_that_is_to_be_saved(run, interrupt):
    """The message says where."""
    interrupt("training", 3)
    result = run("analyze", "--save-model", "kept")
    assert result.exit_code == 130
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "saved the model to kept",
        "Error: Training of babygpt was interrupted after 3 of 50 steps. What it learned was saved to kept.",
    ]


def test_interrupted_model_is_what_three_steps_make(run, interrupt):
    """The saved weights are those of ``steps=3``, and the record says that more were wanted."""
    interrupt("training", 3)
    run("analyze", "--save-model", "kept")
    model = mg.load_model("kept")
    assert model.fingerprint == mg.load_model("babygpt", steps=3).fingerprint
    assert (len(model.training.losses), model.training.settings.steps, model.training.interrupted) == (3, 50, True)


def test_interrupt_in_enumeration_is_exit_code_130(refused, interrupt, untrained_folder):
    """No report, no file."""
    interrupt("enumerating contexts", 1)
    message = refused("analyze", "--model", untrained_folder, "-o", "a.json", code=130)
    assert message.startswith("Interrupted")
    assert not Path("a.json").exists()


def test_interrupt_in_a_walk_is_exit_code_130(refused, interrupt, untrained_folder):
    """The same for reachable contexts."""
    interrupt("walking the contexts", 1)
    message = refused("analyze", "--model", untrained_folder, "--reachable-from", "0", code=130)
    assert message.startswith("Interrupted")


def test_interrupt_in_a_model_is_exit_code_130(refused):
    """While the user's own code computes: no fault of the model's, and no traceback."""
    Path("slow.py").write_text(
        "import markovgpt as mg\n"
        "def law(contexts):\n    raise KeyboardInterrupt\n"
        "def slow():\n    return mg.from_callable(law, vocab_size=2, context_length=1)\n",
        encoding="utf-8",
    )
    assert refused("analyze", "--model", "slow.py:slow", code=130).startswith("Interrupted")


def test_interrupt_after_the_model_was_saved_does_not_deny_it(run, interrupt):
    """The model is there, whatever became of its analysis."""
    interrupt("enumerating contexts", 1)
    result = run("analyze", "--untrained", "--save-model", "kept")
    assert result.exit_code == 130
    assert result.stderr.startswith("saved the model to kept\n")
    assert "nothing was written" not in result.stderr


def test_interrupt_of_a_comparison_over_training_shows_what_was_seen(run, interrupt):
    """Ctrl-C after the third of 50 steps: two of three looks, in the report and the file; exit code 130."""
    interrupt("training", 3)
    result = run("compare", "--over-training", "0,2,50", "-o", "a.json", "--fail-above", 0)
    assert result.exit_code == 130
    assert result.stdout.startswith("babygpt in the course of training")
    assert result.stderr.splitlines() == [
        "wrote a.json",
        "Error: Training of babygpt was interrupted after 3 of 50 steps. What is shown is what was seen until then.",
    ]
    steps = json.loads(Path("a.json").read_text(encoding="utf-8"))["steps"]
    assert [step["step"] for step in steps] == [0, 2]


def test_interrupt_before_the_first_look_shows_nothing(refused, interrupt):
    """There is nothing to show."""
    interrupt("training", 3)
    message = refused("compare", "--over-training", "20", "-o", "a.json", code=130)
    assert message.startswith("Training of babygpt was interrupted after 3 of 20 steps.")
    assert not Path("a.json").exists()


def test_interrupt_of_a_look_at_the_model_ends_its_training(refused, monkeypatch):
    """It reaches the solver of a stationary distribution, which would go on with the best so far."""
    from dataclasses import replace

    from markovgpt.comparison import watch

    known = watch.stationary_distributions
    monkeypatch.setattr(
        watch, "stationary_distributions", lambda chain: [replace(law, interrupted=True) for law in known(chain)]
    )
    message = refused("compare", "--over-training", "0,50", code=130)
    assert message.startswith("Training of babygpt was interrupted after 0 of 50 steps.")


def test_interrupt_of_a_comparison_with_data_is_exit_code_130(refused, interrupt, babygpt_folder):
    """No report, no file."""
    interrupt("comparing with the data", 1)
    message = refused("compare", "--model", babygpt_folder, "-o", "a.json", code=130)
    assert message.startswith("Interrupted")
    assert not Path("a.json").exists()
