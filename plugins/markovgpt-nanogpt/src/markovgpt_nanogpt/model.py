"""How does a checkpoint become a model? Read, rename, check against the settings, and load into markovgpt's own GPT."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Literal

import torch
from markovgpt import ModelLoadError, find_device
from markovgpt.models.gpt_model import GPTModel
from markovgpt.models.mingpt import MinGPT, MinGPTConfig
from torch import Tensor, nn

from markovgpt_nanogpt.names import canonical_names
from markovgpt_nanogpt.reading import read_checkpoint
from markovgpt_nanogpt.settings import config_of
from markovgpt_nanogpt.tokens import read_tokens

__all__ = ["nanogpt"]


def nanogpt(
    *,
    path: str | PathLike[str],
    config: str | PathLike[str] | None = None,
    tokens: str | PathLike[str] | None = None,
    context_length: int | None = None,
    n_head: int | None = None,
    gelu: Literal["exact", "tanh"] | None = None,
    device: str = "cpu",
) -> GPTModel:
    """A GPT that nanoGPT or minGPT trained, or any network of the same form and names.

    Parameters
    ----------
    path : path
        The checkpoint: nanoGPT's ``ckpt.pt``, a plain state dict that ``torch.save`` wrote, or a ``.safetensors`` file.
        Only weights are read; a pickle that holds anything else is refused.
    config : path, optional
        JSON of the network's settings, for files that do not hold them. By default ``config.json`` next to the
        checkpoint, if there is one.
    tokens : path, optional
        Texts of the tokens: a JSON file, or a text whose different characters they are. Numbers by default.
    context_length : int, optional
        K, at most the checkpoint's ``block_size``, which is the default. A shorter one crops the position table.
    n_head : int, optional
        Attention heads, where neither checkpoint nor JSON says: weights alone do not show it.
    gelu : "exact" or "tanh", optional
        The activation, where it cannot be told: today's nanoGPT uses the exact one, minGPT an approximation by tanh.
    device : str
        Where it computes, such as "cuda".

    Returns
    -------
    GPTModel
        float32, with everything that markovgpt's own GPT has; LayerNorm biases that are missing are zero.

    Raises
    ------
    ModelLoadError
        The file cannot be read, is not of this form, or would have to run code.
    ArgumentError
        An option does not fit the checkpoint, or is needed and missing; no such device.
    """
    place = find_device(device)
    checkpoint = read_checkpoint(Path(path), config=None if config is None else Path(config))
    weights = canonical_names(checkpoint)
    shape = config_of(checkpoint, weights, context_length=context_length, n_head=n_head, gelu=gelu)
    vocabulary = read_tokens(None if tokens is None else Path(tokens), vocab_size=shape.vocab_size)
    network = _network(shape, weights, checkpoint.path).to(place)
    return GPTModel(name="nanogpt", network=network, vocabulary=vocabulary)


def _network(config: MinGPTConfig, weights: dict[str, Tensor], path: Path) -> MinGPT:
    embedding, head = weights["wte.weight"], weights["lm_head.weight"]
    tied = embedding.data_ptr() == head.data_ptr() or torch.equal(embedding, head)
    with torch.device("meta"):  # shapes only: no memory, no random numbers drawn
        network = MinGPT(replace(config, tied=tied))
    weights = {name: tensor.to(torch.float32) for name, tensor in weights.items()}
    weights["wpe.weight"] = weights["wpe.weight"][: config.context_length].clone()  # (K, C)
    for name, parameter in network.state_dict().items():
        if name.endswith(("ln_1.bias", "ln_2.bias", "ln_f.bias")) and name not in weights:
            weights[name] = torch.zeros(parameter.shape)  # nanoGPT with bias=False has none
    _check_shapes(network, weights, path)
    network.load_state_dict(weights, assign=True)
    if tied:  # minGPT trains the head apart from the embedding; nanoGPT ties them
        network.wte.weight = network.lm_head.weight
    return network.requires_grad_(True).eval()


def _check_shapes(network: nn.Module, weights: dict[str, Tensor], path: Path) -> None:
    expected = {name: tuple(parameter.shape) for name, parameter in network.state_dict().items()}
    got = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    transposed = [
        name
        for name in expected
        if name in got and name.endswith("c_attn.weight") and got[name] == expected[name][::-1] != expected[name]
    ]
    if transposed:
        raise ModelLoadError(
            f"The weights in {path} are transposed ({transposed[0]} is {got[transposed[0]]}): this is GPT-2 as Hugging "
            "Face keeps it, not nanoGPT. Install markovgpt-transformers and use: --model transformers -M path=FOLDER.",
            path=str(path),
        )
    wrong = [
        f"{name} is {got.get(name, 'missing')}, expected {expected.get(name, 'no such weight')}"
        for name in sorted(expected.keys() | got.keys())
        if expected.get(name) != got.get(name)
    ]
    if wrong:
        more = f", and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise ModelLoadError(
            f"The weights in {path} are not those of a nanoGPT or minGPT of this shape: {'; '.join(wrong[:3])}{more}.",
            path=str(path),
            wrong=wrong,
        )
