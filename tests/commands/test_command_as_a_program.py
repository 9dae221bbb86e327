"""What only a process of its own can show: what is imported, where the streams go, and signals."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from processes import PROGRAM, on_a_terminal

import markovgpt as mg

HEAVY = ("torch", "scipy", "numpy", "matplotlib", "rich", "graphviz", "pygraphviz", "safetensors")


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["analyze"],
        ["structure"],
        ["stationary"],
        ["draw"],
        ["states"],
        ["models"],
        ["plugins"],
        ["new", "plugin"],
        ["completion"],
    ],
    ids=lambda words: " ".join(words) or "markovgpt",
)
def test_help_imports_nothing_heavy(words, environment):
    """Building and printing the help of a command leaves torch, numpy and the rest alone: it is there at once."""
    code = (
        "import sys\nfrom markovgpt.cli import main\n"
        f"main([*{words!r}, '--help'], standalone_mode=False)\n"
        f"print(*(name for name in {HEAVY!r} if name in sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert "Usage: " in done.stdout
    assert done.stderr == "\n"


def test_version_is_printed_by_the_module(environment):
    """``python -m markovgpt``, under the name of the program."""
    done = subprocess.run([*PROGRAM, "--version"], capture_output=True, text=True, env=environment, check=True)
    assert (done.stdout, done.stderr) == (f"markovgpt, version {mg.__version__}\n", "")


@pytest.fixture
def analysis(tmp_path):
    """``markovgpt analyze`` of a table: a short analysis, which does without torch."""
    code = "import markovgpt as mg\nweather = mg.from_matrix([[0.9, 0.1], [0.3, 0.7]], name='weather')\n"
    (tmp_path / "models.py").write_text(code, encoding="utf-8")
    return ["analyze", "--model", "models.py:weather"]


def test_output_to_a_pipe_has_no_colours_and_no_progress(environment, analysis):
    """Not one escape character in what a file or another program gets; nothing on stderr."""
    done = subprocess.run([*PROGRAM, *analysis], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.startswith("weather as a Markov chain\n")
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


def test_usage_error_of_a_process_is_exit_code_2(environment):
    """Its message on stderr, nothing on stdout."""
    done = subprocess.run([*PROGRAM, "analyze", "--top-k", "0"], capture_output=True, text=True, env=environment)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "Error: top_k must be a whole number of at least 1: got 0.\n"


def test_ctrl_c_in_training_saves_what_was_learned(environment, tmp_path):
    """SIGINT while the bar moves: exit code 130, the message on the terminal, the model in its folder."""
    words = ["analyze", "--steps", "1000000", "--save-model", "kept"]
    code, stdout, shown = on_a_terminal(words, environment, interrupt_at="training")
    assert (code, stdout) == (130, "")
    said = " ".join(shown.split())
    assert "Training of babygpt was interrupted after" in said
    assert "of 1000000 steps. What it learned was saved to kept." in said
    assert mg.load_model(str(tmp_path / "kept")).training.interrupted


def test_report_can_be_read_halfway(environment, analysis):
    """``markovgpt analyze | head -1``: the reader goes away, and the program does not complain."""
    words = [*PROGRAM, *analysis]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


def test_short_analysis_shows_no_progress_on_a_terminal(environment, analysis, tmp_path):
    """A bar that comes and goes within a second is noise: stderr has the note on the file, and no more."""
    code, stdout, shown = on_a_terminal([*analysis, "-o", "a.json"], environment)
    assert code == 0
    assert stdout.startswith("weather as a Markov chain\n")
    assert shown.strip() == "wrote a.json"
    assert Path(tmp_path / "a.json").is_file()
