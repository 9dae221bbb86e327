"""When is a recurrent model a Markov chain? When its state is run anew, from zero, over the last K tokens."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Literal, final

import numpy as np
import torch
from markovgpt import ArgumentError, Vocabulary, suitable_settings
from numpy.typing import NDArray
from torch import Tensor

from markovgpt_recurrent.network import RecurrentNetwork
from markovgpt_recurrent.session import RecurrentSession
from markovgpt_recurrent.storage import load_recurrent

__all__ = ["RecurrentModel", "recurrent"]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class RecurrentModel:
    """A recurrent network whose state is run from zero over the last ``context_length`` tokens, and no others.

    Attributes
    ----------
    network : RecurrentNetwork
        In evaluation mode.
    vocabulary : Vocabulary
        Texts of the V tokens.
    context_length : int
        K.
    name : str
        For reports.
    """

    network: RecurrentNetwork
    vocabulary: Vocabulary
    context_length: int
    name: str = "recurrent"

    @property
    def vocab_size(self) -> int:
        """V."""
        return self.network.config.vocab_size

    @property
    def tokens(self) -> tuple[str, ...]:
        """Texts of the V tokens."""
        return self.vocabulary.tokens

    @property
    def n_parameters(self) -> int:
        """Number of trainable numbers."""
        return sum(parameter.numel() for parameter in self.network.parameters())

    @property
    def fingerprint(self) -> str:
        """SHA-256 of shape, window and weights."""
        shape = sorted(asdict(self.network.config).items())
        digest = hashlib.sha256(repr((shape, self.context_length)).encode())
        for name, tensor in sorted(self.network.state_dict().items()):
            digest.update(name.encode() + tensor.cpu().numpy().tobytes())
        return digest.hexdigest()

    def all_logits(self, contexts: NDArray[np.int64]) -> Tensor:
        """Logits after every prefix of every context: ``(batch, length) -> (batch, length, V)`` float32."""
        with torch.no_grad(), suitable_settings(self.n_parameters):
            logits: Tensor = self.network(torch.tensor(np.ascontiguousarray(contexts)))  # (batch, length, V)
        return logits

    def next_logits(self, contexts: NDArray[np.int64]) -> Tensor:
        """Logits of the next token: ``(batch, length) -> (batch, V)`` float32."""
        with torch.no_grad(), suitable_settings(self.n_parameters):
            window = torch.tensor(np.ascontiguousarray(contexts[:, -self.context_length :]))  # (batch, at most K)
            last = self.network.hidden(window)[:, -1]  # (batch, H)
            logits: Tensor = self.network.head(last)  # (batch, V)
        return logits

    def session(self, batch: int) -> RecurrentSession:
        """Rows of text that grow together, each of them empty: ``.feed(tokens)``, ``.fork(rows)``."""
        if batch < 1:
            raise ArgumentError(f"A session has at least one row: got {batch}.", batch=batch)
        tokens = torch.empty((batch, 0), dtype=torch.int64)
        return RecurrentSession(self.network, context_length=self.context_length, tokens=tokens, states=())


def recurrent(
    *,
    path: str | PathLike[str],
    window: Literal["rerun", "carried"] | None = None,
    context_length: int | None = None,
) -> RecurrentModel:
    """An LSTM or GRU from a folder that :func:`~markovgpt_recurrent.storage.save_recurrent` wrote.

    Parameters
    ----------
    path : path
        The folder.
    window : "rerun"
        The state is run anew, from zero, over the last K tokens: a Markov chain of order K. There is no default,
        because this is another law than the usual one, which carries the state along.
    context_length : int
        K. :func:`~markovgpt_recurrent.memory.window_error` measures how much a K loses.

    Raises
    ------
    ArgumentError
        ``window`` or ``context_length`` is missing, or the window is "carried".
    ModelLoadError
        The folder does not hold such a model.
    """
    if window is None:
        raise ArgumentError(
            "A recurrent model needs a decision: window=rerun runs its state anew, from zero, over the last "
            "context_length tokens, which makes it a Markov chain of that order (-M window=rerun -M context_length=3). "
            "With window=carried, as it is mostly sampled, its law depends on the whole past: there is no finite chain."
        )
    if window == "carried":
        raise ArgumentError(
            "With window=carried the state is carried along from the first token on, so the next-token law depends on "
            "the whole past: two texts that end in the same K tokens differ, for every K. That is no Markov chain of "
            "tokens, and none is pretended. Use window=rerun with a context_length of K, which is one exactly; "
            "markovgpt_recurrent.window_error says how far its law is from the carried one on your text, so that you "
            "can choose K. To test a sampler that does carry the state, sample it with a reset every K tokens."
        )
    if context_length is None or context_length < 1:
        raise ArgumentError(
            "window=rerun needs context_length, the number of tokens K that the state is run over, at least 1 "
            f"(-M context_length=3): got {context_length}.",
            context_length=context_length,
        )
    network, vocabulary = load_recurrent(Path(path))
    return RecurrentModel(network=network, vocabulary=vocabulary, context_length=context_length)
