"""What stands in the files that ``markovgpt compare -o`` and ``--graph`` write?"""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from report_text import sections

import markovgpt as mg

START = {".svg": b"<?xml", ".png": b"\x89PNG\r\n\x1a\n", ".pdf": b"%PDF-"}
WAYS = {
    "data": ["--model", "FOLDER"],
    "training": ["--over-training", "0,1"],
    "model": ["--model", "FOLDER", "--order", "2"],
    "infinite": ["--model", "FOLDER", "--greedy"],
    "infinite training": ["--over-training", "0,1", "--greedy"],
}


def no_constant(name: str) -> float:
    raise AssertionError(f"JSON has no {name}")


def strict(path: str):
    """A JSON document by the letter of RFC 8259: no NaN, no Infinity."""
    return json.loads(Path(path).read_text(encoding="utf-8"), parse_constant=no_constant)


@pytest.fixture
def written(run, babygpt_folder):
    """``written("data", "a.json")``: the result of comparing in one of the ways, with these files."""

    def call(way, *files, option="-o"):
        words = [str(babygpt_folder) if word == "FOLDER" else word for word in WAYS[way]]
        result = run("compare", *words, *(word for file in files for word in (option, file)))
        assert result.exit_code == 0, result.stderr
        return result

    return call


@pytest.mark.parametrize("way", WAYS)
def test_json_is_strict_and_says_its_version(written, way):
    """No NaN and no Infinity, whatever is infinite; one line, and letters as they are."""
    written(way, "a.json")
    found = strict("a.json")
    assert (found["schema_version"], found["markovgpt"]) == (1, mg.__version__)
    text = Path("a.json").read_text(encoding="utf-8")
    assert (text.count("\n"), text[-2:]) == (1, "}\n")


def test_json_of_data_is_that_of_the_library(written, babygpt, babygpt_chain):
    """Bit for bit: contexts, totals, tests, the long run and what was never seen."""
    written("data", "a.json")
    found = strict("a.json")
    counts = mg.count_ngrams(babygpt.training_tokens, vocab_size=2, context_length=3)
    twin, pi = mg.compare_to_data(babygpt_chain, counts), mg.stationary_distribution(babygpt_chain)
    columns, total = found["contexts"], found["total"]
    assert columns["label"] == ["011", "101", "110", "111"]
    assert (columns["state"], columns["count"]) == ([3, 5, 6, 7], [2, 2, 2, 6])
    assert columns["total_variation"] == twin.total_variation.tolist()
    assert columns["kl_bits"] == twin.kl_divergence.tolist()
    assert columns["p_adjusted"] == twin.significance.adjusted.tolist()
    assert (total["cross_entropy_bits"], total["excess_bits"]) == (twin.cross_entropy, twin.excess)
    assert total["not_learned_bits"] == twin.missing.tolist()
    run = mg.long_run_comparison(babygpt_chain, pi, counts)
    assert found["long_run"]["kl_rate_bits"] == run.data.kl_rate
    assert found["long_run"]["data_stationary"] == pytest.approx([0.2, 0.2, 0.2, 0.4], abs=1e-15)
    assert found["long_run"]["model"]["entropy_rate_bits"] == mg.entropy_rate(babygpt_chain, pi)
    unseen = mg.unseen_states(babygpt_chain, counts, stationary=pi)
    assert [law["total_variation"] for law in found["unseen"]["laws"]] == [c.total_variation for c in unseen.candidates]
    assert (found["unseen"]["best"], found["unseen"]["n_states"]) == ("unigram", 4)
    assert found["fingerprint"] == babygpt_chain.fingerprint
    assert (found["model"]["name"], found["model"]["tokens"]) == ("babygpt", ["0", "1"])


def test_json_explains_contexts_that_were_never_seen(written, babygpt_chain):
    """Those visited most first: 001 and 100, then 010, then 000; the law of the model is its row."""
    written("data", "a.json")
    explained = strict("a.json")["unseen"]["explained"]
    assert sorted(each["label"] for each in explained[:2]) == ["001", "100"]
    assert [each["label"] for each in explained[2:]] == ["010", "000"]
    for each in explained:
        assert each["model"] == babygpt_chain.row(each["label"]).tolist()
        laws = {law["name"]: law for law in each["laws"]}
        assert laws["unigram"]["probabilities"] == [0.25, 0.75]
        assert laws["unigram"]["n_tokens"] == 12
        assert laws["uniform"]["total_variation"] == pytest.approx(abs(each["model"][1] - 0.5), abs=1e-15)


def test_json_of_models_is_that_of_the_library(written, babygpt, babygpt_chain):
    """The n-gram chain of order 2, and all that the comparison knows."""
    written("model", "a.json")
    found = strict("a.json")
    counts = mg.count_ngrams(babygpt.training_tokens, vocab_size=2, context_length=3)
    other = mg.build_chain(mg.NgramModel(counts, order=2))
    twin = mg.compare_chains(babygpt_chain, other)
    assert found["names"] == ["babygpt", "n-gram model of order 2, mle"]
    assert found["fingerprints"][0] == babygpt_chain.fingerprint
    assert found["rows"]["total_variation"] == twin.total_variation.tolist()
    assert found["rows"]["kl_ba_bits"] == twin.kl_ba.tolist()
    assert found["rows"]["kl_ab_bits"] == [None if np.isinf(kl) else kl for kl in twin.kl_ab.tolist()]
    assert found["greedy"]["states"] == twin.greedy_states.tolist() == [7]
    assert found["stationary_distance"] == twin.stationary_distance
    assert found["long_run"][1]["kl_rate_bits"] == twin.long_run_b.kl_rate
    assert [text["n_tokens"] for text in found["texts"]] == [1, 2, 4, 8, 16, 32, 64]
    law = twin.long_run_a.stationary.probabilities
    assert found["texts"][1]["lower"] == mg.tokens_distance(babygpt_chain, other, n=2, law=law).lower


def test_json_of_training_is_that_of_the_library(written):
    """Two looks at the notebook's model: before the first step, and after it."""
    written("training", "a.json")
    found, watch = strict("a.json"), mg.LearningWatch([0, 1])
    mg.load_model("babygpt", steps=1, checkpoint=watch)
    curve = watch.curve()
    assert [step["step"] for step in found["steps"]] == [0, 1]
    assert [step["excess_bits"] for step in found["steps"]] == [step.comparison.excess for step in curve.steps]
    assert [step["not_learned_bits"] for step in found["steps"]] == curve.missing.tolist()
    assert found["arrows"]["probability"] == curve.probabilities.tolist()
    assert found["arrows"]["count"] == [2, 2, 2, 3, 3]
    assert found["told_bits"] == curve.told.tolist()
    assert (found["context_length"], found["tokens"]) == (3, ["0", "1"])


@pytest.mark.parametrize("way", WAYS)
def test_markdown_has_the_sections_and_numbers_of_the_text(written, way):
    """The same titles in the same order, and every number."""
    result = written(way, "a.md")
    page = Path("a.md").read_text(encoding="utf-8")
    titles = re.findall(r"^#+ (.*)$", page, flags=re.MULTILINE)
    assert titles == list(sections(result.stdout))
    assert set(re.findall(r"\d+\.\d+", result.stdout)) <= set(re.findall(r"\d+\.\d+", page))


@pytest.mark.parametrize("suffix", START)
@pytest.mark.parametrize("way", WAYS)
def test_picture_is_of_the_kind_that_its_name_says(written, way, suffix):
    """Learning curves over training, the state graph with a model, a page of plots with data: none is empty."""
    written(way, f"a{suffix}")
    content = Path(f"a{suffix}").read_bytes()
    assert content.startswith(START[suffix])
    assert len(content) > 5000


def test_picture_with_data_names_model_data_and_transitions(written):
    """As text in the SVG: the title, and the sixteen arrows, as they are few."""
    written("data", "a.svg")
    page = Path("a.svg").read_text(encoding="utf-8")
    assert "babygpt against its training data" in page
    assert "111→0" in page


def test_picture_of_training_leaves_out_what_is_infinite_and_says_so(written):
    """Greedy decoding excludes what occurs: there are no bits to draw."""
    written("infinite training", "a.svg")
    page = Path("a.svg").read_text(encoding="utf-8")
    assert "bits are infinite" in page
    assert "Surprise at the data" not in page
    assert "Single arrows; dotted: the data" in page


@pytest.mark.parametrize("way", ["data", "model"])
@pytest.mark.parametrize("suffix", [*START, ".dot"])
def test_graph_draws_the_states(written, way, suffix):
    """Eight of them, with the difference on their arrows; the other chain may have been lifted."""
    written(way, f"g{suffix}", option="--graph")
    content = Path(f"g{suffix}").read_bytes()
    assert content.startswith(START.get(suffix, b"digraph"))
    if suffix in (".svg", ".dot"):
        assert all(f"{n:03b}" in content.decode() for n in range(8))


def test_files_are_noted_in_the_order_asked_for_graphs_last(run, babygpt_folder):
    """One note each on stderr; stdout is the report, and nothing else."""
    files = ["--graph", "g.dot", "-o", "b.md", "-o", "a.json"]
    result = run("compare", "--model", babygpt_folder, *files)
    assert result.stderr == "wrote b.md\nwrote a.json\nwrote g.dot\n"
    assert result.stdout == run("compare", "--model", babygpt_folder).stdout


def test_suffix_may_be_in_capitals(written):
    """``A.JSON`` is JSON."""
    written("data", "A.JSON")
    assert strict("A.JSON")["total"]["conditional_entropy_bits"] == 0.5


def test_file_that_cannot_be_written_does_not_lose_the_others(run, babygpt_folder):
    """The report is printed, the other file written; exit code 2."""
    result = run("compare", "--model", babygpt_folder, "-o", "nowhere/a.json", "-o", "b.md")
    assert result.exit_code == 2
    assert result.stdout.startswith("babygpt against its training data")
    assert result.stderr == ("wrote b.md\nError: nowhere/a.json could not be written: No such file or directory.\n")
