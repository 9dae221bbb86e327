"""What is a recurrent character model? An embedding, an LSTM or GRU, and a linear head.

Shapes at line ends: B batch, T length, H hidden size, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

from markovgpt import ArgumentError
from torch import Tensor, nn

__all__ = ["RecurrentConfig", "RecurrentNetwork", "config_of"]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrentConfig:
    """The shape of a network; ``bias`` of the cells, ``head_bias`` of the head."""

    cell: Literal["lstm", "gru"]
    vocab_size: int
    embedding_size: int
    hidden_size: int
    n_layers: int = 1
    bias: bool = True
    head_bias: bool = True

    def __post_init__(self) -> None:
        if self.cell not in ("lstm", "gru"):
            raise ArgumentError(f"cell must be 'lstm' or 'gru': got {self.cell!r}.", cell=self.cell)
        for name in ("vocab_size", "embedding_size", "hidden_size", "n_layers"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ArgumentError(f"{name} must be a whole number of at least 1: got {value!r}.", **{name: value})


class RecurrentNetwork(nn.Module):
    """Tokens in, logits of the next token at every position out; the state starts at zero in every call."""

    def __init__(self, config: RecurrentConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.embedding_size)
        self.rnn = {"lstm": nn.LSTM, "gru": nn.GRU}[config.cell](
            config.embedding_size, config.hidden_size, config.n_layers, bias=config.bias, batch_first=True
        )
        self.head = nn.Linear(config.hidden_size, config.vocab_size, bias=config.head_bias)

    def hidden(self, tokens: Tensor) -> Tensor:
        """What is known after every token: ``(B, T) -> (B, T, H)``."""
        states: Tensor = self.rnn(self.embedding(tokens))[0]
        return states

    def forward(self, tokens: Tensor) -> Tensor:
        logits: Tensor = self.head(self.hidden(tokens))  # (B, T, V)
        return logits


def config_of(embedding: nn.Embedding, rnn: nn.LSTM | nn.GRU, head: nn.Linear) -> RecurrentConfig:
    """The shape of three modules that make a network.

    Raises
    ------
    ArgumentError
        They do not fit together, or compute something that is not a next-token law of the past.
    """
    if not isinstance(rnn, nn.LSTM | nn.GRU):
        raise ArgumentError(f"The recurrent part must be torch's nn.LSTM or nn.GRU: got {type(rnn).__name__}.")
    if rnn.bidirectional:
        raise ArgumentError(
            "A bidirectional network has seen the token that it is to predict: it has no next-token law."
        )
    if rnn.proj_size:
        raise ArgumentError(f"Projections of the state are not supported: got proj_size={rnn.proj_size}.")
    if embedding.max_norm is not None:
        raise ArgumentError(f"Embeddings that renormalise are not supported: got max_norm={embedding.max_norm}.")
    for what, first, second in (
        ("the embedding's width and the input of the recurrent part", embedding.embedding_dim, rnn.input_size),
        ("the hidden size and the input of the head", rnn.hidden_size, head.in_features),
        ("the tokens that are read and those that are written", embedding.num_embeddings, head.out_features),
    ):
        if first != second:
            raise ArgumentError(f"These must be equal, {what}: got {first} and {second}.", got=(first, second))
    return RecurrentConfig(
        cell="lstm" if isinstance(rnn, nn.LSTM) else "gru",
        vocab_size=embedding.num_embeddings,
        embedding_size=embedding.embedding_dim,
        hidden_size=rnn.hidden_size,
        n_layers=rnn.num_layers,
        bias=rnn.bias,
        head_bias=head.bias is not None,
    )
