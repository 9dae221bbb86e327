"""What does the report say of chains that fall apart, and of chains that are large?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from report_text import facts, sections, shares

MODELS = '''
import numpy as np
import markovgpt as mg

def two_sinks():
    """State 1 leads to 0 or 2 with probability one half each, and both keep what they get."""
    return mg.from_matrix([[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1]], name="two sinks")

def two_loops():
    """{0} and the swap {1, 2}, of period 2."""
    return mg.from_matrix([[1, 0, 0], [0, 0, 1], [0, 1, 0]], name="loops")

def islands(*, n: int):
    """n states that all stay where they are."""
    return mg.from_matrix(np.eye(n), name="islands")

def fair(*, context_length: int = 3, vocab_size: int = 2):
    """Every token is equally likely."""
    law = np.zeros(vocab_size)
    return mg.from_callable(
        lambda contexts: np.tile(law, (len(contexts), 1)), vocab_size=vocab_size, context_length=context_length
    )

def sticky():
    """The last token stays, but for 1e-12 (0) and 2e-12 (1)."""
    law = np.log([[1 - 1e-12, 1e-12], [2e-12, 1 - 2e-12]])
    return mg.from_callable(lambda contexts: law[contexts[:, -1]], vocab_size=2, context_length=13)
'''


@pytest.fixture(autouse=True)
def _models(_empty_folder):
    Path("models.py").write_text(MODELS, encoding="utf-8")


def test_two_sinks_are_two_recurrent_classes(run):
    """[[1,0,0],[.5,0,.5],[0,0,1]]: 0 and 2 absorb, 1 is transient; no unique law."""
    result = run("analyze", "--model", "models.py:two_sinks")
    said = facts(result.stdout)
    assert result.exit_code == 0
    assert said["recurrent class 1"] == "1 state, period 1: 0"
    assert said["recurrent class 2"] == "1 state, period 1: 2"
    assert said["transient"] == "1 state"
    assert "Which recurrent class the chain ends in depends on where it starts" in result.stdout


def test_two_sinks_have_two_stationary_distributions(run):
    """All mass on 0, and all mass on 2; never a blend of the two."""
    parts = sections(run("analyze", "--model", "models.py:two_sinks").stdout)
    laws = [shares("\n".join(lines)) for title, lines in parts.items() if title.startswith("Stationary")]
    assert laws == [{"0": 1.0}, {"2": 1.0}]


def test_two_sinks_in_json_have_one_record_a_class(run):
    """The fields at the top are null, so that no program takes one of two laws for the law."""
    run("analyze", "--model", "models.py:two_sinks", "-o", "a.json")
    found = json.loads(Path("a.json").read_text(encoding="utf-8"))["stationary"]
    assert (found["unique"], found["probabilities"], found["error_bound"]) == (False, None, None)
    assert [law["probabilities"] for law in found["by_class"]] == [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    assert all(law["error_bound"] < 1e-12 for law in found["by_class"])


def test_ties_of_the_likeliest_token_are_named(run):
    """In state 1, tokens 0 and 2 have one half each."""
    text = run("analyze", "--model", "models.py:two_sinks").stdout
    assert "The likeliest token is not unique in 1 state (1); greedy decoding takes the lowest." in text


def test_periods_are_told_class_by_class(run):
    """A sink has period 1, a swap of two states period 2."""
    said = facts(run("analyze", "--model", "models.py:two_loops").stdout)
    assert said["recurrent class 1"] == "1 state, period 1: 0"
    assert said["recurrent class 2"] == "2 states, period 2: 1, 2"


def test_model_without_data_has_nothing_to_compare_with(run):
    """No counts, no cross-entropy; the JSON says null."""
    result = run("analyze", "--model", "models.py:two_sinks", "-o", "a.json")
    assert "The model has no training data to compare with." in result.stdout
    assert "training cross-entropy" not in result.stdout
    assert json.loads(Path("a.json").read_text(encoding="utf-8"))["ngrams"] is None


def test_many_classes_are_cut_at_top(run):
    """Twenty-three islands, five of them shown."""
    said = facts(run("analyze", "--model", "models.py:islands", "-M", "n=23", "--top", 5).stdout)
    assert said["and"] == "18 more recurrent classes"
    assert said["recurrent class 5"] == "1 state, period 1: 4"
    assert "recurrent class 6" not in said


@pytest.mark.parametrize("top", [1, 3, 64])
def test_top_is_the_number_of_rows(run, top):
    """64 states are too many for one row an arrow: one row a state, cut at ``--top``."""
    result = run("analyze", "--model", "models.py:fair", "-M", "context_length=6", "--top", top)
    rows = [line for line in sections(result.stdout)["Transitions"] if "50%" in line]
    assert len(rows) == top
    assert ("of 64." in result.stdout) == (top < 64)


def test_stationary_table_says_how_much_its_rows_hold(run):
    """Two of 64 equally likely states, as were asked for."""
    text = run("analyze", "--model", "models.py:fair", "-M", "context_length=6", "--top", 2).stdout
    assert "The 2 likeliest of 64 states; they hold 3.1% of the time." in text


def test_uniform_law_is_certified(run):
    """64 tokens, K = 1: 1/64 everywhere, 6 bits a token."""
    run("analyze", "--model", "models.py:fair", "-M", "context_length=1", "-M", "vocab_size=64", "-o", "a.json")
    found = json.loads(Path("a.json").read_text(encoding="utf-8"))["stationary"]
    assert found["probabilities"] == pytest.approx([1 / 64] * 64, rel=1e-12)
    assert found["entropy_rate_bits"] == pytest.approx(6, abs=1e-12)


def test_more_states_than_elimination_takes_are_certified(run):
    """2^13 = 8,192 states, above the 4,096 of GTH: uniform, with a proven bound."""
    result = run("analyze", "--model", "models.py:fair", "-M", "context_length=13", "--top", 2, "-o", "a.json")
    found = json.loads(Path("a.json").read_text(encoding="utf-8"))["stationary"]
    assert found["probabilities"] == pytest.approx([2**-13] * 2**13, rel=1e-9)
    assert 0 < found["error_bound"] < 1e-6
    assert facts(result.stdout)["recurrent class"] == "8,192 states, period 1: all states"
    assert facts(result.stdout)["contexts"].startswith("8,192 in 4 calls of the model")


def test_bound_covers_the_error_where_the_chain_hardly_forgets(run):
    """Two sticky tokens, left with 1e-12 and 2e-12: 2/3 and 1/3, whatever a residual of 1e-12 says."""
    run("analyze", "--model", "models.py:sticky", "-o", "a.json")
    found = json.loads(Path("a.json").read_text(encoding="utf-8"))["stationary"]
    law = found["probabilities"]
    error = abs(law[0] - 2 / 3) + abs(law[-1] - 1 / 3)
    assert found["error_bound"] is None or found["error_bound"] >= error - 1e-9


@pytest.fixture
def no_solution(monkeypatch):
    """A solver that refuses, as elimination does where double precision underflows."""
    from markovgpt import NotComputedError
    from markovgpt.analysis import stationary

    def refuse(*_, **__):
        raise NotComputedError("Elimination underflows: use extended precision.")

    monkeypatch.setattr(stationary, "solve_directly", refuse)


@pytest.mark.usefixtures("no_solution")
def test_law_that_is_not_computed_is_said_to_be_not_computed(run):
    """No law, no number in its place, and what to do instead."""
    result = run("analyze", "--model", "models.py:fair", "-o", "a.json")
    said = " ".join(sections(result.stdout)["Stationary distribution"])
    assert result.exit_code == 0
    assert "Elimination underflows: use extended precision." in said
    assert "entropy rate" not in result.stdout
    found = json.loads(Path("a.json").read_text(encoding="utf-8"))["stationary"]
    assert (found["computed"], found["probabilities"], found["by_class"]) == (False, None, [])
    assert "Elimination underflows" in found["reason"]


@pytest.mark.usefixtures("no_solution")
def test_law_that_is_not_computed_leaves_the_rest_of_the_report(run):
    """Structure, arrows and cost need no solver."""
    result = run("analyze", "--model", "models.py:fair")
    assert facts(result.stdout)["recurrent class"] == "8 states, period 1: all states"
    assert {"Transitions", "Structure", "What enumeration cost"} <= set(sections(result.stdout))
