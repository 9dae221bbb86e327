"""How is a text continued token by token, several rows at once? The state after it is all that has to be kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np
import torch
from markovgpt import ArgumentError, suitable_settings
from numpy.typing import NDArray
from torch import Tensor

from markovgpt_recurrent.network import RecurrentNetwork

__all__ = ["RecurrentSession"]


@final
class RecurrentSession:
    """Rows of text that grow together; made by ``model.session(batch)``, each row empty, its state zero.

    The law is that of the last K tokens, whatever the length: beyond K, the state is run anew over the window.
    """

    def __init__(
        self, network: RecurrentNetwork, *, context_length: int, tokens: Tensor, states: tuple[Tensor, ...]
    ) -> None:
        self._network = network
        self._context_length = context_length
        self._tokens = tokens  # (B, length)
        self._states = states  # (layers, B, H) each: one of a GRU, two of an LSTM; none before the first token

    @property
    def n_bytes(self) -> int:
        """Memory of the states, by which markovgpt bounds the number of rows."""
        return sum(state.nbytes for state in self._states)

    def feed(self, tokens: Sequence[int] | NDArray[np.int64]) -> Tensor:
        """Append one token a row, ``(batch,)``, or several, ``(batch, n)``; the logits of what comes next, (batch, V).

        Raises
        ------
        ArgumentError
            Another number of rows, or a token that is none.
        """
        given = np.asarray(tokens, dtype=np.int64)
        new = given[:, None] if given.ndim == 1 else given  # (B, n)
        batch, V = len(self._tokens), self._network.config.vocab_size
        if new.ndim != 2 or len(new) != batch or not new.size or new.min() < 0 or new.max() >= V:
            raise ArgumentError(
                f"This session is fed (rows,) or (rows, n) tokens of 0..{V - 1}, and has {batch} rows: got shape "
                f"{given.shape}{f', {given.min()} to {given.max()}' if given.size else ''}.",
                batch=batch,
            )
        self._tokens = torch.cat([self._tokens, torch.tensor(new)], dim=1)
        slides = self._tokens.shape[1] > self._context_length
        run = self._tokens[:, -self._context_length :] if slides else self._tokens[:, -new.shape[1] :]
        before = self._states if not slides else ()
        n_parameters = sum(parameter.numel() for parameter in self._network.parameters())
        with torch.no_grad(), suitable_settings(n_parameters):
            hidden, after = self._network.rnn(self._network.embedding(run), _packed(before))  # (B, n, H)
            logits: Tensor = self._network.head(hidden[:, -1])  # (B, V)
        self._states = after if isinstance(after, tuple) else (after,)
        return logits

    def fork(self, rows: Sequence[int] | NDArray[np.int64]) -> RecurrentSession:
        """A new session whose row i continues row ``rows[i]`` of this one, which stays as it is.

        Raises
        ------
        ArgumentError
            A row that this session does not have, or none at all.
        """
        chosen = torch.tensor(np.array(rows, dtype=np.int64))  # (m,)
        batch = len(self._tokens)
        if chosen.ndim != 1 or not len(chosen) or chosen.min() < 0 or chosen.max() >= batch:
            raise ArgumentError(f"Rows of this session are 0..{batch - 1}: got {list(rows)}.", batch=batch)
        return RecurrentSession(
            self._network,
            context_length=self._context_length,
            tokens=self._tokens[chosen],
            states=tuple(state[:, chosen] for state in self._states),
        )


def _packed(states: tuple[Tensor, ...]) -> tuple[Tensor, ...] | Tensor | None:
    """States as torch's LSTM (two) and GRU (one) take them; None is zero."""
    if not states:
        return None
    return states if len(states) > 1 else states[0]
