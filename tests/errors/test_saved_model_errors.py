"""Folders that hold no saved model, or a damaged one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

import markovgpt as mg
from markovgpt import ArgumentError, ModelLoadError
from markovgpt.models.gpt_model import GPTModel


@pytest.fixture
def folder(tmp_path: Path, untrained: GPTModel) -> Path:
    """A saved model, to be spoiled."""
    return mg.save_model(untrained, tmp_path / "model")


def _edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    description = json.loads(path.read_text(encoding="utf-8"))
    change(description)
    path.write_text(json.dumps(description), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(
            lambda d: d.update(format="another"), "does not describe a model that markovgpt saved", id="foreign"
        ),
        pytest.param(lambda d: d.pop("format"), "does not describe a model that markovgpt saved", id="no format"),
        pytest.param(
            lambda d: d.update(format_version=99), "format version 99: this markovgpt reads version 2", id="newer"
        ),
        pytest.param(lambda d: d.pop("config"), "is damaged: KeyError: 'config'", id="no shape"),
        pytest.param(lambda d: d["config"].update(n_layer=0), "is damaged: ArgumentError: n_layer", id="no layers"),
        pytest.param(lambda d: d["config"].update(depth=2), "is damaged: TypeError: .*depth", id="unknown setting"),
        pytest.param(
            lambda d: d["config"].update(n_layer=2), "is damaged: RuntimeError", id="fewer layers than weights"
        ),
        pytest.param(
            lambda d: d["vocabulary"]["tokens"].append("2"), "is damaged: 3 token texts for 2 tokens", id="texts"
        ),
        pytest.param(
            lambda d: d["vocabulary"].update(tokens=["0", "0"]), "is damaged: ArgumentError: Every", id="twice"
        ),
        pytest.param(lambda d: d.update(training={"loss": 1}), "is damaged: KeyError: 'settings'", id="record"),
    ],
)
def test_load_model_refuses_a_spoiled_description(
    folder: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    """The folder is named, and what does not fit."""
    _edit(folder / "config.json", change)
    with pytest.raises(ModelLoadError, match=message) as caught:
        mg.load_model(str(folder))
    assert str(folder) in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"{", "is damaged: JSONDecodeError", id="cut off"),
        pytest.param(b"[]", "does not describe a model that markovgpt saved", id="a list"),
        pytest.param(b"\xff\xfe", "is damaged: UnicodeDecodeError", id="no text"),
    ],
)
def test_load_model_refuses_a_description_that_is_no_json(folder: Path, content: bytes, message: str) -> None:
    """What Python's json says is part of the message."""
    (folder / "config.json").write_bytes(content)
    with pytest.raises(ModelLoadError, match=message):
        mg.load_model(str(folder))


def test_load_model_refuses_a_folder_without_weights(folder: Path) -> None:
    """The missing file is named."""
    (folder / "model.safetensors").unlink()
    with pytest.raises(
        ModelLoadError, match=rf"No saved model in {folder}: No such file .*model\.safetensors\.$"
    ) as caught:
        mg.load_model(str(folder))
    assert caught.value.facts == {"path": str(folder)}


def test_load_model_refuses_weights_that_are_cut_off(folder: Path) -> None:
    """Half a file."""
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelLoadError, match=f"The saved model in {folder} is damaged: "):
        mg.load_model(str(folder))


def test_load_model_refuses_training_tokens_outside_the_vocabulary(folder: Path) -> None:
    """A token 2 where there are two tokens."""
    save_file({"training": np.array([0, 1, 2], dtype=np.uint8)}, folder / "tokens.safetensors")
    with pytest.raises(ModelLoadError, match=r"is damaged: ValueError: training tokens outside 0\.\.1"):
        mg.load_model(str(folder))


def test_load_model_refuses_tokens_of_another_name(folder: Path) -> None:
    """The file is there, the array is not."""
    save_file({"words": np.array([0, 1])}, folder / "tokens.safetensors")
    with pytest.raises(
        ModelLoadError, match="is damaged: ValueError: tokens named 'words', which is neither training nor validation"
    ):
        mg.load_model(str(folder))


def test_save_model_refuses_a_place_that_cannot_be_written(tmp_path: Path, untrained: GPTModel) -> None:
    """A file stands where the folder should be."""
    place = tmp_path / "taken"
    place.touch()
    with pytest.raises(ArgumentError, match=f"The model cannot be saved to {place}: .*File exists") as caught:
        mg.save_model(untrained, place)
    assert caught.value.facts == {"path": str(place)}


def test_save_model_refuses_a_model_of_another_kind(tmp_path: Path) -> None:
    """Only built-in models have a format."""
    with pytest.raises(ArgumentError, match="Only built-in models can be saved: got SimpleNamespace"):
        mg.save_model(SimpleNamespace(name="mine"), tmp_path)  # type: ignore[arg-type]
