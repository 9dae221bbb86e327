"""What does ``markovgpt compare`` say in cases that are rare: nothing proven, orders the other way round, a walk?"""

from __future__ import annotations

from pathlib import Path

import pytest
from report_text import cells, sections

import markovgpt as mg
from markovgpt.report.comparing.machine import data_to_dict
from markovgpt.report.comparing.sections import data_sections

MODELS = '''
import numpy as np
import markovgpt as mg

def sticky(*, checkpoint=None, steps=0):
    """The last token stays, but for 1e-300: where it is in the long run, nobody can tell from doubles."""
    law = np.log([[1 - 1e-16, 1e-300], [1e-300, 1 - 1e-16]])
    model = mg.from_callable(lambda c: law[c[:, -1]], vocab_size=2, context_length=13, name="sticky")
    if checkpoint is not None:
        checkpoint(0, model)
    return model

def upside_down(*, checkpoint, steps=1):
    """Knows at first that 1s follow 1s rather than 0s, but not how many there are; then both."""
    for step, shift in enumerate((-0.8, 0.0)[: steps + 1]):
        odds = np.array([0.3 / 0.7, 0.9 / 0.1]) * np.exp(shift)
        p = odds / (1 + odds)
        model = mg.from_matrix(np.column_stack((1 - p, p)), name="upside down")
        checkpoint(step, model)
    return model

def sure():
    """After a 0 always a 1, nearly; after a 1 both."""
    return mg.from_matrix([[1e-9, 1 - 1e-9], [0.5, 0.5]], name="sure")
'''


@pytest.fixture(autouse=True)
def _models(_empty_folder):
    Path("models.py").write_text(MODELS, encoding="utf-8")


def test_long_run_that_is_not_proven_is_marked(run):
    """8,192 states, left after 1e300 tokens: a warning comes before the numbers."""
    result = run("compare", "--model", "models.py:sticky", "--data", "01" * 10)
    lines = sections(result.stdout)["In the long run"]
    assert lines[0].startswith("  NOT certified: ")


def test_step_whose_long_run_is_not_proven_is_marked(run):
    """With a tilde, and a line that says what it means."""
    result = run("compare", "--model", "models.py:sticky", "--data", "01" * 10, "--over-training", "0")
    lines = sections(result.stdout)["sticky in the course of training"]
    assert cells(lines[1:2])[0][-4].startswith("~")
    assert lines[-1] == "  ~ is NOT certified."


def test_orders_that_are_learned_the_other_way_round_are_told(run):
    """After 0 a 1 three times of 10, after 1 a 1 27 times of 30; logits that are .8 too low for both.

    Three quarters are 1s: the model's mean is too low by .13, more than a tenth of .1887 bits; what the last token
    tells besides, it knows but for .09 of it.
    """
    data = "000" + "1" * 10 + "000" + "1" * 10 + "0000" + "1" * 10 + "0"
    result = run("compare", "--model", "models.py:upside_down", "--data", data, "--over-training", "0,1")
    lines = sections(result.stdout)["When was each order learned?"]
    assert [row[2] for row in cells(lines[1:3])] == ["1", "0"]
    assert "Low orders were not learned before high ones." in " ".join(lines)


def test_orders_that_are_learned_in_their_order_are_told(run):
    """A small network knows how many 1s there are after 40 steps, and what each token of context tells after 600."""
    small = ["-M", "n_layer=1", "-M", "n_embd=4", "-M", "n_head=1"]
    lines = sections(run("compare", "--over-training", "0,40,600", *small).stdout)["When was each order learned?"]
    at = [int(row[2]) for row in cells(lines[1:5])]
    assert at == sorted(at)
    assert ("Low orders were learned before high ones." in " ".join(lines)) == (at[0] < at[-1])


def test_difference_that_is_no_chance_at_all_has_a_bound_for_its_p_value(run):
    """0 ten times after 0, where the model says 1e-9 each: below 1e-15 even after correction."""
    result = run("compare", "--model", "models.py:sure", "--data", "0" * 11 + "1")
    rows = cells(sections(result.stdout)["Where it is farthest from the data"][1:2])
    assert rows[0][-1] == "<1e-15"
    assert "in 1 of 1 context" in result.stdout


def test_walk_is_compared_as_far_as_it_goes():
    """Of 0 and 1: what stands after a 2 is left out, and nothing is said of the long run."""
    model = mg.from_matrix([[0.5, 0.5, 0.0]] * 3)
    walk = mg.reachable_chain(model, (0,))
    report = mg.data_report(model, mg.count_ngrams([0, 1, 0, 2, 0, 0], vocab_size=3, context_length=1), chain=walk)
    assert (report.own, report.long_run, report.unseen) == (None, None, None)
    first, *others = data_sections(report, model)
    assert first.notes == ("1 token after contexts that the walk did not meet: left out.",)
    (run,) = [section for section in others if section.title == "In the long run"]
    assert run.notes[0].startswith("Only a part of the contexts was walked")
    document = data_to_dict(report, model)
    assert (document["data"]["n_left_out"], document["long_run"]) == (1, None)
    assert document["fingerprint"] == walk.fingerprint


def test_long_run_that_cannot_be_computed_is_no_failure(monkeypatch):
    """The reason stands in its place."""
    from markovgpt.report.comparing import record

    def refuses(*_: object, **__: object) -> None:
        raise mg.NotComputedError("It takes too long.")

    monkeypatch.setattr(record, "stationary_distributions", refuses)
    model = mg.from_matrix([[0.5, 0.5]] * 2)
    counts = mg.count_ngrams([0, 1, 0], vocab_size=2, context_length=1)
    report = mg.data_report(model, counts, chain=mg.build_chain(model))
    assert (report.own, report.not_computed) == (None, "It takes too long.")
    assert report.comparison.cross_entropy == 1
