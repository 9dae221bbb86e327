"""What shape has the network? The weights say most of it, the settings the rest, and both must agree."""

from __future__ import annotations

from typing import Any, Literal

from markovgpt import ArgumentError, ModelLoadError
from markovgpt.models.mingpt import MinGPTConfig
from torch import Tensor

from markovgpt_nanogpt.reading import Checkpoint

__all__ = ["config_of"]

_HARMLESS = frozenset({"dropout", "embd_pdrop", "resid_pdrop", "attn_pdrop", "model_type"})
"""Settings that change nothing about a network in evaluation mode."""

_HEADS = {  # of minGPT's model types; layers and widths are seen in the weights
    "openai-gpt": 12,
    "gpt2": 12,
    "gpt2-medium": 16,
    "gpt2-large": 20,
    "gpt2-xl": 25,
    "gopher-44m": 16,
    "gpt-mini": 6,
    "gpt-micro": 4,
    "gpt-nano": 3,
}


def config_of(
    checkpoint: Checkpoint,
    weights: dict[str, Tensor],
    *,
    context_length: int | None,
    n_head: int | None,
    gelu: Literal["exact", "tanh"] | None,
) -> MinGPTConfig:
    """The configuration of markovgpt's GPT that computes the same.

    Raises
    ------
    ModelLoadError
        Weights and settings disagree, or a setting asks for something that this network does not have.
    ArgumentError
        ``context_length`` is larger than the position table, or an option is needed that was not given.
    """
    vocab_size, n_embd = weights["wte.weight"].shape
    block_size = weights["wpe.weight"].shape[0]
    n_layer = len({name.split(".")[1] for name in weights if name.startswith("h.")})
    seen = {
        "vocab_size": vocab_size,
        "block_size": block_size,
        "n_layer": n_layer,
        "n_embd": n_embd,
        "bias": any(name.startswith("h.") and name.endswith("c_attn.bias") for name in weights),
    }
    _check_agreement(checkpoint, seen)
    if context_length is not None and not (1 <= context_length <= block_size):
        raise ArgumentError(
            f"context_length must be from 1 to the block_size of the checkpoint, {block_size} positions: "
            f"got {context_length}.",
            context_length=context_length,
            block_size=block_size,
        )
    return MinGPTConfig(
        vocab_size=vocab_size,
        context_length=block_size if context_length is None else context_length,
        n_layer=n_layer,
        n_head=_heads(checkpoint, n_head),
        n_embd=n_embd,
        bias=bool(seen["bias"]),
        gelu=_gelu(checkpoint) if gelu is None else gelu,
    )


def _check_agreement(checkpoint: Checkpoint, seen: dict[str, Any]) -> None:
    settings = {key: value for key, value in checkpoint.settings.items() if value is not None}
    for key, value in seen.items():
        if settings.get(key, value) != value:
            raise ModelLoadError(
                f"Weights and settings of {checkpoint.path} disagree about {key}: the weights have {value}, the "
                f"settings say {settings[key]}.",
                setting=key,
                weights=value,
                settings=settings[key],
            )
    for key in settings.keys() - seen.keys() - _HARMLESS - {"n_head", "gelu"}:
        if settings[key] is not False:  # a switch that a fork of nanoGPT added, and that is off
            raise ModelLoadError(
                f"The settings of {checkpoint.path} have {key}={settings[key]!r}, which nanoGPT and minGPT do not "
                "know. It may change what the network computes, so it is not ignored. If it does not, remove it from "
                "the settings; if it does, pass the module to markovgpt.from_module.",
                setting=key,
            )


def _heads(checkpoint: Checkpoint, option: int | None) -> int:
    settings = checkpoint.settings
    stated = settings.get("n_head") or _HEADS.get(str(settings.get("model_type")))
    if option is None and stated is None:
        raise ArgumentError(
            f"The weights of {checkpoint.path} do not show how many attention heads they belong to, and there are no "
            "settings that say it: give n_head (-M n_head=4), or the settings as JSON (-M config=FILE.json)."
        )
    if option is not None and stated is not None and option != stated:
        raise ArgumentError(
            f"The settings of {checkpoint.path} say n_head={stated}: got n_head={option}. Leave the option out.",
            n_head=option,
            stated=stated,
        )
    return int(option or stated or 0)


def _gelu(checkpoint: Checkpoint) -> Literal["exact", "tanh"]:
    stated: Literal["exact", "tanh"] | None = checkpoint.settings.get("gelu")
    if stated is not None:
        return stated
    if checkpoint.source == "nanoGPT" or any("tok_emb." in name for name in checkpoint.weights):  # minGPT of 2020
        return "exact"
    if checkpoint.source == "minGPT":
        return "tanh"
    raise ArgumentError(
        f"The weights of {checkpoint.path} do not show which GELU they were trained with: give -M gelu=exact "
        "(nanoGPT) or -M gelu=tanh (minGPT and GPT-2)."
    )
