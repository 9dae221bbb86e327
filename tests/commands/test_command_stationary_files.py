"""What does ``markovgpt stationary -o`` write?"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from report_text import sections

import markovgpt as mg


def written(run, *arguments):
    """The JSON document, by the letter: no NaN, no Infinity."""

    def refuse(name):
        raise AssertionError(f"JSON has no {name}")

    assert run("stationary", *arguments, "-o", "a.json").exit_code == 0
    return json.loads(Path("a.json").read_text(encoding="utf-8"), parse_constant=refuse)


def test_json_is_that_of_the_library(run, babygpt_folder, babygpt_chain):
    """Every field of the distribution, its chain, and what was asked for."""
    found = written(run, "--model", babygpt_folder, "--tol", 1e-9)
    pi = mg.stationary_distribution(babygpt_chain)
    (law,) = found["stationary"]
    assert law["probabilities"] == pi.probabilities.tolist()
    for name in ("period", "residual", "error_bound", "relative_error", "certified", "method", "interrupted"):
        assert law[name] == getattr(pi, name)
    assert law["states"] == list(range(8))
    assert (law["extended_digits"], law["extended_relative_error"]) == (None, None)
    assert law["entropy_rate_bits"] == mg.entropy_rate(babygpt_chain, pi)
    assert found["fingerprint"] == babygpt_chain.fingerprint
    assert (found["schema_version"], found["certified"], found["interrupted"]) == (1, True, False)
    assert (found["options"]["tolerance"], found["options"]["extended"]) == (1e-9, False)
    assert (found["model"]["name"], found["states"]["n_states"], found["states"]["n_classes"]) == ("babygpt", 8, 1)


def test_json_has_the_extended_digits_as_texts(run, babygpt_folder, babygpt_chain):
    """At least 25 of them, the double is what they round to, and their error is far below that of a double."""
    found = written(run, "--model", babygpt_folder, "--extended")["stationary"][0]
    pi = mg.stationary_distribution(babygpt_chain, extended=True)
    assert found["extended_digits"] == [pi.extended.digits(s) for s in range(8)]
    assert [float(Decimal(text)) for text in found["extended_digits"]] == found["probabilities"]
    assert found["extended_relative_error"] == pi.extended.relative_error < 1e-25 < found["relative_error"]


def test_json_has_null_for_what_is_not_proven(run):
    """Two sticky tokens in 8,192 states."""
    Path("models.py").write_text(
        "import numpy as np, markovgpt as mg\n"
        "def sticky():\n"
        "    law = np.log([[1 - 1e-16, 1e-300], [1e-300, 1 - 1e-16]])\n"
        "    return mg.from_callable(lambda c: law[c[:, -1]], vocab_size=2, context_length=13)\n",
        encoding="utf-8",
    )
    found = written(run, "--model", "models.py:sticky")
    (law,) = found["stationary"]
    assert (law["error_bound"], law["relative_error"], law["certified"], found["certified"]) == (
        None,
        None,
        False,
        False,
    )


def test_json_has_a_record_for_each_class_and_each_start(run):
    """Two states that keep what they get; 1/4 and 3/4 from 1."""
    Path("models.py").write_text(
        "import markovgpt as mg\n"
        "def two_sinks():\n    return mg.from_matrix([[1, 0, 0], [0.25, 0, 0.75], [0, 0, 1]])\n",
        encoding="utf-8",
    )
    found = written(run, "--model", "models.py:two_sinks", "--start", "1")
    assert [(law["states"], law["probabilities"]) for law in found["stationary"]] == [([0], [1.0]), ([2], [1.0])]
    (ends,) = found["absorption"]
    assert ends["start"] == "1"
    assert ends["probabilities"] == pytest.approx([0.25, 0.75], rel=1e-14)
    assert found["states"]["n_transient_states"] == 1


def test_npz_holds_the_arrays_of_the_library(run, babygpt_folder, babygpt_chain):
    """Loadable without pickles."""
    run("stationary", "--model", babygpt_folder, "-o", "a.npz")
    pi = mg.stationary_distribution(babygpt_chain)
    with np.load("a.npz", allow_pickle=False) as found:
        np.testing.assert_array_equal(found["stationary"], pi.probabilities[None])
        assert found["error_bounds"].tolist() == [pi.error_bound]
        assert found["relative_errors"].tolist() == [pi.relative_error]
        assert found["labels"].tolist() == [f"{n:03b}" for n in range(8)]


def test_markdown_has_the_sections_and_the_digits_of_the_text(run, babygpt_folder):
    """Every cell of the table."""
    result = run("stationary", "--model", babygpt_folder, "-o", "a.md")
    page = Path("a.md").read_text(encoding="utf-8")
    for title, lines in sections(result.stdout).items():
        assert f"# {title}\n" in page
        for line in lines:
            if line.split()[0].isdigit():
                assert "|".join(line.split()) in page


def test_markdown_has_the_doubt_above_the_table(run, monkeypatch, babygpt_folder):
    """In bold, right below the heading."""
    from markovgpt.analysis import stationary

    monkeypatch.setattr(stationary, "CERTIFIED_BOUND", 0.0)
    run("stationary", "--model", babygpt_folder, "-o", "a.md")
    page = Path("a.md").read_text(encoding="utf-8")
    assert "spends its time\n\n**NOT certified: only a total error (L1) of at most" in page
    assert page.index("NOT certified") < page.index("|state|")
