"""What becomes of the laws that are found when Ctrl-C comes after them?"""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from report_text import sections

import markovgpt as mg
from markovgpt.cli import progress
from markovgpt.report import absorption, stationary

MODELS = '''
import numpy as np
import markovgpt as mg

def two_sinks():
    """State 1 leads to 0 with 1/4, to 2 with 3/4; both keep what they get."""
    return mg.from_matrix([[1, 0, 0], [0.25, 0, 0.75], [0, 0, 1]], name="two sinks")

def countdown():
    """The zeros at the end of a text: 8,192 contexts, of which all 0 and all 1 keep their last token."""
    def law(contexts):
        p = np.full((len(contexts), 2), 0.5)
        p[contexts.all(axis=1)], p[~contexts.any(axis=1)] = [0, 1], [1, 0]
        with np.errstate(divide="ignore"):
            return np.log(p)
    return mg.from_callable(law, vocab_size=2, context_length=13, name="countdown")
'''
SORRY = "Error: Interrupted. What is shown is the best that was known then."


@pytest.fixture(autouse=True)
def _models(_empty_folder):
    Path("models.py").write_text(MODELS, encoding="utf-8")


def press(*_, **__):
    signal.raise_signal(signal.SIGINT)


@pytest.fixture
def interrupt(monkeypatch):
    """``interrupt(module, "name")``: Ctrl-C when this function is called, which then does its work."""

    def at(module, name):
        work = getattr(module, name)

        def pressed(*arguments, **options):
            press()
            return work(*arguments, **options)

        monkeypatch.setattr(module, name, pressed)

    return at


def laws(path):
    return [law["certified"] for law in json.loads(Path(path).read_text(encoding="utf-8"))["stationary"]]


def test_interrupt_of_absorption_keeps_the_laws(run, monkeypatch):
    """While mass is pushed from 8,192 states: both laws, no end, and that it is missing."""

    def report(self, seen, done, total):
        if seen == "absorption":
            press()

    monkeypatch.setattr(progress.ProgressBar, "__call__", report)
    result = run("stationary", "--model", "models.py:countdown", "-o", "a.json")
    assert (result.exit_code, result.stderr.splitlines()) == (130, ["wrote a.json", SORRY])
    said = sections(result.stdout)
    assert {"Stationary distribution of recurrent class 1", "Stationary distribution of recurrent class 2"} <= set(said)
    assert said["And"] == ["  Where it ends from every state alike, not computed: interrupted."]
    found = json.loads(Path("a.json").read_text(encoding="utf-8"))
    assert (found["interrupted"], found["certified"], found["absorption"]) == (True, True, [])


def test_interrupt_at_the_second_start_keeps_the_first(run, monkeypatch):
    """From 1 with 1/4 and 3/4; nothing from the others, which are named."""
    solve, calls = absorption.absorption_probabilities, []

    def second(*arguments, **options):
        calls.append(True)
        if len(calls) == 2:
            press()
        return solve(*arguments, **options)

    monkeypatch.setattr(absorption, "absorption_probabilities", second)
    starts = ["--start", "1", "--start", "0", "--start", "uniform"]
    result = run("stationary", "--model", "models.py:two_sinks", *starts, "-o", "a.json")
    assert result.exit_code == 130
    assert sections(result.stdout)["And"] == ["  Where it ends from 0, every state alike, not computed: interrupted."]
    found = json.loads(Path("a.json").read_text(encoding="utf-8"))["absorption"]
    assert [ends["start"] for ends in found] == ["1"]
    assert found[0]["probabilities"] == pytest.approx([1 / 4, 3 / 4], rel=1e-14)


def test_interrupt_of_entropies_keeps_the_laws(run, interrupt):
    """They are computed all the same, absorption is not."""
    interrupt(stationary, "entropy_rates")
    result = run("stationary", "--model", "models.py:two_sinks", "-o", "a.json")
    assert (result.exit_code, laws("a.json")) == (130, [True, True])
    assert result.stdout.count("entropy rate          0 bits per token") == 2
    assert not any(title.startswith("Where it ends") for title in sections(result.stdout))


def test_interrupt_before_the_second_law_keeps_the_first(run, monkeypatch):
    """When its matrix is made, so that not even a guess is there."""
    from markovgpt.analysis import stationary as solving

    make, calls = solving._matrix_of, []

    def second(*arguments):
        calls.append(True)
        if len(calls) == 2:
            press()
        return make(*arguments)

    monkeypatch.setattr(solving, "_matrix_of", second)
    result = run("stationary", "--model", "models.py:two_sinks", "-o", "a.json")
    assert (result.exit_code, laws("a.json")) == (130, [True])
    assert sections(result.stdout)["And"][0] == "  1 more recurrent classes, not computed: interrupted."


@pytest.mark.parametrize(
    ("module", "name"),
    [
        pytest.param("markovgpt.report.laws", "law_sections", id="report"),
        pytest.param("markovgpt.cli.stationary", "print_report", id="printing"),
    ],
)
def test_interrupt_of_the_report_comes_after_it(run, interrupt, module, name):
    """All is shown and written; the exit code says that Ctrl-C was pressed."""
    import importlib

    whole = run("stationary", "--model", "models.py:two_sinks", "-o", "a.json")
    interrupt(importlib.import_module(module), name)
    result = run("stationary", "--model", "models.py:two_sinks", "-o", "b.json")
    assert [line for line in result.stdout.splitlines() if "solved in" not in line] == [
        line for line in whole.stdout.splitlines() if "solved in" not in line
    ]
    assert (result.exit_code, laws("b.json")) == (130, laws("a.json"))
    assert result.stderr.splitlines() == ["wrote b.json", "Error: Interrupted when all was done: nothing is missing."]


def test_interrupt_of_writing_is_heard_at_once(run, interrupt):
    """The report is on the screen; the file, which may take long, is not waited for."""
    from markovgpt.report import laws_data

    interrupt(laws_data, "laws_json")
    result = run("stationary", "--model", "models.py:two_sinks", "-o", "a.json")
    assert (result.exit_code, Path("a.json").exists()) == (130, False)
    assert "Where it ends, from every state alike" in sections(result.stdout)
    assert result.stderr.splitlines() == ["Error: Interrupted before it was done."]


def test_interrupt_of_absorption_ends_a_sweep_and_keeps_its_rows(run, monkeypatch):
    """At the second of three temperatures: two rows."""
    solve, calls = absorption.absorption_probabilities, []

    def second(*arguments, **options):
        calls.append(True)
        if len(calls) == 2:
            press()
        return solve(*arguments, **options)

    monkeypatch.setattr(absorption, "absorption_probabilities", second)
    words = [word for t in (1, 0.5, 0.2) for word in ("--temperature", t)]
    result = run("stationary", "--model", "models.py:two_sinks", *words, "-o", "a.json")
    assert result.exit_code == 130
    found = json.loads(Path("a.json").read_text(encoding="utf-8"))
    assert [one["options"]["decoding"]["temperature"] for one in found["sweep"]] == [1, 0.5]
    assert [(one["interrupted"], len(one["absorption"])) for one in found["sweep"]] == [(False, 1), (True, 0)]
    assert "Interrupted: the temperatures that were to follow are not computed." in " ".join(result.stdout.split())


def test_law_of_one_class_of_two_is_not_the_only_one(monkeypatch):
    """An analysis that was interrupted between them has one law, which is that of its class."""
    from markovgpt.analysis import stationary as solving
    from markovgpt.report.machine import to_dict

    make, calls = solving._matrix_of, []

    def second(*arguments):
        calls.append(True)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return make(*arguments)

    monkeypatch.setattr(solving, "_matrix_of", second)
    found = mg.analyze(mg.from_matrix([[1, 0, 0], [0.25, 0, 0.75], [0, 0, 1]]))
    assert (len(found.stationary), found.only_stationary) == (1, None)
    document = to_dict(found)["stationary"]
    assert (document["unique"], document["certified"], len(document["by_class"])) == (False, None, 1)
