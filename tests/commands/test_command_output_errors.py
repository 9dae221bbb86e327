"""What becomes of an analysis whose files cannot all be written?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.fixture
def result(run, untrained_folder):
    """One place that exists, two that do not, in the middle of the others."""
    Path("file").write_text("", encoding="utf-8")
    places = ["a.json", "nowhere/b.json", "file/c.md", "d.npz"]
    return run("analyze", "--model", untrained_folder, *(word for place in places for word in ("-o", place)))


def test_file_that_cannot_be_written_is_exit_code_2(result):
    """A finished analysis is not a success if it is not where it was wanted."""
    assert result.exit_code == 2


def test_file_that_cannot_be_written_does_not_lose_the_report(result):
    """It is printed first, and whole."""
    assert result.stdout.startswith("babygpt as a Markov chain")
    assert "What enumeration cost" in result.stdout


def test_file_that_cannot_be_written_does_not_lose_the_other_files(result):
    """The one before it and the one after it."""
    assert json.loads(Path("a.json").read_text(encoding="utf-8"))["schema_version"] == 1
    assert Path("d.npz").stat().st_size > 0


def test_files_that_cannot_be_written_are_named_in_one_message(result):
    """With the reason of the system each; the others are noted."""
    *notes, last = result.stderr.splitlines()
    assert notes == ["wrote a.json", "wrote d.npz"]
    assert last == (
        "Error: nowhere/b.json could not be written: No such file or directory. "
        "file/c.md could not be written: Not a directory."
    )


def test_folder_is_no_file_to_write(run, untrained_folder):
    """``-o FOLDER.json`` where that is a folder."""
    Path("there.json").mkdir()
    result = run("analyze", "--model", untrained_folder, "-o", "there.json")
    assert result.exit_code == 2
    assert result.stderr == "Error: there.json could not be written: Is a directory.\n"


def test_file_that_is_there_is_written_anew(run, untrained_folder):
    """No part of the old text is left."""
    Path("a.md").write_text("old" * 10_000, encoding="utf-8")
    run("analyze", "--model", untrained_folder, "-o", "a.md")
    assert "old" not in Path("a.md").read_text(encoding="utf-8").replace("threshold", "")


def test_analysis_of_a_model_that_fails_writes_nothing(run):
    """Files are opened when there is something to write."""
    Path("bad.py").write_text(
        "import markovgpt as mg\n"
        "def bad():\n    return mg.from_callable(lambda c: None, vocab_size=2, context_length=1)\n",
        encoding="utf-8",
    )
    assert run("analyze", "--model", "bad.py:bad", "-o", "a.json").exit_code == 3
    assert not Path("a.json").exists()
