"""What do ``markovgpt models``, ``--version``, ``--help`` and ``completion`` say?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import markovgpt as mg


def test_models_lists_what_is_built_in(run):
    """babygpt with its sizes; the others without, since they are the user's choice."""
    result = run("models")
    lines = {line.split()[0]: line.split() for line in result.stdout.splitlines() if line.strip()}
    assert result.exit_code == 0
    assert result.stderr == ""
    assert lines["babygpt"][1:6] == ["built", "in", "2", "3", "12,656"]
    assert lines["mingpt"][1:6] == ["built", "in", "·", "·", "·"]
    assert lines["ngram"][1:6] == ["built", "in", "·", "·", "·"]


def test_models_json_is_for_programs(run):
    """A list of records with the same names as the library's."""
    found = json.loads(run("models", "--json").stdout)
    assert [entry["name"] for entry in found][:3] == ["babygpt", "mingpt", "ngram"]
    assert found[0] | {"description": ""} == {
        "name": "babygpt",
        "source": "built in",
        "description": "",
        "vocab_size": 2,
        "context_length": 3,
        "n_parameters": 12_656,
    }
    assert [entry["name"] for entry in found] == [entry.name for entry in mg.list_models()]


def test_models_lists_those_of_the_project(run):
    """``[tool.markovgpt.models]`` of the folder, with the file that names them."""
    Path("pyproject.toml").write_text('[tool.markovgpt.models]\ntiny = "babygpt"\n', encoding="utf-8")
    entry = next(entry for entry in json.loads(run("models", "--json").stdout) if entry["name"] == "tiny")
    assert entry["source"].endswith("pyproject.toml")
    assert entry["description"] == "babygpt"


def test_models_that_are_listed_have_the_sizes_that_they_say(untrained):
    """The listing is written by hand: it must agree with the model."""
    entry = next(entry for entry in mg.list_models() if entry.name == "babygpt")
    sizes = (entry.vocab_size, entry.context_length, entry.n_parameters)
    assert sizes == (untrained.vocab_size, untrained.context_length, untrained.n_parameters)


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version_is_that_of_the_package(run, option):
    """One line, for bug reports."""
    assert run(option).stdout == f"markovgpt, version {mg.__version__}\n"


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_lists_every_command(run, option):
    """And how to begin."""
    result = run(option)
    assert result.exit_code == 0
    assert "markovgpt analyze --model babygpt" in result.stdout
    for command in ("analyze", "draw", "states", "models", "plugins", "new", "completion"):
        assert f"\n  {command} " in result.stdout


@pytest.mark.parametrize("command", ["analyze", "draw", "states", "models", "plugins", "new", "completion"])
def test_help_of_a_command_is_shown(run, command):
    """The usage line names the command."""
    result = run(command, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: markovgpt {command} ")


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_completion_prints_a_script(run, shell):
    """It calls the program back with the variable of its name."""
    result = run("completion", shell)
    assert result.exit_code == 0
    assert "_MARKOVGPT_COMPLETE" in result.stdout


def test_completion_refuses_an_unknown_shell(refused):
    """The three that there are stand in the message."""
    message = refused("completion", "tcsh")
    assert all(word in message for word in ("'tcsh'", "bash", "zsh", "fish"))
