"""What does a checkpoint file hold? Weights and settings, read without running anything that is in the file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import torch
from markovgpt import ModelLoadError
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

__all__ = ["Checkpoint", "read_checkpoint"]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Checkpoint:
    """What was in the file, names as they were.

    Attributes
    ----------
    path : Path
        The file.
    weights : dict of name to tensor
        The state dict.
    settings : dict of name to value
        ``model_args`` of the checkpoint, or the network's part of the JSON file; empty if there is neither.
    source : "nanoGPT", "minGPT" or "unknown"
        Who wrote the settings: nanoGPT keeps ``model_args``, minGPT's JSON has a ``model_type``.
    """

    path: Path
    weights: dict[str, Tensor]
    settings: dict[str, Any]
    source: str


def read_checkpoint(path: Path, *, config: Path | None = None) -> Checkpoint:
    """Read weights and settings.

    Raises
    ------
    ModelLoadError
        The file is missing, is no checkpoint, or is a pickle that would have to run code.
    """
    if not path.is_file():
        hint = f" It is a folder; give the file in it, for example {path / 'ckpt.pt'}." if path.is_dir() else ""
        raise ModelLoadError(f"There is no checkpoint file {path}.{hint}", path=str(path))
    content = _read_safetensors(path) if path.suffix == ".safetensors" else _read_torch(path)
    weights, settings, source = content, None, "unknown"
    for key in ("model", "state_dict", "model_state_dict"):
        if isinstance(content.get(key), Mapping):
            weights, settings = content[key], content.get("model_args")
            break
    if config is None and settings is None and (path.parent / "config.json").is_file():
        config = path.parent / "config.json"
    if settings is not None:
        source = "nanoGPT"
    if config is not None:
        settings = _read_settings(config)
        source = "minGPT" if "model_type" in settings else source
    if not (isinstance(weights, Mapping) and weights and all(isinstance(value, Tensor) for value in weights.values())):
        raise ModelLoadError(
            f'{path} holds no weights: expected a dict of tensors, or one of them under "model". Its keys are '
            f"{', '.join(map(repr, list(content)[:8])) or 'none'}.",
            path=str(path),
        )
    return Checkpoint(path=path, weights=dict(weights), settings=dict(settings or {}), source=source)


def _read_safetensors(path: Path) -> dict[str, Any]:
    try:
        return dict(load_file(path))
    except (OSError, SafetensorError) as error:
        raise ModelLoadError(f"{path} cannot be read as safetensors: {error}.", path=str(path)) from error


def _read_torch(path: Path) -> dict[str, Any]:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # damaged files raise anything from EOFError to KeyError
        if "weights_only" in str(error).lower() or "weights only" in str(error).lower():
            raise ModelLoadError(
                f"{path} is a pickle that holds more than weights, and reading it could run code: refused. Where you "
                'trust it, save the weights alone: torch.save({"model": model.state_dict(), "model_args": {...}}, '
                f"path). What torch says: {_first_line(error)}",
                path=str(path),
            ) from error
        raise ModelLoadError(
            f"{path} cannot be read as a torch checkpoint: {type(error).__name__}: {_first_line(error)}", path=str(path)
        ) from error
    if not isinstance(content, dict):
        raise ModelLoadError(
            f'{path} must hold a dict of weights, or {{"model": weights, "model_args": settings}}: '
            f"got {type(content).__name__}.",
            path=str(path),
        )
    return content


def _read_settings(path: Path) -> dict[str, Any]:
    """The network's settings: the whole of the JSON, or its part "model_args" or "model"."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelLoadError(f"The settings {path} cannot be read as JSON: {error}.", path=str(path)) from error
    for key in ("model_args", "model"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict):
        raise ModelLoadError(
            f'The settings {path} must be a JSON object such as {{"n_head": 4}}: got {type(content).__name__}.',
            path=str(path),
        )
    return content


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0] or "no message"
