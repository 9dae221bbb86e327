"""How is a recurrent model kept? ``recurrent.json`` and ``recurrent.safetensors`` in a folder; neither can run code."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from markovgpt import ArgumentError, ModelLoadError, Vocabulary
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from markovgpt_recurrent.network import RecurrentConfig, RecurrentNetwork, config_of

__all__ = ["load_recurrent", "save_recurrent"]

_FORMAT, _VERSION = "markovgpt recurrent model", 1
_CONFIG, _WEIGHTS = "recurrent.json", "recurrent.safetensors"


def save_recurrent(
    folder: str | PathLike[str],
    *,
    embedding: nn.Embedding,
    rnn: nn.LSTM | nn.GRU,
    head: nn.Linear,
    tokens: Sequence[str] | None = None,
) -> Path:
    """Write the three parts of a trained model to a folder that ``--model recurrent -M path=FOLDER`` reads.

    Parameters
    ----------
    folder : path
        Made if need be.
    embedding, rnn, head : torch modules
        V tokens to E numbers; an LSTM or GRU of any depth; H numbers to V logits. Dropout is not kept.
    tokens : V texts, optional
        What the tokens look like.

    Raises
    ------
    ArgumentError
        The parts do not fit together, the number of texts is not V, or the folder cannot be written.
    """
    config = config_of(embedding, rnn, head)
    if tokens is not None:
        _check_tokens(tokens, config)
    description = {
        "format": _FORMAT,
        "format_version": _VERSION,
        "config": asdict(config),
        "tokens": None if tokens is None else list(tokens),
    }
    weights = {
        f"{part}.{name}": tensor.detach().cpu().contiguous().clone()  # a matrix that two parts share is written twice
        for part, module in (("embedding", embedding), ("rnn", rnn), ("head", head))
        for name, tensor in module.state_dict().items()
    }
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
        save_file(weights, path / _WEIGHTS)
        (path / _CONFIG).write_text(json.dumps(description, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except (OSError, SafetensorError) as error:
        raise ArgumentError(f"The model cannot be saved to {path}: {error}.", path=str(path)) from error
    return path


def load_recurrent(folder: Path) -> tuple[RecurrentNetwork, Vocabulary]:
    """The network, in evaluation mode, and its tokens.

    Raises
    ------
    ModelLoadError
        A file is missing, is not of this format, or does not fit the other.
    """
    try:
        description: Any = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
        if not isinstance(description, dict) or description.get("format") != _FORMAT:
            raise ModelLoadError(f"{folder / _CONFIG} does not describe a recurrent model.", path=str(folder))
        if description["format_version"] != _VERSION:
            raise ModelLoadError(
                f"{folder} has format version {description['format_version']}: this markovgpt-recurrent reads version "
                f"{_VERSION}.",
                path=str(folder),
            )
        config = RecurrentConfig(**description["config"])
        tokens = description["tokens"]
        if tokens is not None:
            _check_tokens(tokens, config)
        weights = load_file(folder / _WEIGHTS)
    except OSError as error:
        raise ModelLoadError(
            f"No recurrent model in {folder}: {error.strerror or error} ({error.filename}). Its files are {_CONFIG} "
            f"and {_WEIGHTS}; markovgpt_recurrent.save_recurrent writes them.",
            path=str(folder),
        ) from error
    except (ArgumentError, KeyError, SafetensorError, TypeError, ValueError) as error:
        raise ModelLoadError(
            f"The recurrent model in {folder} is damaged: {type(error).__name__}: {error}", path=str(folder)
        ) from error
    vocabulary = Vocabulary.numbered(config.vocab_size) if tokens is None else Vocabulary(tokens=tuple(tokens))
    return _network(config, weights, folder), vocabulary


def _network(config: RecurrentConfig, weights: dict[str, Tensor], folder: Path) -> RecurrentNetwork:
    with torch.device("meta"):  # shapes only: no memory, no random numbers drawn
        network = RecurrentNetwork(config)
    expected = {name: tuple(parameter.shape) for name, parameter in network.state_dict().items()}
    got = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    wrong = [
        f"{name} is {got.get(name, 'missing')}, expected {expected.get(name, 'no such weight')}"
        for name in sorted(expected.keys() | got.keys())
        if expected.get(name) != got.get(name)
    ]
    if wrong:
        raise ModelLoadError(
            f"The weights in {folder / _WEIGHTS} do not fit {_CONFIG}: {'; '.join(wrong[:3])}"
            f"{f', and {len(wrong) - 3} more' if len(wrong) > 3 else ''}.",
            wrong=wrong,
        )
    network.load_state_dict({name: tensor.to(torch.float32) for name, tensor in weights.items()}, assign=True)
    return network.eval()


def _check_tokens(tokens: Sequence[str], config: RecurrentConfig) -> None:
    if len(tokens) != config.vocab_size or not all(isinstance(text, str) for text in tokens):
        raise ArgumentError(
            f"tokens must be {config.vocab_size} texts, one a token: got {len(tokens)}.", tokens=len(tokens)
        )
    Vocabulary(tokens=tuple(tokens))  # refuses a text that stands for two tokens
