"""What becomes of a long solution when the user presses Ctrl-C?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from processes import on_a_terminal
from report_text import facts, sections

from markovgpt.cli import progress

MODELS = '''
import time

import numpy as np
import markovgpt as mg
from markovgpt.cli.progress import ProgressBar

def rough(*, context_length: int = 13):
    """Random logits, which take some cycles."""
    logits = 3 * np.random.default_rng(0).standard_normal((2**context_length, 2))
    weights = 2 ** np.arange(context_length - 1, -1, -1)
    return mg.from_callable(lambda c: logits[c @ weights], vocab_size=2, context_length=context_length, name="rough")

def two_pairs():
    """{0, 1} and {2, 3}."""
    return mg.from_matrix(np.kron(np.eye(2), np.full((2, 2), 0.5)), name="two pairs")

def unhurried():
    """Of 2,048 states; whatever the machine, every report of its progress takes a tenth of a second."""
    show = ProgressBar.__call__

    def slowly(bar, what, done, total):
        time.sleep(0.1)
        show(bar, what, done, total)

    ProgressBar.__call__ = slowly
    return rough(context_length=11)
'''
LAW = "Stationary distribution: where the chain spends its time"
SORRY = "Error: Interrupted. What is shown is the best that was known then."


@pytest.fixture(autouse=True)
def _models(_empty_folder):
    Path("models.py").write_text(MODELS, encoding="utf-8")


@pytest.fixture
def interrupt(monkeypatch):
    """``interrupt("stationary law: cycle 5", after=3)``: Ctrl-C when this is reported, or three times later."""

    def at(beginning, *, after=0):
        left = [after]

        def report(self, seen, done, total):
            if seen.startswith(beginning):
                left[0] -= 1
                if left[0] < 0:
                    raise KeyboardInterrupt

        monkeypatch.setattr(progress.ProgressBar, "__call__", report)

    return at


def test_interrupt_shows_the_best_so_far_and_that_nothing_is_proven(run, interrupt):
    """In the fifth cycle: a guess, above it the warning, exit code 130."""
    interrupt("stationary law: cycle 5")
    result = run("stationary", "--model", "models.py:rough", "--top", 3, "-o", "a.json")
    assert result.exit_code == 130
    lines = sections(result.stdout)[LAW]
    assert lines[0].startswith("  NOT certified: no error bound was proven (5 cycles over suffixes)")
    assert "It was interrupted: left alone, it may prove more." in " ".join(line.strip() for line in lines)
    assert facts(result.stdout)["total error (L1)"] == "nothing is proven"
    assert sum("~" in line for line in lines) >= 3
    assert result.stderr.splitlines() == ["wrote a.json", SORRY]
    found = json.loads(Path("a.json").read_text(encoding="utf-8"))
    assert (found["interrupted"], found["certified"], found["stationary"][0]["error_bound"]) == (True, False, None)
    assert sum(found["stationary"][0]["probabilities"]) == pytest.approx(1, abs=1e-9)


def test_interrupt_after_the_proof_shows_its_bound(run, interrupt):
    """When the first bound is told: the law is certified, and was interrupted all the same."""
    interrupt("stationary law: error bound so far")
    result = run("stationary", "--model", "models.py:rough", "--tol", 1e-30, "--top", 3)
    assert result.exit_code == 130
    assert sections(result.stdout)[LAW][0].strip().startswith("Interrupted: the best that was known then")
    assert float(facts(result.stdout)["total error (L1)"].split()[2].rstrip(",")) < 1e-6


@pytest.mark.parametrize("options", [[], ["--extended"]], ids=["double", "extended"])
def test_interrupt_of_an_elimination_shows_a_guess(run, interrupt, options):
    """Half-way no state has a probability: the guess is where a few steps lead."""
    interrupt("eliminating", after=300)
    result = run("stationary", "--model", "models.py:rough", "-M", "context_length=9", *options, "--top", 3)
    assert result.exit_code == 130
    assert sections(result.stdout)[LAW][0].startswith("  NOT certified: no error bound was proven (64 pushes)")


def test_interrupt_keeps_the_classes_that_were_done(run, monkeypatch):
    """The second of two: the first is certain, absorption was not asked any more."""
    from markovgpt.analysis import stationary

    solve, calls = stationary.solve_directly, []

    def second(matrix, *, progress):
        calls.append(matrix)

        def stop(*_):
            raise KeyboardInterrupt

        return solve(matrix, progress=progress if len(calls) == 1 else stop)

    monkeypatch.setattr(stationary, "solve_directly", second)
    result = run("stationary", "--model", "models.py:two_pairs")
    said = sections(result.stdout)
    assert result.exit_code == 130
    assert "Stationary distribution of recurrent class 1" in said
    assert not any(title.startswith("Where it ends") for title in said)


def test_interrupt_in_a_sweep_keeps_the_temperatures_that_were_done(run, interrupt):
    """The second of three temperatures is the last row; the third is missing."""
    interrupt("stationary law: temperature 0.5, cycle 3")
    words = [word for t in (1, 0.5, 0.2) for word in ("--temperature", t)]
    result = run("stationary", "--model", "models.py:rough", *words, "-o", "a.json")
    assert result.exit_code == 130
    text = " ".join(result.stdout.split())
    assert "Temperature 0.5: NOT certified" in text
    assert "Interrupted: the temperatures that were to follow are not computed." in text
    found = json.loads(Path("a.json").read_text(encoding="utf-8"))
    assert [one["options"]["decoding"]["temperature"] for one in found["sweep"]] == [1, 0.5]
    assert (found["interrupted"], found["certified"]) == (True, False)


def test_interrupt_of_analyze_is_told_in_its_report(run, interrupt):
    """The same law, the same warning; the report goes on."""
    interrupt("stationary law: cycle 5")
    result = run("analyze", "--model", "models.py:rough", "--top", 3, "-o", "a.json")
    lines = sections(result.stdout)[LAW]
    assert lines[0].startswith("  NOT certified: no error bound was proven (5 cycles over suffixes)")
    found = json.loads(Path("a.json").read_text(encoding="utf-8"))["stationary"]
    assert (found["interrupted"], found["relative_error"], found["certified"]) == (True, None, False)


def test_ctrl_c_in_a_process_shows_the_best_so_far(environment):
    """SIGINT while the bar of a real terminal moves: the report on stdout, exit code 130."""
    words = ["stationary", "--model", "models.py:unhurried", "--extended", "--top", "3"]
    code, text, shown = on_a_terminal(words, environment, interrupt_at="eliminating in extended precision")
    assert code == 130
    assert "NOT certified: no error bound was proven" in text
    assert "Interrupted. What is shown is the best that was known then." in " ".join(shown.split())
