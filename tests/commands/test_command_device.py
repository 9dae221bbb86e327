"""Does ``--device`` reach the model, and is it refused where it cannot be had?"""

from __future__ import annotations

import pytest

FACTORY = """
import numpy as np
import markovgpt as mg

def where(*, device: str = "cpu"):
    return mg.from_callable(lambda c: np.zeros((len(c), 2)), vocab_size=2, context_length=2, name=f"on {device}")
"""


@pytest.fixture
def models(tmp_path, monkeypatch):
    """A model that is called by its device."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models.py").write_text(FACTORY, encoding="utf-8")
    return "models.py:where"


@pytest.mark.parametrize("command", ["analyze", "stationary", "structure", "compare"])
def test_device_is_an_option_of_the_model(run, models, command):
    """The factory gets it."""
    data = ["--data", "0110"] if command == "compare" else []
    done = run(command, "--model", models, "--device", "cpu:0", *data)
    assert done.exit_code == 0
    assert "on cpu:0" in done.stdout


def test_device_that_is_not_here_is_refused(refused):
    """By its name, before anything is trained."""
    message = refused("analyze", "--device", "cuda:99", "--steps", 10**9)
    assert message.startswith("The device 'cuda:99' cannot be used here: ")


def test_device_is_given_once(refused):
    """As an option of its own, or with -M."""
    message = refused("analyze", "--device", "cpu", "-M", "device=cuda")
    assert message == "device is given twice: --device cpu and -M device=cuda."


def test_model_without_a_device_refuses_one(refused):
    """n-gram laws are no network."""
    message = refused("analyze", "--model", "ngram", "--data", "0110", "--device", "cuda")
    assert message.startswith("The model ngram has no option 'device'.")


def test_saved_model_takes_a_device_and_nothing_else(run, refused, tmp_path):
    """It is trained already."""
    folder = str(tmp_path / "saved")
    assert run("analyze", "--steps", 1, "--save-model", folder).exit_code == 0
    assert run("analyze", "--model", folder, "--device", "cpu").exit_code == 0
    assert refused("analyze", "--model", folder, "--device", "warp").startswith("The device 'warp' cannot be")
    message = refused("analyze", "--model", folder, "--steps", 3)
    assert message == f"The model {folder} has no option 'steps'. It takes device."
