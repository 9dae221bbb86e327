"""Which networks of the transformers library are GPT-2 as it was published, and what are their weights?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from markovgpt import ArgumentError, BlockWeights, GPTWeights, LinearWeights
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["gpt2_weights", "why_not_gpt2"]

_ACTIVATIONS = {"gelu": "gelu", "gelu_new": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh"}


def why_not_gpt2(network: Any) -> str:
    """What :func:`gpt2_weights` does not know of; empty for a GPT-2, adapters and quantised layers apart."""
    from transformers import GPT2LMHeadModel
    from transformers.pytorch_utils import Conv1D

    if type(network) is not GPT2LMHeadModel:
        return f"it is a {type(network).__name__}, not a GPT2LMHeadModel"
    config = network.config
    if config.activation_function not in _ACTIVATIONS:
        return f"its activation is {config.activation_function}"
    if config.scale_attn_by_inverse_layer_idx or not config.scale_attn_weights or config.add_cross_attention:
        return "its attention is another one"
    linear = [
        layer for h in network.transformer.h for layer in (h.attn.c_attn, h.attn.c_proj, h.mlp.c_fc, h.mlp.c_proj)
    ]
    if any(type(layer) is not Conv1D for layer in linear) or network.lm_head.bias is not None:
        return "some of its layers were replaced"
    return ""


def gpt2_weights(network: Any) -> GPTWeights:
    """The weights of a ``GPT2LMHeadModel`` as plain arrays.

    Raises
    ------
    ArgumentError
        :func:`why_not_gpt2` says why.
    """
    if reason := why_not_gpt2(network):
        raise ArgumentError(f"The weights of this network cannot be shown as those of a GPT-2: {reason}.")
    gpt, config = network.transformer, network.config
    blocks = tuple(
        BlockWeights(
            ln_1=_norm(block.ln_1),
            c_attn=_linear(block.attn.c_attn),
            c_proj=_linear(block.attn.c_proj),
            ln_2=_norm(block.ln_2),
            c_fc=_linear(block.mlp.c_fc),
            c_out=_linear(block.mlp.c_proj),
        )
        for block in gpt.h
    )
    return GPTWeights(
        wte=_array(gpt.wte.weight),
        wpe=_array(gpt.wpe.weight),
        blocks=blocks,
        ln_f=_norm(gpt.ln_f),
        lm_head=_array(network.lm_head.weight),
        n_head=config.n_head,
        activation="gelu" if config.activation_function == "gelu" else "gelu_tanh",
        epsilon=config.layer_norm_epsilon,
    )


def _norm(layer: Any) -> LinearWeights:
    return LinearWeights(_array(layer.weight), _array(layer.bias))


def _linear(layer: Any) -> LinearWeights:
    return LinearWeights(_array(layer.weight).T, _array(layer.bias))  # Conv1D keeps (inputs, outputs)


def _array(tensor: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = tensor.detach().cpu().numpy()
    return array
