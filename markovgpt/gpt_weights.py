"""Which numbers make a GPT? Plain arrays, whatever library the network came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

__all__ = ["BlockWeights", "GPTWeights", "LinearWeights"]

Floats: TypeAlias = NDArray[np.float32]


class LinearWeights(NamedTuple):
    """``weight x + bias``, a row of the weight for each output; of a layer norm, the scale and the shift."""

    weight: Floats
    bias: Floats | None = None


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class BlockWeights:
    """One block: ``x += c_proj(attention(c_attn(ln_1(x))))``, then ``x += c_out(activation(c_fc(ln_2(x))))``."""

    ln_1: LinearWeights  # (C,)
    c_attn: LinearWeights  # (3C, C) queries, keys, values; head h has the features h C/H .. (h + 1) C/H of each
    c_proj: LinearWeights  # (C, C)
    ln_2: LinearWeights  # (C,)
    c_fc: LinearWeights  # (M, C) M is 4C as a rule
    c_out: LinearWeights  # (C, M)


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class GPTWeights:
    """A causal transformer as GPT-2, nanoGPT and minGPT are: learned positions, layer norm before each part, GELU.

    Attributes
    ----------
    wte, wpe : (V, C), (at least K, C)
        What tokens, and positions from the first of a context on, are embedded as.
    blocks : tuple of BlockWeights
        At least one, all of the same shape.
    ln_f, lm_head : (C,), (V, C)
        The logits are ``lm_head @ ln_f(x)``.
    n_head : int
        H, which divides C.
    activation : "gelu" or "gelu_tanh"
        Exact, or the approximation by tanh.
    epsilon : float
        Of all layer norms.
    """

    wte: Floats
    wpe: Floats
    blocks: tuple[BlockWeights, ...]
    ln_f: LinearWeights
    lm_head: Floats
    n_head: int
    activation: Literal["gelu", "gelu_tanh"]
    epsilon: float = 1e-5

    @property
    def vocab_size(self) -> int:
        """V."""
        return len(self.wte)

    @property
    def n_embd(self) -> int:
        """C."""
        return int(self.wte.shape[1])

    @property
    def n_hidden(self) -> int:
        """M."""
        return len(self.blocks[0].c_fc.weight)

    def arrays(self) -> Iterator[Floats]:
        """Every array, one after another."""
        yield from (self.wte, self.wpe, self.lm_head)
        linears = [linear for b in self.blocks for linear in (b.ln_1, b.c_attn, b.c_proj, b.ln_2, b.c_fc, b.c_out)]
        yield from (array for linear in (*linears, self.ln_f) for array in linear if array is not None)
