"""What stands in the files that ``markovgpt analyze -o`` writes for programs and for pages?"""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from report_text import sections

import markovgpt as mg


def _no_constant(name: str) -> float:
    raise AssertionError(f"JSON has no {name}")


def _strict(path: str):
    """A JSON document by the letter of RFC 8259: no NaN, no Infinity."""
    return json.loads(Path(path).read_text(encoding="utf-8"), parse_constant=_no_constant)


@pytest.fixture
def record(run, babygpt_folder):
    """The JSON of the trained babygpt."""
    assert run("analyze", "--model", babygpt_folder, "-o", "a.json").exit_code == 0
    return _strict("a.json")


def test_json_has_the_promised_keys(record):
    """Names that programs rely on."""
    assert record["schema_version"] == 1
    assert {"model", "states", "transitions", "stationary", "ngrams", "enumeration"} <= set(record)


def test_json_probabilities_are_those_of_the_library(record, babygpt_chain):
    """Bit for bit: JSON numbers are written so that float64 comes back."""
    np.testing.assert_array_equal(record["transitions"]["probabilities"], babygpt_chain.probabilities)
    assert record["fingerprint"] == babygpt_chain.fingerprint
    assert (record["transitions"]["unit"], record["transitions"]["layout"]) == ("probability", "table")


def test_json_stationary_is_that_of_the_library(record, babygpt_chain):
    """All fields of the result, the bound finite and positive."""
    pi, found = mg.stationary_distribution(babygpt_chain), record["stationary"]
    assert found["probabilities"] == pi.probabilities.tolist()
    assert found["residual"] == pi.residual
    assert found["error_bound"] == pi.error_bound
    assert 0 < found["error_bound"] < 1e-12
    assert found["entropy_rate_bits"] == mg.entropy_rate(babygpt_chain, pi)
    assert (found["certified"], found["method"], found["computed"]) == (True, "gth", True)


def test_json_describes_the_model(record, babygpt):
    """Name, sizes, texts of tokens, hash of the weights, and the fifty losses."""
    found = record["model"]
    names = ("name", "vocab_size", "context_length", "tokens", "n_parameters", "fingerprint")
    assert [found[name] for name in names] == ["babygpt", 2, 3, ["0", "1"], 12_656, babygpt.fingerprint]
    assert found["training"]["losses"] == list(babygpt.training.losses)
    assert found["training"]["interrupted"] is False


def test_json_describes_the_states(record):
    """Eight labels in the order of the states, one class."""
    found = record["states"]
    assert found["labels"] == [f"{n:03b}" for n in range(8)]
    assert (found["n_states"], found["n_classes"], found["irreducible"]) == (8, 1, True)
    assert found["recurrent_classes"] == [{"period": 1, "states": list(range(8))}]
    assert (found["n_transient_states"], found["greedy_ties"], found["lengths"]) == (0, [], "full")


def test_json_ngrams_are_those_of_the_data(record):
    """Twelve windows: 111 three and three, 011, 101 and 110 twice to a 1 each; half a bit of entropy."""
    found = record["ngrams"]
    expected = np.zeros((8, 2), dtype=int)
    expected[[0b011, 0b101, 0b110], 1] = 2
    expected[0b111] = 3
    assert found["counts"] == expected.tolist()
    assert (found["n_seen_states"], found["seen_states"]) == (4, [3, 5, 6, 7])
    assert found["conditional_entropy_bits"] == pytest.approx(0.5, abs=1e-12)


def test_json_enumeration_is_the_cost(record):
    """Eight contexts of three tokens, in one call."""
    found = record["enumeration"]
    assert [found[name] for name in ("strategy", "contexts", "model_calls", "token_positions")] == ["batched", 8, 1, 24]


def test_json_has_null_for_an_infinite_cross_entropy(run, babygpt_folder):
    """Greedy decoding gives 111 -> 1 no probability, which the data have three times."""
    run("analyze", "--model", babygpt_folder, "--greedy", "-o", "a.json")
    assert _strict("a.json")["ngrams"]["cross_entropy_bits"] is None


def test_json_ends_with_a_line_end_and_keeps_letters(run):
    """UTF-8, not escapes: the letter of the vocabulary stands in the file."""
    shape = ["-M", "context_length=1", "-M", "n_layer=1", "-M", "n_embd=4", "-M", "n_head=1", "--untrained"]
    run("analyze", "--model", "mingpt", "--data", "éßé", *shape, "-o", "a.json")
    text = Path("a.json").read_text(encoding="utf-8")
    assert text.endswith("}\n")
    assert "é" in text


def test_npz_holds_the_arrays_of_the_library(run, babygpt_chain, babygpt_folder):
    """Loadable without pickles; table, labels, law, bound and counts."""
    run("analyze", "--model", babygpt_folder, "-o", "a.npz")
    with np.load("a.npz", allow_pickle=False) as found:
        np.testing.assert_array_equal(found["probabilities"], babygpt_chain.probabilities)
        np.testing.assert_array_equal(found["stationary"][0], mg.stationary_distribution(babygpt_chain).probabilities)
        assert found["labels"].tolist() == [f"{n:03b}" for n in range(8)]
        assert found["tokens"].tolist() == ["0", "1"]
        assert int(found["context_length"]) == 3
        assert found["counts"].sum() == 12
        assert np.isfinite(found["error_bounds"]).all()


def test_npz_of_a_reachable_chain_is_a_sparse_matrix(run, babygpt, babygpt_folder):
    """indptr, indices and data make the matrix of ``mg.reachable_chain``."""
    from scipy.sparse import csr_array

    run("analyze", "--model", babygpt_folder, "--reachable-from", "0", "--end", "1", "-o", "a.npz")
    chain = mg.reachable_chain(babygpt, "0", end=1)
    with np.load("a.npz", allow_pickle=False) as found:
        n = len(found["labels"])
        matrix = csr_array((found["data"], found["indices"], found["indptr"]), shape=(n, n))
        np.testing.assert_array_equal(matrix.toarray(), chain.to_numpy())
        assert found["labels"].tolist() == ["0", "00", "000", "(end)"]
        np.testing.assert_array_equal(found["cut"], chain.cut)


def test_markdown_has_the_sections_of_the_text(run, babygpt_folder):
    """The same titles in the same order: the first as #, the others as ##."""
    result = run("analyze", "--model", babygpt_folder, "-o", "a.md")
    page = Path("a.md").read_text(encoding="utf-8")
    titles = re.findall(r"^(#+) (.*)$", page, flags=re.MULTILINE)
    assert [title for _, title in titles] == list(sections(result.stdout))
    assert [marks for marks, _ in titles] == ["#"] + ["##"] * (len(titles) - 1)


def test_markdown_has_the_numbers_of_the_text(run, babygpt_folder):
    """Every number of the terminal's report stands in the page as well, but for what the clock says."""
    result = run("analyze", "--model", babygpt_folder, "-o", "a.md")
    page = Path("a.md").read_text(encoding="utf-8")
    numbers = set(re.findall(r"\d+\.\d+%?", result.stdout))
    assert len(numbers) > 30
    assert numbers <= set(re.findall(r"\d+\.\d+%?", page))


def test_markdown_tables_have_one_width(run, babygpt_folder):
    """Every row has as many cells as the head, also where a token is a bar: "|" is escaped."""
    shape = ["-M", "context_length=1", "-M", "n_layer=1", "-M", "n_embd=4", "-M", "n_head=1", "--untrained"]
    run("analyze", "--model", "mingpt", "--data", "|a|*|_<b>", *shape, "-o", "a.md")
    page = Path("a.md").read_text(encoding="utf-8")
    tables = [block for block in page.split("\n\n") if block.startswith("|")]
    widths = [{len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()} for table in tables]
    assert widths
    assert all(len(width) == 1 for width in widths)


def test_files_are_noted_on_stderr_and_results_on_stdout(run, untrained_folder):
    """One note a file, in the order asked for; the report is the same as without files."""
    plain = run("analyze", "--model", untrained_folder)
    result = run("analyze", "--model", untrained_folder, "-o", "a.json", "-o", "a.md", "-o", "a.npz")
    assert result.stderr == "wrote a.json\nwrote a.md\nwrote a.npz\n"
    assert plain.stderr == ""
    cost = "What enumeration cost"
    assert result.stdout.split(cost)[0] == plain.stdout.split(cost)[0]


def test_suffix_may_be_in_capitals(run, untrained_folder):
    """``A.JSON`` is JSON."""
    run("analyze", "--model", untrained_folder, "-o", "A.JSON")
    assert _strict("A.JSON")["schema_version"] == 1
