"""What does ``markovgpt stationary`` say of several temperatures?"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from report_text import facts, sections

import markovgpt as mg

SWEEP = "Stationary distributions by temperature"
MODELS = '''
import numpy as np
import markovgpt as mg

asked = 0

def counting():
    """Writes down how often it is asked."""
    def law(contexts):
        with open("asked", "a") as file:
            file.write(f"{len(contexts)} ")
        return np.stack([contexts[:, -1] * 1.0, contexts[:, -1] * -1.0], axis=1)
    return mg.from_callable(law, vocab_size=2, context_length=3, name="counting")

def two_sinks():
    """State 1 leads to 0 with 1/4, to 2 with 3/4; both keep what they get."""
    return mg.from_matrix([[1, 0, 0], [0.25, 0, 0.75], [0, 0, 1]], name="two sinks")
'''


@pytest.fixture(autouse=True)
def _models(_empty_folder):
    Path("models.py").write_text(MODELS, encoding="utf-8")


def rows(text):
    """The cells of the rows of the table, whatever may stand above it."""
    lines = [line.split() for line in sections(text)[SWEEP]]
    begin = next(i for i, cells in enumerate(lines) if cells[0] == "T")
    return [cells for cells in lines[begin + 1 :] if cells[0][0].isdigit()]


def temperatures(*values):
    return [word for value in values for word in ("--temperature", value)]


def test_sweep_has_a_row_for_each_temperature_in_the_order_given(run, babygpt_folder):
    """Entropy rates rise with the temperature; each is that of the chain alone."""
    found = rows(run("stationary", "--model", babygpt_folder, *temperatures(5, 1, 0.2, 0.05)).stdout)
    assert [row[0] for row in found] == ["5", "1", "0.2", "0.05"]
    rates = [float(row[1]) for row in found]
    assert rates == sorted(rates, reverse=True)
    assert rates[1] == pytest.approx(0.819756, abs=1e-6)
    assert [row[5] for row in found] == ["yes"] * 4


def test_sweep_says_the_same_as_each_temperature_alone(run, babygpt, babygpt_folder):
    """The likeliest state, its probability, and the bound of the library."""
    found = rows(run("stationary", "--model", babygpt_folder, *temperatures(2, 0.5)).stdout)
    for row, temperature in zip(found, (2, 0.5), strict=True):
        chain = mg.build_chain(babygpt, decoding=mg.Decoding(temperature=temperature))
        pi = mg.stationary_distribution(chain)
        assert row[2] == chain.label(int(pi.probabilities.argmax()))
        assert float(row[3]) == pytest.approx(pi.probabilities.max(), abs=1e-6)
        assert pi.error_bound <= float(row[4]) <= 1.1 * pi.error_bound


def test_sweep_asks_the_model_once(run):
    """Eight contexts for three temperatures."""
    run("stationary", "--model", "models.py:counting", *temperatures(2, 1, 0.5))
    assert Path("asked").read_text() == "8 "


def test_sweep_names_the_other_rules(run, babygpt_folder):
    """They hold at every temperature."""
    text = run("stationary", "--model", babygpt_folder, "--top-k", 1, *temperatures(2, 0.5)).stdout
    assert facts(text)["decoding"] == "temperature, below; top-k 1"
    assert [row[1] for row in rows(text)] == ["0", "0"]


def test_sweep_has_a_row_for_each_recurrent_class(run):
    """Two classes at two temperatures, and where to read in which of them the chain ends."""
    text = run("stationary", "--model", "models.py:two_sinks", *temperatures(2, 0.5)).stdout
    assert [row[:2] for row in rows(text)] == [["2", "1"], ["2", "2"], ["0.5", "1"], ["0.5", "2"]]
    assert "In which class the chain ends, with which probability: see one temperature alone" in text


def test_sweep_walks_for_each_temperature(run, babygpt_folder):
    """Reachable contexts depend on the rule."""
    found = rows(run("stationary", "--model", babygpt_folder, "--reachable-from", "0", *temperatures(1, 0.2)).stdout)
    assert [row[0] for row in found] == ["1", "0.2"]


def test_temperature_that_is_not_computed_leaves_the_others(run, monkeypatch, babygpt_folder):
    """Dashes in its row, and the reason above the table."""
    from markovgpt.report import stationary

    solve = stationary.stationary_distributions

    def refuse(chain, **options):
        if chain.origin.decoding.temperature == 0.5:
            raise mg.NotComputedError("Too cold.")
        return solve(chain, **options)

    monkeypatch.setattr(stationary, "stationary_distributions", refuse)
    result = run("stationary", "--model", babygpt_folder, *temperatures(1, 0.5, 2), "-o", "a.json")
    lines = sections(result.stdout)[SWEEP]
    assert result.exit_code == 0
    assert lines[0].strip() == "Temperature 0.5: Too cold."
    assert [row[1] for row in rows(result.stdout)][1] == "-"
    found = json.loads(Path("a.json").read_text(encoding="utf-8"))
    assert found["not_computed"] == [{"temperature": 0.5, "reason": "Too cold."}]
    assert (found["certified"], len(found["sweep"])) == (False, 2)


def test_sweep_of_which_nothing_is_computed_is_an_error(refused, monkeypatch, babygpt_folder):
    """The reason, exit code 2."""
    from markovgpt.report import stationary

    def refuse(*_, **__):
        raise mg.NotComputedError("Too cold.")

    monkeypatch.setattr(stationary, "stationary_distributions", refuse)
    assert refused("stationary", "--model", babygpt_folder, *temperatures(1, 0.5)) == "Too cold."


def test_sweep_is_written_as_json(run, babygpt, babygpt_folder):
    """One document a temperature, with its rule and its fingerprint."""
    run("stationary", "--model", babygpt_folder, *temperatures(2, 0.5), "-o", "a.json")
    found = json.loads(Path("a.json").read_text(encoding="utf-8"))
    assert (found["schema_version"], found["certified"], found["interrupted"]) == (1, True, False)
    assert [one["options"]["decoding"]["temperature"] for one in found["sweep"]] == [2, 0.5]
    for one in found["sweep"]:
        rule = mg.Decoding(temperature=one["options"]["decoding"]["temperature"])
        chain = mg.build_chain(babygpt, decoding=rule)
        assert one["fingerprint"] == chain.fingerprint
        assert one["stationary"][0]["probabilities"] == mg.stationary_distribution(chain).probabilities.tolist()


def test_sweep_is_written_as_an_archive_and_as_markdown(run, babygpt_folder):
    """Rows of arrays; the table."""
    run("stationary", "--model", babygpt_folder, *temperatures(2, 0.5), "-o", "a.npz", "-o", "a.md")
    with np.load("a.npz", allow_pickle=False) as found:
        assert found["temperatures"].tolist() == [2, 0.5]
        assert found["stationary"].shape == (2, 8)
    assert "|T|bits/token|likeliest|probability|error|certified|time|method|" in Path("a.md").read_text("utf-8")


def test_archive_of_walks_at_several_temperatures_is_refused(refused, babygpt_folder):
    """Their states differ."""
    arguments = ["--reachable-from", "0", *temperatures(1, 0.2), "-o", "a.npz"]
    assert "are different states, which one array cannot hold" in refused(
        "stationary", "--model", babygpt_folder, *arguments
    )


def test_one_temperature_is_no_sweep(run, babygpt_folder):
    """The law itself."""
    assert SWEEP not in run("stationary", "--model", babygpt_folder, "--temperature", 0.5).stdout
