"""What is said of arrows that are zero only because float64 cannot hold their probability?"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from report_text import sections

import markovgpt as mg
from markovgpt.report.phrases import underflow_notes

MODELS = '''
import numpy as np
import markovgpt as mg

def wells():
    """From 0 to 1 with exp(-1), from 1 to 0 with exp(-2), but for the sum; 2 is never written."""
    logits = np.array([[0, -1, -np.inf], [-2, 0, -np.inf], [0, 0, -np.inf]])
    return mg.from_callable(lambda contexts: logits[contexts[:, -1]], vocab_size=3, context_length=1, name="wells")
'''
COLD = ["--model", "models.py:wells", "--temperature", "0.002"]  # exp(-500) and exp(-1000)
SAID = "1 of 9 arrows is zero only because it underflows (below 1e-323): the classes may be those of a colder chain."


@pytest.fixture(autouse=True)
def _models(_empty_folder):
    Path("models.py").write_text(MODELS, encoding="utf-8")


@pytest.mark.parametrize(
    ("command", "title"),
    [
        ("analyze", "Structure"),
        ("structure", "Communicating classes"),
        ("stationary", "The long run of wells"),
    ],
)
def test_underflow_is_one_line_beside_the_classes(run, command, title):
    """In law 0 and 1 reach each other; but exp(-1000) is no double, so 1 is never left."""
    lines = sections(run(command, *COLD, "-o", "a.json").stdout)[title]
    assert f"  {SAID}" in lines
    assert json.loads(Path("a.json").read_text(encoding="utf-8"))["n_underflows"] == 1


@pytest.mark.parametrize("command", ["analyze", "structure", "stationary"])
def test_nothing_is_said_where_nothing_underflows(run, command):
    """The token that the model excludes is zero in law."""
    result = run(command, "--model", "models.py:wells", "-o", "a.json")
    assert "underflow" not in result.stdout
    assert json.loads(Path("a.json").read_text(encoding="utf-8"))["n_underflows"] == 0


def test_sweep_says_at_which_temperature(run):
    """One arrow at 0.002, two at 0.001: exp(-1000) and exp(-2000)."""
    words = [word for t in (1, 0.002, 0.001) for word in ("--temperature", t)]
    text = " ".join(run("stationary", "--model", "models.py:wells", *words, "-o", "a.json").stdout.split())
    assert f"Temperature 0.002: {SAID}" in text
    assert "Temperature 0.001: 2 of 9 arrows are zero only because they underflow (below 1e-323):" in text
    sweep = json.loads(Path("a.json").read_text(encoding="utf-8"))["sweep"]
    assert [document["n_underflows"] for document in sweep] == [0, 1, 2]


def test_archive_says_how_many(run):
    """Beside the probabilities."""
    run("analyze", *COLD, "-o", "a.npz")
    with np.load("a.npz", allow_pickle=False) as found:
        assert int(found["n_underflows"]) == 1


def test_archive_and_document_of_a_chain_of_which_nobody_knows(run):
    """Left out, and null: no number stands for what is not known."""
    arguments = [*COLD, "--reachable-from", "1", "--min-reach", "1e-9"]
    result = run("analyze", *arguments, "-o", "a.npz", "-o", "a.json")
    assert "It is not known how many arrows are zero only because they underflow (below 1e-323)" in result.stdout
    assert json.loads(Path("a.json").read_text(encoding="utf-8"))["n_underflows"] is None
    with np.load("a.npz", allow_pickle=False) as found:
        assert "n_underflows" not in found.files


def test_arrows_of_a_walk_are_those_of_its_contexts(run):
    """One context, 1, of three tokens."""
    text = run("structure", *COLD, "--reachable-from", "1").stdout
    assert "1 of 3 arrows is zero only because it underflows" in text


def test_numbers_of_many_arrows_are_readable():
    """Thousands are set apart."""
    chain = mg.chain_from_table(np.full((2**11, 2), 0.5))
    chain = replace(chain, origin=replace(chain.origin, n_underflows=1234))
    assert underflow_notes(chain)[0].startswith("1,234 of 4,096 arrows are zero only because they underflow (below")
