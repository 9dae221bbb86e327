"""Which weight is which? Every spelling that nanoGPT and minGPT used, in the names of markovgpt's GPT."""

from __future__ import annotations

import re

import torch
from markovgpt import ModelLoadError
from torch import Tensor

from markovgpt_nanogpt.reading import Checkpoint

__all__ = ["canonical_names"]

_WRAPPERS = ("_orig_mod.", "module.", "transformer.")  # torch.compile, DistributedDataParallel, the GPT's own part

_RENAMED = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"^tok_emb\.", "wte."),  # from here on minGPT of 2020
        (r"^pos_emb$", "wpe.weight"),
        (r"^blocks\.", "h."),
        (r"^head\.", "lm_head."),
        (r"\.ln([12])\.", r".ln_\1."),
        (r"\.attn\.proj\.", ".attn.c_proj."),
        (r"\.mlp\.0\.", ".mlp.c_fc."),
        (r"\.mlp\.2\.", ".mlp.c_proj."),
    )
)

_MASK = re.compile(r"\.attn\.(bias|mask|masked_bias)$")  # buffers that say which positions are visible
_PART = re.compile(r"^(.*\.attn)\.(query|key|value)\.(weight|bias)$")


def canonical_names(checkpoint: Checkpoint) -> dict[str, Tensor]:
    """Weights by the names of :class:`markovgpt.models.mingpt.MinGPT`, both ends of a tied matrix among them.

    Raises
    ------
    ModelLoadError
        The token or the position embedding is missing, two spellings stand for one weight, or a weight is not
        floating-point numbers.
    """
    weights: dict[str, Tensor] = {}
    parts: dict[tuple[str, str], dict[str, Tensor]] = {}
    for name, tensor in checkpoint.weights.items():
        if _MASK.search(name):
            continue
        short = _rename(name)
        if short in weights:
            raise ModelLoadError(f"{checkpoint.path} has two weights for {short}, one is {name}.", weight=short)
        part = _PART.match(short)
        if part is None:
            weights[short] = tensor
        else:
            parts.setdefault((part[1], part[3]), {})[part[2]] = tensor
    for (attention, kind), three in parts.items():
        if len(three) == 3:
            weights[f"{attention}.c_attn.{kind}"] = torch.cat([three[key] for key in ("query", "key", "value")])
        else:
            weights |= {f"{attention}.{key}.{kind}": tensor for key, tensor in three.items()}  # refused as unknown
    for name, twin in (("lm_head.weight", "wte.weight"), ("wte.weight", "lm_head.weight")):
        if twin in weights:
            weights.setdefault(name, weights[twin])  # safetensors keeps a tied matrix once
    for name in ("wte.weight", "wpe.weight"):
        if name not in weights:
            known = ", ".join(list(checkpoint.weights)[:4])
            raise ModelLoadError(
                f"{checkpoint.path} is not a GPT of nanoGPT or minGPT: it has no {name} (transformer.{name}). Its "
                f"weights begin with {known}.",
                path=str(checkpoint.path),
                missing=name,
            )
    if weights["wpe.weight"].ndim == 3:
        weights["wpe.weight"] = weights["wpe.weight"].squeeze(0)  # minGPT of 2020 has (1, block_size, C)
    for name, tensor in weights.items():
        flat = name.endswith(("wte.weight", "wpe.weight")) and tensor.ndim != 2
        if flat or not tensor.is_floating_point():
            raise ModelLoadError(
                f"{name} in {checkpoint.path} must be floating-point numbers, an embedding of two dimensions: got "
                f"{tensor.dtype} of shape {tuple(tensor.shape)}.",
                weight=name,
            )
    return weights


def _rename(name: str) -> str:
    for wrapper in _WRAPPERS:
        name = name.removeprefix(wrapper)
    for pattern, replacement in _RENAMED:
        name = pattern.sub(replacement, name)
    return name
