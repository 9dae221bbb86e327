"""How is the program called in these tests? In this process, in an empty folder, on models that are trained already."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import markovgpt as mg
from markovgpt.cli import main


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that a command writes or finds are those of one test."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run() -> Callable[..., Result]:
    """``run("analyze", "--untrained", stdin=b"...")``: an exception that the program does not catch is the test's."""

    def call(*arguments: object, stdin: bytes | None = None) -> Result:
        words = [str(argument) for argument in arguments]
        return CliRunner().invoke(main, words, input=stdin, prog_name="markovgpt", catch_exceptions=False)

    return call


@pytest.fixture
def refused(run: Callable[..., Result]) -> Callable[..., str]:
    """``refused("analyze", ..., code=2)``: one message on stderr, returned; nothing on stdout, no traceback."""

    def call(*arguments: object, code: int = 2, stdin: bytes | None = None) -> str:
        result = run(*arguments, stdin=stdin)
        assert result.exit_code == code, result.output
        assert result.stdout == ""
        assert "Traceback" not in result.stderr
        *usage, last = result.stderr.splitlines()
        assert usage == [] or usage[0].startswith("Usage: ")
        assert not any("Error: " in line for line in usage)
        assert last.startswith("Error: ")
        return last.removeprefix("Error: ")

    return call


@pytest.fixture
def environment() -> dict[str, str]:
    """That of the tests, for processes in which nothing forces or forbids colours."""
    colours = ("FORCE_COLOR", "NO_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE", "TTY_INTERACTIVE")
    kept = {name: value for name, value in os.environ.items() if name not in colours}
    return kept | {"TERM": "xterm-256color", "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="session")
def untrained_folder(untrained: mg.LanguageModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """babygpt before its first step, saved."""
    return mg.save_model(untrained, tmp_path_factory.mktemp("saved") / "untrained")


@pytest.fixture(scope="session")
def babygpt_folder(babygpt: mg.LanguageModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """babygpt after the notebook's 50 steps, saved."""
    return mg.save_model(babygpt, tmp_path_factory.mktemp("saved") / "trained")
