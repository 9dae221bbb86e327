"""How is a trained model kept in a folder and read again? safetensors and JSON; nothing that can run code."""

from __future__ import annotations

import json
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file as load_arrays
from safetensors.numpy import save_file as save_arrays
from safetensors.torch import load_model as load_weights
from safetensors.torch import save_model as save_weights

from markovgpt.devices import find_device
from markovgpt.errors import ArgumentError, ModelLoadError
from markovgpt.models.gpt_model import GPTModel
from markovgpt.models.mingpt import MinGPTConfig, new_network
from markovgpt.models.training import TrainingRecord, TrainingSettings
from markovgpt.vocabulary import Vocabulary

__all__ = ["load_saved_model", "save_model"]

_FORMAT = "markovgpt model"
_VERSION = 2
_CONFIG, _WEIGHTS, _TOKENS = "config.json", "model.safetensors", "tokens.safetensors"


def save_model(model: GPTModel, folder: str | PathLike[str]) -> Path:
    """Write a model to a folder: ``config.json``, ``model.safetensors`` and, if it has any, its data.

    Returns
    -------
    Path
        The folder; ``load_model(str(folder))`` reads it.

    Raises
    ------
    ArgumentError
        The folder cannot be written, or the model is not one of the built-in kind.
    """
    path = Path(folder)
    if not isinstance(model, GPTModel):
        raise ArgumentError(f"Only built-in models can be saved: got {type(model).__name__}.")
    description = {
        "format": _FORMAT,
        "format_version": _VERSION,
        "name": model.name,
        "config": asdict(model.network.config),
        "vocabulary": {"tokens": list(model.vocabulary.tokens), "kind": model.vocabulary.kind},
        "training": None if model.training is None else asdict(model.training),
    }
    try:
        path.mkdir(parents=True, exist_ok=True)
        save_weights(model.network, str(path / _WEIGHTS))
        (path / _TOKENS).unlink(missing_ok=True)  # of a model that was saved here before
        data = {"training": model.training_tokens, "validation": model.validation_tokens}
        smallest = np.min_scalar_type(max(model.vocab_size - 1, 0))
        arrays = {name: tokens.astype(smallest) for name, tokens in data.items() if tokens is not None}
        if arrays:
            save_arrays(arrays, path / _TOKENS)
        (path / _CONFIG).write_text(json.dumps(description, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except (OSError, SafetensorError) as error:
        raise ArgumentError(f"The model cannot be saved to {path}: {error}.", path=str(path)) from error
    return path


def load_saved_model(folder: str | PathLike[str], *, device: str = "cpu") -> GPTModel:
    """Read a model that :func:`save_model` wrote, to compute on a device.

    Raises
    ------
    ArgumentError
        There is no such device.
    ModelLoadError
        A file is missing, is not of this format, or does not fit the others.
    """
    path, place = Path(folder), find_device(device)
    try:
        description: dict[str, Any] = json.loads((path / _CONFIG).read_text(encoding="utf-8"))
        if not isinstance(description, dict) or description.get("format") != _FORMAT:
            raise ModelLoadError(
                f"{path / _CONFIG} does not describe a model that markovgpt saved. For a folder of the transformers "
                f"library install markovgpt-transformers and use: --model transformers -M path={path}",
                path=str(path),
            )
        if description["format_version"] != _VERSION:
            raise ModelLoadError(
                f"{path} has format version {description['format_version']}: this markovgpt reads version {_VERSION}."
            )
        network = new_network(MinGPTConfig(**description["config"]), seed=0)
        load_weights(network, path / _WEIGHTS)
        words = description["vocabulary"]
        vocabulary = Vocabulary(tokens=tuple(words["tokens"]), kind=words["kind"])
        V = network.config.vocab_size
        if len(vocabulary) != V:
            raise ModelLoadError(f"The saved model in {path} is damaged: {len(vocabulary)} token texts for {V} tokens.")
        return GPTModel(
            name=description["name"],
            network=network.eval().to(place),
            vocabulary=vocabulary,
            **_tokens(path / _TOKENS, V),
            training=_training_record(description["training"]),
        )
    except OSError as error:
        raise ModelLoadError(
            f"No saved model in {path}: {error.strerror or error}{f' ({error.filename})' if error.filename else ''}.",
            path=str(path),
        ) from None
    except (ArgumentError, KeyError, RuntimeError, SafetensorError, TypeError, ValueError) as error:
        raise ModelLoadError(
            f"The saved model in {path} is damaged: {type(error).__name__}: {error}", path=str(path)
        ) from None  # the files are to blame, not the code that read them: no traceback for the user


def _tokens(path: Path, vocab_size: int) -> dict[str, NDArray[np.int64]]:
    """The data of the model, as far as it has any: ``training_tokens`` and ``validation_tokens``."""
    if not path.exists():
        return {}
    found: dict[str, NDArray[np.int64]] = {}
    for name, tokens in load_arrays(path).items():
        if name not in ("training", "validation"):
            raise ValueError(f"tokens named {name!r}, which is neither training nor validation")
        if tokens.size and not 0 <= tokens.min() <= tokens.max() < vocab_size:
            raise ValueError(f"{name} tokens outside 0..{vocab_size - 1}")
        found[f"{name}_tokens"] = tokens.astype(np.int64)
    return found


def _training_record(record: dict[str, Any] | None) -> TrainingRecord | None:
    if record is None:
        return None
    settings = TrainingSettings(**record["settings"])
    return TrainingRecord(**{**record, "settings": settings, "losses": tuple(record["losses"])})
