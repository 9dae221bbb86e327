"""What is a GPT? A decoder-only transformer, small enough to read in one sitting.

Written afresh; faithful, layer by layer and draw by draw of the random stream, to the public nanoGPT
(https://github.com/karpathy/nanoGPT) in the form that the notebook "GPT as a finite-state Markov chain" uses it:
pre-norm blocks, exact GELU, learned absolute positions, output head tied to the token embedding, no dropout.

Shapes at line ends: B batch, T length, C embedding, H heads, V vocabulary.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from markovgpt.errors import ArgumentError
from markovgpt.gpt_weights import BlockWeights, GPTWeights, LinearWeights

__all__ = ["MinGPT", "MinGPTConfig", "new_network"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MinGPTConfig:
    """The shape of a network.

    Attributes
    ----------
    vocab_size, context_length : int
        V and K.
    n_layer, n_head, n_embd : int
        ``n_embd`` must be a multiple of ``n_head``.
    bias : bool
        Biases in LinearWeights layers.
    tied : bool
        One matrix reads tokens and writes them, as in GPT-2; otherwise the output head has a matrix of its own.
    gelu : "exact" or "tanh"
        The activation, or the approximation of it that GPT-2 was trained with.
    """

    vocab_size: int
    context_length: int
    n_layer: int = 4
    n_head: int = 4
    n_embd: int = 16
    bias: bool = False
    tied: bool = True
    gelu: Literal["exact", "tanh"] = "exact"

    def __post_init__(self) -> None:
        for name in ("vocab_size", "context_length", "n_layer", "n_head", "n_embd"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ArgumentError(f"{name} must be a whole number of at least 1: got {value!r}.", **{name: value})
        if self.gelu not in ("exact", "tanh"):
            raise ArgumentError(f"gelu must be 'exact' or 'tanh': got {self.gelu!r}.")
        if self.n_embd % self.n_head:
            raise ArgumentError(
                f"n_embd must be a multiple of n_head, one slice a head: got n_embd={self.n_embd} and "
                f"n_head={self.n_head}. The nearest that fits is n_embd={-(-self.n_embd // self.n_head) * self.n_head}."
            )


class Attention(nn.Module):
    """Causal multi-head self-attention: a position looks at itself and at what came before."""

    def __init__(self, config: MinGPTConfig) -> None:
        super().__init__()
        self.n_head = config.n_head
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd, bias=config.bias)
        self.c_proj = nn.Linear(config.n_embd, config.n_embd, bias=config.bias)

    def forward(self, x: Tensor) -> Tensor:
        B, T, C = x.shape
        qkv = self.c_attn(x).view(B, T, 3, self.n_head, C // self.n_head)  # (B, T, 3, H, C/H)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each (B, H, T, C/H)
        scores = q @ k.transpose(-2, -1) / math.sqrt(C // self.n_head)  # (B, H, T, T)
        future = torch.ones(T, T, dtype=torch.bool, device=x.device).triu(1)  # (T, T)
        weights = scores.masked_fill(future, -math.inf).softmax(dim=-1)  # (B, H, T, T)
        y = (weights @ v).transpose(1, 2).reshape(B, T, C)  # (B, T, C)
        return self.c_proj(y)  # type: ignore[no-any-return]  # nn.Module.__call__ is untyped in torch


class MLP(nn.Module):
    """The two-layer network that every position passes through alone."""

    def __init__(self, config: MinGPTConfig) -> None:
        super().__init__()
        self.approximate = {"exact": "none", "tanh": "tanh"}[config.gelu]
        self.c_fc = nn.Linear(config.n_embd, 4 * config.n_embd, bias=config.bias)
        self.c_proj = nn.Linear(4 * config.n_embd, config.n_embd, bias=config.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.c_proj(F.gelu(self.c_fc(x), approximate=self.approximate))  # type: ignore[no-any-return]  # (B, T, C)


class Block(nn.Module):
    """Attention mixes positions, the MLP transforms each; both add to the residual stream."""

    def __init__(self, config: MinGPTConfig) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(config.n_embd)
        self.attn = Attention(config)
        self.ln_2 = nn.LayerNorm(config.n_embd)
        self.mlp = MLP(config)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.ln_1(x))  # (B, T, C)
        y: Tensor = x + self.mlp(self.ln_2(x))  # (B, T, C)
        return y


class MinGPT(nn.Module):
    """Tokens in, logits of the next token at every position out: ``(B, T) int64 -> (B, T, V)``, ``T <= K``."""

    def __init__(self, config: MinGPTConfig) -> None:
        super().__init__()
        self.config = config
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.wpe = nn.Embedding(config.context_length, config.n_embd)
        self.h = nn.ModuleList(Block(config) for _ in range(config.n_layer))
        self.ln_f = nn.LayerNorm(config.n_embd)
        self.lm_head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        if config.tied:
            self.wte.weight = self.lm_head.weight
        self.apply(_initialise)
        for name, parameter in self.named_parameters():
            if name.endswith("c_proj.weight"):  # 2 * n_layer of them add up on the residual stream
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * config.n_layer))

    def forward(self, tokens: Tensor) -> Tensor:
        positions = torch.arange(tokens.shape[1], device=tokens.device)  # (T,)
        x = self.wte(tokens) + self.wpe(positions)  # (B, T, C)
        for block in self.h:
            x = block(x)  # (B, T, C)
        return self.lm_head(self.ln_f(x))  # type: ignore[no-any-return]  # (B, T, V)

    def weights(self) -> GPTWeights:
        """The parameters as plain arrays, which share their memory with those on the processor."""
        blocks = tuple(
            BlockWeights(
                ln_1=_linear(block.ln_1),
                c_attn=_linear(block.attn.c_attn),
                c_proj=_linear(block.attn.c_proj),
                ln_2=_linear(block.ln_2),
                c_fc=_linear(block.mlp.c_fc),
                c_out=_linear(block.mlp.c_proj),
            )
            for block in self.h
            if isinstance(block, Block)
        )
        return GPTWeights(
            wte=_array(self.wte.weight),
            wpe=_array(self.wpe.weight),
            blocks=blocks,
            ln_f=_linear(self.ln_f),
            lm_head=_array(self.lm_head.weight),
            n_head=self.config.n_head,
            activation="gelu_tanh" if self.config.gelu == "tanh" else "gelu",
            epsilon=self.ln_f.eps,
        )

    def n_parameters(self) -> int:
        """Number of trainable numbers; the tied matrix counts once."""
        return sum(parameter.numel() for parameter in self.parameters())


def new_network(config: MinGPTConfig, *, seed: int) -> MinGPT:
    """An untrained network whose weights depend on ``seed`` alone; torch's global random state is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return MinGPT(config)


def _linear(module: nn.Linear | nn.LayerNorm) -> LinearWeights:
    return LinearWeights(_array(module.weight), None if module.bias is None else _array(module.bias))


def _array(tensor: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = tensor.detach().cpu().numpy()
    return array


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)
