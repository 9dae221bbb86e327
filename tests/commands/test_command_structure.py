"""What does ``markovgpt structure`` show and write?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from report_text import facts, sections

MODELS = '''
import numpy as np
import markovgpt as mg

def two_sinks():
    """State 1 leads to 0 with 1/4, to 2 with 3/4; both keep what they get."""
    return mg.from_matrix([[1, 0, 0], [0.25, 0, 0.75], [0, 0, 1]], name="two sinks")

def two_loops():
    """{0}, and the swap {1, 2} of period 2."""
    return mg.from_matrix([[1, 0, 0], [0, 0, 1], [0, 1, 0]], name="loops")

def sticky():
    """The last token stays, but for 1e-14."""
    law = np.log([[1 - 1e-14, 1e-14], [1e-14, 1 - 1e-14]])
    return mg.from_callable(lambda contexts: law[contexts[:, -1]], vocab_size=2, context_length=2)

def fair(*, context_length: int = 3, vocab_size: int = 2):
    """Every token is equally likely."""
    law = np.zeros(vocab_size)
    return mg.from_callable(
        lambda contexts: np.tile(law, (len(contexts), 1)), vocab_size=vocab_size, context_length=context_length
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


@pytest.fixture(autouse=True)
def _models(_empty_folder):
    Path("models.py").write_text(MODELS, encoding="utf-8")


def rows(lines):
    """The cells of the lines of a section."""
    return [line.split() for line in lines]


def test_babygpt_is_one_class_with_one_loop(run, babygpt_folder):
    """011 > 111 > 110 > 101 > 011, text 0111, from all 8 states."""
    result = run("structure", "--model", babygpt_folder)
    said = sections(result.stdout)
    assert result.exit_code == 0
    assert facts(result.stdout)["classes"] == "1: 1 recurrent, 0 transient"
    assert "Irreducible: every state can reach every other." in result.stdout
    assert ["0111", "4", "100%"] in [row[:3] for row in rows(said["Loops of greedy decoding"])]
    assert not any(title.startswith("Where it ends") for title in said)


def test_loop_is_left_as_the_table_of_the_notebook_says(run, babygpt_folder):
    """FACTS: .7956113 * (1 - .4536126) * .7799096 * .7928548 stay a turn."""
    line = next(row for row in rows(run("structure", "--model", babygpt_folder).stdout.splitlines()) if "0111" in row)
    stays = 0.7956113 * (1 - 0.4536126) * 0.7799096 * 0.7928548
    assert float(line[3]) == pytest.approx(stays, abs=2e-6)
    assert float(line[4]) == pytest.approx(1 - stays, abs=2e-6)


def test_rare_escapes_keep_their_digits(run):
    """1e-14 a turn of one token: 1e14 tokens."""
    text = run("structure", "--model", "models.py:sticky").stdout
    assert rows(sections(text)["Loops of greedy decoding"])[3] == [
        "0",
        "1",
        "50.00%",
        "1.000000",
        "1.0e-14",
        "1.00e+14",
    ]


def test_two_sinks_share_the_states_between_them(run):
    """From 1 with 1/4 and 3/4; from every state alike 5/12 and 7/12."""
    result = run("structure", "--model", "models.py:two_sinks", "--start", "1", "--start", "uniform", "-o", "s.json")
    found = json.loads(Path("s.json").read_text(encoding="utf-8"))["absorption"]
    assert [ends["start"] for ends in found] == ["1", "uniform"]
    assert found[0]["probabilities"] == pytest.approx([1 / 4, 3 / 4], rel=1e-14)
    assert found[1]["probabilities"] == pytest.approx([5 / 12, 7 / 12], rel=1e-14)
    said = sections(result.stdout)
    assert rows(said["Where it ends, from 1"])[1][:3] == ["recurrent", "2", "0.750000"]
    assert "Where it ends, from every state alike" in said


def test_starts_are_a_context_a_short_one_the_empty_one_or_all_alike(run):
    """The first token stays, and is 1 with 3/4; as ``markovgpt stationary`` has it."""
    starts = ["--start", "011", "--start", "0", "--start", "", "--start", "uniform"]
    said = sections(run("structure", "--model", "models.py:first_matters", *starts, "-o", "s.json").stdout)
    first = {title: rows(lines)[1][:3] for title, lines in said.items() if title.startswith("Where it ends, from ")}
    assert first == {
        "Where it ends, from 011": ["recurrent", "2", "1.00000"],
        "Where it ends, from 0": ["recurrent", "1", "1.00000"],
        "Where it ends, from the empty context": ["recurrent", "2", "0.750000"],
        "Where it ends, from every state alike": ["recurrent", "1", "0.500000"],
    }
    found = json.loads(Path("s.json").read_text(encoding="utf-8"))["absorption"]
    assert [ends["start"] for ends in found] == ["011", "0", "", "uniform"]


def test_several_ends_are_told_without_being_asked(run):
    """The uniform law is the default start."""
    said = sections(run("structure", "--model", "models.py:two_sinks").stdout)
    assert "Where it ends, from every state alike" in said
    assert "Proven: no probability is wrong by more than" in " ".join(said["Where it ends, from every state alike"])


def test_one_end_needs_no_start(run):
    """It is said if a start is given."""
    text = run("structure", "--model", "models.py:fair", "--start", "000").stdout
    assert "In the one recurrent class, whatever the start." in text


def test_cyclic_classes_are_listed(run):
    """The swap has two phases of one state."""
    said = sections(run("structure", "--model", "models.py:two_loops").stdout)
    assert rows(said["Cyclic classes of recurrent class 2: period 2"])[:2] == [
        ["phase", "0", "1", "state:", "1"],
        ["phase", "1", "1", "state:", "2"],
    ]


def test_ties_are_told(run):
    """All eight states are fair: one loop, 0, which another implementation may not have."""
    text = " ".join(run("structure", "--model", "models.py:fair").stdout.split())
    assert "The likeliest token is not unique in 8 states" in text
    assert "which another implementation may not have: 0." in text


def test_states_that_are_seen_at_most_once_are_one_line(run):
    """Greedy over eight fair states: 0 is taken for ever, seven states lead there."""
    text = run("structure", "--model", "models.py:fair", "--greedy").stdout
    assert facts(text)["seen at most once"] == "7 states: 001, 010, 011, 100, 101, 110 and 1 more"
    assert facts(text)["transient states"] == "7 of 8"


def test_top_cuts_every_table(run):
    """Twenty-three islands, five shown, in each of three tables."""
    text = run("structure", "--model", "models.py:islands", "-M", "n=23", "--top", 5).stdout
    assert "18 more classes to which the chain can return." in text
    assert "The 5 of 23 loops with the largest basins." in text
    assert "The 5 likeliest of 23 recurrent classes." in text


def test_lengths_all_shows_short_contexts(run):
    """The six contexts of one and two tokens are passed once."""
    text = run("structure", "--model", "models.py:fair", "--lengths", "all").stdout
    assert facts(text)["seen at most once"] == "6 states: 0, 1, 00, 01, 10, 11"


def test_reachable_chain_ends_from_its_start(run):
    """Token 2 ends: from 1, always 0 or 2, then for ever."""
    result = run("structure", "--model", "models.py:two_sinks", "--reachable-from", "1", "--end", "2")
    said = sections(result.stdout)
    assert ["recurrent", "2", "0.750000"] in [row[:3] for row in rows(said["Where it ends, from 1"])]
    assert "(end)" in " ".join(said["Loops of greedy decoding"])


def test_structure_is_written_as_json(run):
    """Every key; the infinite escape time is null."""
    run("structure", "--model", "models.py:two_loops", "-o", "s.json")
    found = json.loads(Path("s.json").read_text(encoding="utf-8"))
    assert (found["schema_version"], found["model"]["name"]) == (1, "loops")
    assert found["classes"]["class_of"] == [0, 1, 1]
    assert found["classes"]["phases"] == [0, 0, 1]
    assert (found["classes"]["periods"], found["classes"]["sizes"]) == ([1, 2], [1, 2])
    assert [loop["text"] for loop in found["greedy"]["loops"]] == ["12", "0"]
    assert found["greedy"]["loops"][0]["expected_escape_times"] == [None, None]
    assert found["greedy"]["loop_of"] == [1, 0, 0]


def test_structure_is_written_as_markdown(run):
    """The same sections as headings."""
    result = run("structure", "--model", "models.py:two_sinks", "-o", "s.md")
    page = Path("s.md").read_text(encoding="utf-8")
    assert page.startswith("# The structure of two sinks as a Markov chain\n")
    for title in list(sections(result.stdout))[1:]:
        assert f"## {title}\n" in page


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--start", "2222"], "'2' in the context '2222' is no token of this model", id="token"),
        pytest.param(["-o", "s.svg"], "'s.svg' ends in none of .json, .md", id="suffix"),
        pytest.param(["--top", 0], "0 is not in the range x>=1", id="top"),
        pytest.param(["--temperature", 0], "temperature must be a number above 0", id="temperature"),
        pytest.param(["--min-reach", 0.1], "need --reachable-from CONTEXT", id="part"),
    ],
)
def test_structure_refuses(refused, arguments, message):
    """One line, exit code 2."""
    assert message in refused("structure", "--model", "models.py:fair", *arguments)


def test_structure_of_a_model_that_is_not_there(refused):
    """Exit code 3, as everywhere."""
    assert "There is no model 'babygpd'" in refused("structure", "--model", "babygpd", code=3)


def test_interrupted_search_is_130(refused, monkeypatch):
    """Ctrl-C while the classes are searched."""
    from markovgpt.report import structure

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(structure, "communicating_classes", interrupt)
    message = refused("structure", "--model", "models.py:fair", code=130)
    assert message == "Interrupted before it was done."
