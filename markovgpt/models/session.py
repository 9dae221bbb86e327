"""How does a GPT continue many texts, token by token, without computing their beginnings again?

It keeps keys and values of the tokens before. Arrays have features first and rows last: then sums over features and
positions run along memory, and rows that continue the same text share its keys and values without a copy.

Shapes at line ends: B rows, T tokens before, C embedding, H heads, D = C / H, L layers; a row is one of f copies of m.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from markovgpt.errors import ArgumentError
from markovgpt.models.mingpt import Block, MinGPT
from markovgpt.torch_settings import suitable_settings

__all__ = ["GPTSession"]


@final
class GPTSession:
    """Rows of text that grow together; made by ``model.session(batch)``, each row empty.

    The law is that of the last K tokens, whatever the length: beyond K, the window is computed anew at each step, since
    the position of every token in it has changed.
    """

    def __init__(
        self,
        network: MinGPT,
        *,
        n_parameters: int,
        tokens: Tensor,
        past: Tensor | None,
        copies: int,
        memory: int | None,
    ) -> None:
        self._network = network
        self._n_parameters = n_parameters  # counting them takes as long as some operations
        self._tokens = tokens  # (B, length) int64
        self._past = past  # (L, 2, T, C, m) keys and values of all tokens but the last; None where the window slides
        self.memory = memory
        """Bytes that this session and all of its forks may take together; None where nothing is known of it."""
        self._copies = copies  # f: row i continues row i % m of the past
        self._last: Tensor | None = None  # (L, 2, C, B) keys and values of the last token; None before it is fed

    @classmethod
    def empty(cls, network: MinGPT, batch: int, *, memory: int | None = None) -> GPTSession:
        """``batch`` rows without a token.

        Raises
        ------
        ArgumentError
            No row.
        """
        if batch < 1:
            raise ArgumentError(f"A session has at least one row: got {batch}.", batch=batch)
        config, weight = network.config, network.wte.weight
        past = torch.empty((config.n_layer, 2, 0, config.n_embd, 1), dtype=weight.dtype, device=weight.device)
        tokens = torch.empty((batch, 0), dtype=torch.int64, device=weight.device)
        n_parameters = network.n_parameters()
        return cls(network, n_parameters=n_parameters, tokens=tokens, past=past, copies=batch, memory=memory)

    @property
    def batch(self) -> int:
        """Number of rows."""
        return len(self._tokens)

    @property
    def tokens(self) -> NDArray[np.int64]:
        """What was fed, ``(batch, length)``."""
        fed: NDArray[np.int64] = self._tokens.cpu().numpy()
        return fed

    @property
    def n_bytes(self) -> int:
        """Memory of the keys and values of all rows, if none of them are shared."""
        config = self._network.config
        per_token = 2 * config.n_layer * config.n_embd * self._network.wte.weight.element_size()
        return 0 if self._past is None else per_token * self._tokens.numel()

    def feed(self, tokens: Sequence[int] | NDArray[np.int64]) -> Tensor:
        """Append one token a row, ``(batch,)``, or several, ``(batch, n)``; the logits of what comes next, (batch, V).

        Raises
        ------
        ArgumentError
            Another number of rows, or a token that is none.
        """
        given = np.asarray(tokens, dtype=np.int64)
        columns = given[:, None] if given.ndim == 1 else given  # (B, n)
        V = self._network.config.vocab_size
        if columns.ndim != 2 or len(columns) != self.batch or not columns.size:
            raise ArgumentError(
                f"This session has {self.batch} rows and is fed (rows,) or (rows, n) tokens: got shape {given.shape}.",
                batch=self.batch,
            )
        if columns.min() < 0 or columns.max() >= V:
            raise ArgumentError(f"Tokens are 0..{V - 1}: got {columns.min()} to {columns.max()}.")
        with torch.inference_mode(), suitable_settings(self._n_parameters):
            for column in columns.T:
                logits = self._feed_one(torch.tensor(column, device=self._tokens.device))  # (B, V)
        return logits.clone()  # outside inference mode: an ordinary tensor

    def fork(self, rows: Sequence[int] | NDArray[np.int64]) -> GPTSession:
        """A new session whose row i continues row ``rows[i]`` of this one, which stays as it is.

        Rows in the order 0, 1, ..., m - 1, 0, 1, ..., m - 1, ... share the keys and values of the m.

        Raises
        ------
        ArgumentError
            A row that this session does not have, or none at all.
        """
        chosen = np.asarray(rows, dtype=np.int64)
        if chosen.ndim != 1 or not len(chosen) or chosen.min() < 0 or chosen.max() >= self.batch:
            raise ArgumentError(f"Rows of this session are 0..{self.batch - 1}: got {list(rows)}.", batch=self.batch)
        with torch.inference_mode(), suitable_settings(self._n_parameters):
            tokens = self._tokens[torch.tensor(chosen, device=self._tokens.device)]
            past, copies = self._whole_past(), 1
            if past is not None:
                base, copies = _repeated(chosen % past.shape[-1])  # before the first token, all rows are alike
                if (np.diff(base) == 1).all():
                    past = past[..., base[0] : base[-1] + 1]  # a view
                else:
                    columns = torch.tensor(base, device=past.device).expand(*past.shape[:-1], len(base))
                    past = past.gather(-1, columns)  # index_select takes four times as long here
        return GPTSession(
            self._network,
            n_parameters=self._n_parameters,
            tokens=tokens,
            past=past,
            copies=copies,
            memory=self.memory,
        )

    def _feed_one(self, column: Tensor) -> Tensor:
        """Append one token a row, ``(B,)``; logits ``(B, V)``."""
        network, past = self._network, self._whole_past()
        self._tokens = torch.cat([self._tokens, column[:, None]], dim=1)
        K = network.config.context_length
        if past is None or self._tokens.shape[1] > K:
            self._past = self._last = None
            window: Tensor = network(self._tokens[:, -K:])[:, -1]  # (B, V)
            return window
        layers, _, T, C, _ = past.shape
        x = (network.wte(column) + network.wpe.weight[T]).T.contiguous()  # (C, B)
        last = x.new_empty((layers, 2, C, len(column)))
        for layer, block in enumerate(network.h):
            x = self._block(x, cast("Block", block), past[layer], last[layer])
        self._last = last
        return _linear(_normalised(x, network.ln_f), network.lm_head).T  # (B, V)

    def _block(self, x: Tensor, block: Block, past: Tensor, last: Tensor) -> Tensor:
        """One layer, ``(C, B) -> (C, B)``, which attends to ``past`` and itself, and writes its own into ``last``."""
        H, (C, B), (_, T, _, m) = block.attn.n_head, x.shape, past.shape
        D, f = C // H, self._copies
        mixed = _linear(_normalised(x, block.ln_1), block.attn.c_attn)  # (3C, B)
        last.copy_(mixed[C:].view(2, C, B))
        q, (k, v) = mixed[:C] / math.sqrt(D), last  # each (C, B)
        scores = (q * k).view(1, H, D, B).sum(dim=2)  # (1, H, B)
        y = v
        if T:
            keys, values = past.view(2, T, H, D, 1, m)  # each (T, H, D, 1, m)
            before = (q.view(H, D, f, m) * keys).sum(dim=2).view(T, H, B)
            weights = torch.cat([before, scores]).softmax(dim=0)  # (T + 1, H, B)
            seen = (weights[:T].view(T, H, 1, f, m) * values).sum(dim=0).view(H, D, B)
            y = torch.addcmul(seen, weights[T].unsqueeze(1), v.view(H, D, B)).view(C, B)
        x = x + _linear(y, block.attn.c_proj)  # (C, B)
        hidden = F.gelu(_linear(_normalised(x, block.ln_2), block.mlp.c_fc), approximate=block.mlp.approximate)
        return x + _linear(hidden, block.mlp.c_proj)  # (C, B)

    def _whole_past(self) -> Tensor | None:
        """Keys and values of all tokens, ``(L, 2, T + 1, C, B)`` once one was fed; made at first need."""
        if self._past is None or self._last is None:
            return self._past
        layers, _, T, C, m = self._past.shape
        f = self._copies
        whole = self._past.new_empty((layers, 2, T + 1, C, f * m))
        whole[:, :, :T].view(layers, 2, T, C, f, m).copy_(self._past.unsqueeze(4))
        whole[:, :, T] = self._last
        self._past, self._last, self._copies = whole, None, 1
        return whole


def _repeated(rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    """The shortest beginning of ``rows`` that, repeated a whole number of times, is all of it; and how often."""
    again = np.flatnonzero(rows == rows[0])  # a beginning ends where its first entry comes again
    for size in again[1:2].tolist():
        if len(rows) % size == 0 and (rows.reshape(-1, size) == rows[:size]).all():
            return rows[:size], len(rows) // size
    return rows, 1


def _normalised(x: Tensor, norm: nn.LayerNorm) -> Tensor:
    """LayerNorm over features that come first, ``(C, B) -> (C, B)``."""
    centred = x - x.mean(dim=0)
    scale = torch.rsqrt((centred * centred).mean(dim=0) + norm.eps)  # (B,)
    return torch.addcmul(norm.bias.unsqueeze(1), centred * scale, norm.weight.unsqueeze(1))


def _linear(x: Tensor, layer: nn.Linear) -> Tensor:
    """A Linear layer on features that come first, ``(in, B) -> (out, B)``."""
    return layer.weight @ x if layer.bias is None else torch.addmm(layer.bias.unsqueeze(1), layer.weight, x)
