"""Models whose memory is known: how many of the last tokens their law depends on."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

__all__ = ["CountsPositions", "Crops", "Recurrent", "Refuses", "RepetitionPenalty", "SlidingWindow", "StaleSession"]


class SlidingWindow(nn.Module):
    """Attention without positions in which every layer sees W tokens: order L (W - 1) + 1, declared as W."""

    def __init__(self, *, vocab_size: int = 2, window: int = 2, layers: int = 2, width: int = 8, seed: int = 0) -> None:
        super().__init__()
        self.vocab_size, self.context_length, self.window, self.layers = vocab_size, window, window, layers
        generator = torch.Generator().manual_seed(seed)

        def matrix(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=generator, dtype=torch.float64) / shape[0] ** 0.5

        self.embedding = 2 * matrix(vocab_size, width)
        self.qkv = [[matrix(width, width) * 1.5 for _ in range(3)] for _ in range(layers)]
        self.out = matrix(width, vocab_size) * 2

    @property
    def true_order(self) -> int:
        return self.layers * (self.window - 1) + 1

    def next_logits(self, contexts: np.ndarray) -> np.ndarray:
        x = self.embedding[torch.as_tensor(contexts)]  # (B, T, C)
        T = x.shape[1]
        ages = torch.arange(T)[:, None] - torch.arange(T)
        hidden = (ages < 0) | (ages >= self.window)
        for q, k, v in self.qkv:
            scores = (x @ q) @ (x @ k).transpose(1, 2) / x.shape[2] ** 0.5
            x = torch.tanh(x + scores.masked_fill(hidden, -torch.inf).softmax(dim=2) @ (x @ v))
        return (x[:, -1] @ self.out).numpy()


class Recurrent:
    """A GRU from torch: every old token matters a little, and it takes histories of any length."""

    def __init__(self, *, vocab_size: int = 2, context_length: int = 3) -> None:
        torch.manual_seed(0)
        self.vocab_size, self.context_length = vocab_size, context_length
        self.network = nn.GRU(vocab_size, 6, batch_first=True).double()
        self.head = nn.Linear(6, vocab_size).double()
        with torch.no_grad():
            for parameter in self.network.parameters():
                parameter *= 2.5

    def next_logits(self, contexts: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            one_hot = nn.functional.one_hot(torch.as_tensor(contexts), self.vocab_size).double()
            return self.head(self.network(one_hot)[0][:, -1]).numpy()


class Crops:
    """Weights of the last ``sees`` tokens; longer histories are cropped: order ``sees``."""

    def __init__(self, *, vocab_size: int = 3, context_length: int = 3, sees: int | None = None) -> None:
        self.vocab_size, self.context_length = vocab_size, context_length
        self.sees = context_length if sees is None else sees
        self.weights = np.random.default_rng(5).normal(size=(64, vocab_size, vocab_size))

    def next_logits(self, contexts: np.ndarray) -> np.ndarray:
        newest_first = contexts[:, ::-1][:, : self.sees]
        logits = np.zeros((len(contexts), self.vocab_size))
        for place in range(newest_first.shape[1]):
            logits += self.weights[place][newest_first[:, place]]
        return logits


class Refuses(Crops):
    """Takes no more than K tokens."""

    def next_logits(self, contexts: np.ndarray) -> np.ndarray:
        if contexts.shape[1] > self.context_length:
            raise IndexError("position outside the table")
        return super().next_logits(contexts)


class CountsPositions(Crops):
    """Crops, but the position of the newest token is counted from the start of the text: absolute positions."""

    def next_logits(self, contexts: np.ndarray) -> np.ndarray:
        logits = super().next_logits(contexts)
        logits[:, 0] += 0.3 * contexts.shape[1]
        return logits


class RepetitionPenalty(Crops):
    """Crops, but tokens that stand anywhere in the history have lower logits."""

    def next_logits(self, contexts: np.ndarray) -> np.ndarray:
        logits = super().next_logits(contexts)
        for row, context in enumerate(contexts):
            logits[row, np.unique(context)] -= 0.7
        return logits


class StaleSession(Refuses):
    """``next_logits`` is right, and the session never drops what is older than the window."""

    def session(self, batch: int) -> Any:
        return _Growing(
            Crops(vocab_size=self.vocab_size, sees=self.context_length + 2), np.empty((batch, 0), dtype=int)
        )


class _Growing:
    def __init__(self, model: Crops, tokens: np.ndarray) -> None:
        self.model, self.tokens = model, tokens

    def feed(self, tokens: np.ndarray) -> np.ndarray:
        self.tokens = np.column_stack([self.tokens, tokens])
        return self.model.next_logits(self.tokens)

    def fork(self, rows: np.ndarray) -> _Growing:
        return _Growing(self.model, self.tokens[rows])
