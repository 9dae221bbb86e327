"""How are configuration, tokenizer and weights read, and what is wrong when transformers cannot?"""

from __future__ import annotations

import pickle
import warnings
from importlib.util import find_spec
from typing import Any, Literal

import torch
import transformers
from markovgpt import ModelLoadError, find_device

from markovgpt_transformers.quiet import quiet
from markovgpt_transformers.source import Source

__all__ = ["DType", "read_config", "read_network", "read_tokenizer"]

DType = Literal["float32", "float64", "bfloat16", "float16"]


def read_config(source: Source, *, trust_remote_code: bool) -> Any:
    """The configuration.

    Raises
    ------
    ModelLoadError
        A package is missing, the architecture is not known, or it is no causal language model.
    """
    if source.weights == "gguf":
        _need_gguf(source)
    try:
        with quiet():
            config = transformers.AutoConfig.from_pretrained(**_where(source), trust_remote_code=trust_remote_code)
    except Exception as error:
        raise _translated(source, "configuration", error) from error
    known = type(config) in transformers.AutoModelForCausalLM._model_mapping
    if getattr(config, "is_encoder_decoder", False) or not (known or trust_remote_code):
        raise ModelLoadError(
            f"{source.path} is no causal language model: transformers has no text generator of one stream for "
            f"{type(config).__name__}. A Markov chain needs one that reads from left to right, like GPT-2 or Llama.",
            path=str(source.path),
            config=type(config).__name__,
        )
    return config


def read_tokenizer(source: Source, *, trust_remote_code: bool) -> Any | None:
    """The tokenizer, or None where there are no files of one.

    Raises
    ------
    ModelLoadError
        There are files, but no tokenizer can be made of them.
    """
    if not source.has_tokenizer:
        return None
    try:
        with quiet():
            return transformers.AutoTokenizer.from_pretrained(**_where(source), trust_remote_code=trust_remote_code)
    except Exception as error:
        failure = _translated(source, "tokenizer", error)
        raise ModelLoadError(f"{failure} To number the tokens instead: tokenizer=False.", **failure.facts) from error


def read_network(source: Source, config: Any, *, device: str, dtype: DType, trust_remote_code: bool) -> Any:
    """The network with its weights, in evaluation mode.

    Pickled weights are read by torch's restricted unpickler (``weights_only``), which runs no code.

    Raises
    ------
    ModelLoadError
        The weights cannot be read, would have to run code, or do not fit the configuration.
    ArgumentError
        There is no such device.
    """
    place = find_device(device)
    try:
        with quiet():
            network, found = transformers.AutoModelForCausalLM.from_pretrained(
                **_where(source),
                config=config,
                dtype=getattr(torch, dtype),
                use_safetensors=source.weights == "safetensors",
                weights_only=True,
                ignore_mismatched_sizes=True,  # reported below, with both shapes
                output_loading_info=True,
                trust_remote_code=trust_remote_code,
            )
    except Exception as error:
        raise _translated(source, "weights", error) from error
    _check_weights(source, found)
    return network.to(place).eval()


def _where(source: Source) -> dict[str, Any]:
    where: dict[str, Any] = {"pretrained_model_name_or_path": str(source.folder), "local_files_only": True}
    return where if source.gguf_file is None else {**where, "gguf_file": source.gguf_file}


def _check_weights(source: Source, found: dict[str, Any]) -> None:
    """Refuse what transformers lets pass: it fills missing weights with random numbers and goes on."""
    wrong = [
        *(f"{name} is missing" for name in sorted(found["missing_keys"])),
        *(f"{name} is {tuple(got)}, expected {tuple(want)}" for name, got, want in sorted(found["mismatched_keys"])),
    ]
    if wrong:
        more = f", and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise ModelLoadError(
            f"The weights in {source.path} do not fit its configuration: {'; '.join(wrong[:3])}{more}. "
            "Check that the files belong together and were written by the same model.",
            path=str(source.path),
            wrong=wrong,
        )
    if unused := sorted(found["unexpected_keys"]):
        warnings.warn(
            f"{len(unused)} weights in {source.path} have no place in the network and are not used, first {unused[0]}.",
            stacklevel=4,
        )


def _need_gguf(source: Source) -> None:
    missing = [package for package in ("gguf", "accelerate") if find_spec(package) is None]
    if missing:
        raise ModelLoadError(
            f"{source.path} is a GGUF file; reading it needs {' and '.join(missing)}: "
            "pip install 'markovgpt-transformers[gguf]'",
            path=str(source.path),
            missing=missing,
        )


def _translated(source: Source, what: str, error: Exception) -> ModelLoadError:
    said = " ".join(str(error).split())
    place = str(source.path)
    if isinstance(error, pickle.UnpicklingError):
        return ModelLoadError(
            f"The pickled weights in {place} hold more than tensors, and would have to run code: they are not read. "
            "If you trust them, load them elsewhere and save them with save_pretrained, which writes .safetensors.",
            path=place,
        )
    if "trust_remote_code" in said:
        return ModelLoadError(
            f"{place} brings Python code of its own, which would be run. If you trust it: trust_remote_code=True "
            "(-M trust_remote_code=true).",
            path=place,
        )
    if source.weights == "gguf" and "not supported yet" in said:
        return ModelLoadError(
            f"{place} cannot be read by transformers {transformers.__version__}: {said} Known are "
            f"{', '.join(_gguf_architectures())}.",
            path=place,
        )
    return ModelLoadError(
        f"The {what} in {place} cannot be read by transformers {transformers.__version__}: "
        f"{type(error).__name__}: {said[:300]}",
        path=place,
    )


def _gguf_architectures() -> list[str]:
    from transformers.modeling_gguf_pytorch_utils import GGUF_SUPPORTED_ARCHITECTURES

    return sorted(GGUF_SUPPORTED_ARCHITECTURES)
