"""How does the compiled walk of a GPT find its weights, and where does it work? Flat float32 arrays.

A matrix has its rows in groups of four, column by column in each group; where rows are missing there are zeros.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from markovgpt.gpt_weights import GPTWeights, LinearWeights

__all__ = ["GROUP", "Network", "Room", "make_network", "make_room"]

GROUP = 4

Floats: TypeAlias = NDArray[np.float32]
Doubles: TypeAlias = NDArray[np.float64]


class Network(NamedTuple):
    """A network as the walk reads it: the matrices of all blocks one after another."""

    V: int
    C: int
    H: int
    M: int  # hidden features of the MLP, padded
    K: int
    n_layer: int
    tanh: bool
    epsilon: float
    wte: Floats
    wpe: Floats
    attend: Floats  # keys, values, queries: what comes last is not always needed
    attend_bias: Floats
    mix: Floats
    mix_bias: Floats
    rise: Floats
    rise_bias: Floats
    fall: Floats
    fall_bias: Floats
    head: Floats
    head_bias: Floats


class Room(NamedTuple):
    """Where one thread works."""

    past: Floats  # (n_layer, H, L / WIDTH, K, C / H + the same padded, WIDTH) keys and values of the path from the root
    x: Floats  # (C, L) the residual stream
    z: Floats  # (C, L)
    kvq: Floats  # (3C, L)
    h: Floats  # (M or V, L)
    p: Floats  # (K, WIDTH) one head's attention


def make_network(weights: GPTWeights, context_length: int) -> Network:
    """Scale and shift of a layer norm go into the matrix behind it; computed in float64.

    Into the queries go the scale of attention and the factor that makes its weights powers of 2.
    """
    C = weights.n_embd
    parts: dict[str, list[Floats]] = {}

    def add(name: str, W: Doubles, b: Doubles) -> None:
        missing = -len(W) % GROUP
        W = np.pad(W, ((0, missing), (0, 0)))
        groups = W.reshape(-1, GROUP, W.shape[1]).transpose(0, 2, 1)  # (groups, columns, rows of the group)
        parts.setdefault(name, []).append(_flat(groups))
        parts.setdefault(f"{name}_bias", []).append(_flat(np.pad(b, (0, missing))))

    for block in weights.blocks:
        W, b = _behind(block.ln_1, block.c_attn)  # (3C, C), (3C,)
        scale = np.log2(np.e) / np.sqrt(C // weights.n_head)
        add("attend", np.concatenate([W[C:], W[:C] * scale]), np.concatenate([b[C:], b[:C] * scale]))
        add("mix", *_linear(block.c_proj))
        add("rise", *_behind(block.ln_2, block.c_fc))
        W, b = _linear(block.c_out)  # (C, M), (C,)
        add("fall", np.pad(W, ((0, 0), (0, -W.shape[1] % GROUP))), b)
    add("head", *_behind(weights.ln_f, LinearWeights(weights.lm_head)))
    return Network(
        V=weights.vocab_size,
        C=C,
        H=weights.n_head,
        M=weights.n_hidden + -weights.n_hidden % GROUP,
        K=context_length,
        n_layer=len(weights.blocks),
        tanh=weights.activation == "gelu_tanh",
        epsilon=weights.epsilon,
        wte=_flat(weights.wte),
        wpe=_flat(weights.wpe[:context_length]),
        **{name: np.concatenate(arrays) for name, arrays in parts.items()},
    )


def make_room(network: Network, L: int, width: int) -> Room:
    """For L contexts at a time, in vectors of some width."""

    def floats(*sizes: int) -> Floats:
        return np.empty(int(np.prod(sizes)), dtype=np.float32)

    V, C, H, M, K, n_layer = network[:6]
    return Room(
        past=floats(n_layer, K, 2 * C + H * GROUP, L),
        x=floats(C + GROUP, L),
        z=floats(C + GROUP, L),
        kvq=floats(3 * C + GROUP, L),
        h=floats(max(M, V + GROUP), L),
        p=floats(K, width),
    )


def _flat(array: NDArray[Any]) -> Floats:
    return np.ascontiguousarray(array, dtype=np.float32).reshape(-1)


def _linear(linear: LinearWeights) -> tuple[Doubles, Doubles]:
    W, b = linear
    return W.astype(np.float64), np.zeros(len(W)) if b is None else b.astype(np.float64)


def _behind(norm: LinearWeights, linear: LinearWeights) -> tuple[Doubles, Doubles]:
    """The matrix and bias for features that a layer norm has not scaled and shifted."""
    W, b = _linear(linear)
    scale, shift = norm
    return W * scale, b if shift is None else b + W @ shift.astype(np.float64)
