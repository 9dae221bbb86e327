"""How far are the float32 logits of a GPT from what its weights say? Some contexts once more, in float64."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf, log_softmax, softmax

from markovgpt.gpt_weights import GPTWeights, LinearWeights

__all__ = ["RoundingError", "float64_logits", "rounding_error"]

Doubles: TypeAlias = NDArray[np.float64]


class RoundingError(NamedTuple):
    """Largest differences to float64; those of logits after their log-sum-exp is subtracted, which no law shows."""

    logits: float
    probabilities: float


def rounding_error(weights: GPTWeights, contexts: NDArray[np.int64], logits: Doubles) -> RoundingError:
    """What float32 cost in some logits.

    Parameters
    ----------
    weights : GPTWeights
        As float32 arrays, which are taken as exact.
    contexts : (n, length) tokens
        ``length`` up to K.
    logits : (n, V)
        As they were computed for these contexts.
    """
    exact = float64_logits(weights, contexts)  # (n, V)
    return RoundingError(
        float(abs(log_softmax(logits, axis=1) - log_softmax(exact, axis=1)).max()),
        float(abs(softmax(logits, axis=1) - softmax(exact, axis=1)).max()),
    )


def float64_logits(weights: GPTWeights, contexts: NDArray[np.int64]) -> Doubles:
    """Logits of the next token by a plain forward pass, ``(n, length) -> (n, V)``."""
    n, T = contexts.shape
    H, C, epsilon = weights.n_head, weights.n_embd, weights.epsilon
    x = weights.wte[contexts].astype(np.float64) + weights.wpe[:T]  # (n, T, C)
    later = np.triu(np.full((T, T), -np.inf), 1)  # (T, T)
    for block in weights.blocks:
        qkv = _linear(_normalised(x, block.ln_1, epsilon), block.c_attn)  # (n, T, 3C)
        q, k, v = qkv.reshape(n, T, 3, H, C // H).transpose(2, 0, 3, 1, 4)  # each (n, H, T, C/H)
        attention = softmax(q @ k.swapaxes(-2, -1) / np.sqrt(C // H) + later, axis=-1)  # (n, H, T, T)
        x = x + _linear((attention @ v).transpose(0, 2, 1, 3).reshape(n, T, C), block.c_proj)
        hidden = _linear(_normalised(x, block.ln_2, epsilon), block.c_fc)  # (n, T, M)
        x = x + _linear(_activated(hidden, weights.activation), block.c_out)
    return _normalised(x[:, -1], weights.ln_f, epsilon) @ weights.lm_head.T.astype(np.float64)


def _normalised(x: Doubles, norm: LinearWeights, epsilon: float) -> Doubles:
    centred = x - x.mean(axis=-1, keepdims=True)
    scaled: Doubles = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + epsilon) * norm.weight
    return scaled if norm.bias is None else scaled + norm.bias


def _linear(x: Doubles, linear: LinearWeights) -> Doubles:
    y: Doubles = x @ linear.weight.T.astype(np.float64)
    return y if linear.bias is None else y + linear.bias


def _activated(x: Doubles, activation: str) -> Doubles:
    if activation == "gelu_tanh":
        y: Doubles = x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2
    else:
        y = x * (1 + erf(x / np.sqrt(2))) / 2
    return y
