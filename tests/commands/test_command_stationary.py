"""What does a user read after ``markovgpt stationary``? Digits that are proven, and what is not certified."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from exact import exact_matrix, exact_stationary
from report_text import facts, sections

import markovgpt as mg

MODELS = '''
import numpy as np
import markovgpt as mg

def two_sinks():
    """State 1 leads to 0 with 1/4, to 2 with 3/4; both keep what they get."""
    return mg.from_matrix([[1, 0, 0], [0.25, 0, 0.75], [0, 0, 1]], name="two sinks")

def sticky(*, p: float = 1e-14, context_length: int = 2):
    """The last token stays, but for p."""
    law = np.log([[1 - p, p], [p, 1 - p]])
    return mg.from_callable(
        lambda contexts: law[contexts[:, -1]], vocab_size=2, context_length=context_length, name="sticky"
    )

def first_matters():
    """The first token is 1 with 3/4, and stays for ever."""
    def law(contexts):
        if not contexts.shape[1]:
            return np.log([[0.25, 0.75]] * len(contexts))
        with np.errstate(divide="ignore"):
            return np.log(np.eye(2)[contexts[:, -1]])
    return mg.from_callable(law, vocab_size=2, context_length=3, name="first matters")

def islands(*, n: int):
    """n states that all stay where they are."""
    return mg.from_matrix(np.eye(n), name="islands")
'''
LAW = "Stationary distribution: where the chain spends its time"


@pytest.fixture(autouse=True)
def _models(_empty_folder):
    Path("models.py").write_text(MODELS, encoding="utf-8")


def printed(lines):
    """``{"000": "0.0182..."}``: the probabilities of a section, as they are printed."""
    rows = [line.split() for line in lines]
    begin = next(i for i, row in enumerate(rows) if row[:2] == ["state", "probability"])
    return {row[0]: row[1] for row in rows[begin + 1 :] if row[-1][0] in "█▏▎▍▌▋▊▉"}


def test_digits_of_babygpt_are_those_of_exact_arithmetic(run, babygpt_folder, babygpt_chain):
    """Each of the eight, rounded to the printed digits, of which there are at least ten."""
    found = printed(sections(run("stationary", "--model", babygpt_folder).stdout)[LAW])
    exact = exact_stationary(exact_matrix(babygpt_chain.to_numpy()))
    for label, p in zip(found, exact, strict=True):
        unit = Fraction(10) ** int(Decimal(found[label]).as_tuple().exponent)
        assert abs(Fraction(found[label]) - p) <= unit / 2
        assert unit <= Fraction(1, 10**12)


def test_what_is_proven_is_said(run, babygpt_folder):
    """Method, both bounds, the entropy rate of the notebook's model, and the mean return time of 000, 54.711."""
    result = run("stationary", "--model", babygpt_folder)
    said = facts(result.stdout)
    assert result.exit_code == 0
    assert said["class"] == "8 states, period 1: all states"
    assert said["method"] == "GTH elimination"
    assert float(said["total error (L1)"].split()[2].rstrip(",")) < 1e-12
    assert float(said["error of every entry"].split()[2]) < 1e-12
    assert float(said["entropy rate"].split()[0]) == pytest.approx(0.8197558, abs=1e-6)
    row = next(line.split() for line in sections(result.stdout)[LAW] if line.split()[0] == "000")
    assert float(row[2]) == pytest.approx(54.711, abs=1e-3)


def test_rare_states_keep_their_digits(run, babygpt_folder, babygpt):
    """At temperature 0.02 the state 000 has 2e-52, proven to some thirteen digits."""
    found = printed(sections(run("stationary", "--model", babygpt_folder, "--temperature", 0.02).stdout)[LAW])
    chain = mg.build_chain(babygpt, decoding=mg.Decoding(temperature=0.02))
    exact = exact_stationary(exact_matrix(chain.to_numpy()))[0]
    assert abs(Fraction(found["000"]) / exact - 1) < Fraction(1, 10**11)
    assert "e-52" in found["000"]


def test_extended_digits_are_those_of_exact_arithmetic(run, babygpt_folder, babygpt):
    """At temperature 0.02, to twenty-five digits and more."""
    arguments = ["--model", babygpt_folder, "--temperature", 0.02, "--extended"]
    found = printed(sections(run("stationary", *arguments).stdout)[LAW])
    chain = mg.build_chain(babygpt, decoding=mg.Decoding(temperature=0.02))
    for text, exact in zip(found.values(), exact_stationary(exact_matrix(chain.to_numpy())), strict=True):
        digits = Decimal(text).as_tuple()
        assert len(digits.digits) >= 25
        assert abs(Fraction(text) - exact) <= Fraction(10) ** int(digits.exponent) / 2


def test_what_cannot_be_proven_stands_above_the_table(run):
    """Two sticky tokens of 8,192 states, left with 1e-300: a guess of one half each, and no digit of it."""
    result = run("stationary", "--model", "models.py:sticky", "-M", "context_length=13", "-M", "p=1e-300", "--top", 2)
    lines = sections(result.stdout)[LAW]
    assert result.exit_code == 0
    assert lines[0].startswith("  NOT certified: no error bound was proven")
    assert "at most 4,096 states" in f"{lines[0]} {lines[1]}"
    assert set(printed(lines).values()) == {"~0.50"}
    assert facts(result.stdout)["total error (L1)"] == "nothing is proven"
    assert "~: the best guess, of which no digit is proven." in result.stdout


def test_same_chain_of_fewer_states_is_settled_by_extended_precision(run):
    """One half each, to twenty digits, with 4,096 states fewer than it takes."""
    arguments = ["--model", "models.py:sticky", "-M", "context_length=5", "-M", "p=1e-300", "--extended", "--top", 2]
    text = run("stationary", *arguments).stdout
    assert "NOT certified" not in text
    assert {p[:22] for p in printed(sections(text)[LAW]).values()} == {"0.50000000000000000000"}


def test_large_chain_is_certified_by_cycles(run):
    """8,192 states: one half each but for 13 changes on the way, 1e-14 each."""
    result = run("stationary", "--model", "models.py:sticky", "-M", "context_length=13", "--top", 2)
    assert "NOT certified" not in result.stdout
    assert "cycle" in facts(result.stdout)["method"]
    assert facts(result.stdout)["error of every entry"] == "nothing is proven"
    for text in printed(sections(result.stdout)[LAW]).values():
        assert text.startswith("0.499999999999")


def test_tolerance_is_passed_on(run, monkeypatch):
    """``--tol`` is the error to be proven; what is not reached is said."""
    from markovgpt.analysis import stationary

    seen = []
    solve = stationary.solve_iteratively

    def spy(system, *, tolerance, report):
        seen.append(tolerance)
        return solve(system, tolerance=tolerance, report=report)

    monkeypatch.setattr(stationary, "solve_iteratively", spy)
    monkeypatch.setattr(stationary, "GTH_LIMIT", 1)
    arguments = ["--model", "models.py:sticky", "-M", "p=0.25"]
    assert "No more could be proven" not in run("stationary", *arguments, "--tol", 1e-5).stdout
    assert (
        "No more could be proven: the error asked for was 1e-30."
        in run("stationary", *arguments, "--tol", 1e-30).stdout
    )
    assert seen == [1e-5, 1e-30]


def test_each_recurrent_class_has_a_distribution_of_its_own(run):
    """Two states that keep what they get, and where the chain ends from every state alike: 5/12 and 7/12."""
    said = sections(run("stationary", "--model", "models.py:two_sinks").stdout)
    assert printed(said["Stationary distribution of recurrent class 1"]) == {"0": "1"}
    assert printed(said["Stationary distribution of recurrent class 2"]) == {"2": "1"}
    ends = [line.split()[:3] for line in said["Where it ends, from every state alike"]]
    assert ends[1:3] == [["recurrent", "2", "0.583333"], ["recurrent", "1", "0.416667"]]


def test_starts_are_a_context_a_short_one_the_empty_one_or_all_alike(run):
    """The first token stays: 1 for a context of 1s, and a short one; 3/4 for the empty one; the last token of eight."""
    starts = ["--start", "011", "--start", "0", "--start", "", "--start", "uniform"]
    said = sections(run("stationary", "--model", "models.py:first_matters", *starts).stdout)
    first = {title: lines[1].split()[:3] for title, lines in said.items() if title.startswith("Where it ends, from ")}
    assert first == {
        "Where it ends, from 011": ["recurrent", "2", "1.00000"],
        "Where it ends, from 0": ["recurrent", "1", "1.00000"],
        "Where it ends, from the empty context": ["recurrent", "2", "0.750000"],
        "Where it ends, from every state alike": ["recurrent", "1", "0.500000"],
    }


def test_greedy_loop_has_equal_shares(run, babygpt_folder):
    """011 > 111 > 110 > 101: a quarter each, back in 4 steps, nothing uncertain."""
    text = run("stationary", "--model", babygpt_folder, "--greedy").stdout
    assert set(printed(sections(text)[LAW])) == {"011", "101", "110", "111"}
    assert facts(text)["class"] == "4 states, period 4: 011, 101, 110, 111"
    assert facts(text)["entropy rate"] == "0 bits per token"
    assert facts(text)["transient states"] == "4"


def test_top_cuts_states_and_classes(run, babygpt_folder):
    """Three of eight states; two of twenty-three classes."""
    text = run("stationary", "--model", babygpt_folder, "--top", 3).stdout
    assert list(printed(sections(text)[LAW])) == ["111", "011", "110"]
    assert "The 3 likeliest of 8 states; they hold 64.37% of the time." in text  # .2712 + 2 * .1862
    text = run("stationary", "--model", "models.py:islands", "-M", "n=23", "--top", 2).stdout
    assert "21 more recurrent classes, each with its own law." in text


def test_end_of_a_walk_is_where_it_ends(run):
    """From 1, with 3/4 token 2 comes, which ends; 0 otherwise, for ever."""
    text = run("stationary", "--model", "models.py:two_sinks", "--reachable-from", "1", "--end", "2").stdout
    assert ["recurrent", "2", "0.750000"] in [line.split()[:3] for line in sections(text)["Where it ends, from 1"]]


def test_stationary_is_the_twin_of_the_library(run, babygpt, babygpt_folder):
    """The same digits from ``mg.stationary_report``."""
    from markovgpt.report.laws import certain_probability

    (pi,) = mg.stationary_report(mg.build_chain(babygpt)).stationary
    found = printed(sections(run("stationary", "--model", babygpt_folder).stdout)[LAW])
    assert list(found.values()) == [certain_probability(pi, s) for s in range(8)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--tol", 0], "tolerance is an error to be proven, above 0: got 0.0.", id="tolerance"),
        pytest.param(["--start", "7"], "'7' in the context '7' is no token of this model.", id="token"),
        pytest.param(["--start", ""], "two sinks has no law for the empty context. Begin with a token", id="empty"),
        pytest.param(["-o", "a.svg"], "'a.svg' ends in none of .json, .md, .npz", id="suffix"),
        pytest.param(["--temperature", 1, "--temperature", 0], "temperature must be a number above 0", id="cold"),
        pytest.param(["--min-reach", 0.1], "need --reachable-from CONTEXT", id="part"),
    ],
)
def test_stationary_refuses(refused, arguments, message):
    """One line, exit code 2."""
    assert message in refused("stationary", "--model", "models.py:two_sinks", *arguments)


def test_extended_precision_of_a_large_chain_is_refused_in_words(refused):
    """8,192 states: the limit, and what to do without."""
    arguments = ["--model", "models.py:sticky", "-M", "context_length=13", "--extended"]
    message = refused("stationary", *arguments)
    assert message.startswith("Not computed above 4,096 states: the stationary distribution of 8,192 states")
    assert "without --extended" in message


def test_stationary_of_a_model_that_is_not_there(refused):
    """Exit code 3, as everywhere."""
    assert "There is no model 'babygpd'" in refused("stationary", "--model", "babygpd", code=3)
