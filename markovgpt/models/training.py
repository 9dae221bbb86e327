"""How is a network trained on one sequence of tokens?"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from markovgpt.errors import ArgumentError, DataError
from markovgpt.model import Progress
from markovgpt.models.mingpt import MinGPT
from markovgpt.torch_settings import suitable_settings

__all__ = ["TrainingRecord", "TrainingSettings", "split_tokens", "train"]

_VALIDATION_BATCH = 4096  # windows


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings:
    """How to train.

    Attributes
    ----------
    steps : int >= 0
        Updates of the weights.
    learning_rate, weight_decay : float
        Of AdamW; the decay applies to all parameters.
    batch_size : int, or None
        Windows of K tokens per step, drawn at random; None for all of them in every step.
    loss : "last" or "all"
        Learn the token after each window only, or the token after every position in it, which trains short contexts
        as well.
    validation : float in [0, 1)
        Share of the data, at its end, that is kept from training.
    seed : int
        Of the random windows.
    """

    steps: int = 500
    learning_rate: float = 1e-3
    weight_decay: float = 0.1
    batch_size: int | None = None
    loss: Literal["last", "all"] = "last"
    validation: float = 0.0
    seed: int = 1337

    def __post_init__(self) -> None:
        for name, ok, rule in (
            ("steps", self.steps >= 0, "at least 0"),
            ("learning_rate", self.learning_rate > 0, "above 0"),
            ("weight_decay", self.weight_decay >= 0, "at least 0"),
            ("batch_size", self.batch_size is None or self.batch_size >= 1, "at least 1"),
            ("loss", self.loss in ("last", "all"), "'last' or 'all'"),
            ("validation", 0 <= self.validation < 1, "from 0 to below 1"),
        ):
            if not ok:
                raise ArgumentError(f"{name} must be {rule}: got {getattr(self, name)!r}.", name=name)


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class TrainingRecord:
    """What happened in training.

    Attributes
    ----------
    settings : TrainingSettings
        As asked for.
    losses : tuple of float, nats per token
        Before each update: ``losses[0]`` is that of the untrained network.
    n_tokens, n_validation_tokens : int
        Sizes of the two parts of the data.
    validation_loss : float, nats per token, or None
        At the end, over the validation part; None where that is shorter than a window and its next token.
    seconds : float
        Wall time.
    interrupted : bool
        Stopped before ``settings.steps``.
    """

    settings: TrainingSettings
    losses: tuple[float, ...] = field(repr=False)
    n_tokens: int
    n_validation_tokens: int
    validation_loss: float | None
    seconds: float
    interrupted: bool = False


def split_tokens(
    tokens: NDArray[np.int64], settings: TrainingSettings, *, context_length: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The training part and the validation part (the end, or nothing if it would hold no window).

    Raises
    ------
    DataError
        Fewer than K + 1 tokens: no window of K tokens has a next one.
    """
    if len(tokens) < context_length + 1:
        raise DataError(
            f"Training needs at least context_length + 1 = {context_length + 1} tokens, one window and the token "
            f"after it: the data have {len(tokens)}. Give more data, or a shorter context.",
            n=len(tokens),
            context_length=context_length,
        )
    n_validation = int(len(tokens) * settings.validation)
    if n_validation < context_length + 1 or len(tokens) - n_validation < context_length + 1:
        n_validation = 0
    cut = len(tokens) - n_validation
    return tokens[:cut], tokens[cut:]


def train(
    network: MinGPT,
    tokens: NDArray[np.int64],
    settings: TrainingSettings,
    *,
    progress: Progress | None = None,
    after_step: Callable[[int], None] | None = None,
) -> TrainingRecord:
    """Train a network in place on the first part of a sequence and measure it on the rest.

    Parameters
    ----------
    network : MinGPT
        V tokens, context of K; changed in place and left in evaluation mode.
    tokens : (n,) int64
        The data, validation part included.
    settings : TrainingSettings
        How to train.
    progress : callable, optional
        Called as ``progress("training", step, steps)``.
    after_step : callable, optional
        Called with 0 before the first update, and with the number of updates after each; the network is in evaluation
        mode then.

    Returns
    -------
    TrainingRecord
        After Ctrl-C, with ``interrupted`` set: the network keeps what it learned.

    Raises
    ------
    DataError
        The data are too short.
    """
    K = network.config.context_length
    train_tokens, validation_tokens = split_tokens(tokens, settings, context_length=K)
    windows = _windows(train_tokens, K)  # (w, K + 1)
    generator = torch.Generator().manual_seed(settings.seed)
    optimizer = torch.optim.AdamW(network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)
    losses: list[float] = []
    interrupted = False
    started = time.perf_counter()
    network.train()
    with suitable_settings(network.n_parameters()):
        try:
            _pause(network, after_step, 0)
            for step in range(settings.steps):
                batch = windows
                if settings.batch_size is not None:
                    batch = windows[torch.randint(len(windows), (settings.batch_size,), generator=generator)]
                loss = _loss(network, batch, settings.loss)
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]  # untyped in torch
                optimizer.step()
                losses.append(loss.item())
                if progress is not None:
                    progress("training", step + 1, settings.steps)
                _pause(network, after_step, step + 1)
        except KeyboardInterrupt:
            interrupted = True
        network.eval()
        validation_loss = None if interrupted else _validation_loss(network, validation_tokens)
    return TrainingRecord(
        settings=settings,
        losses=tuple(losses),
        n_tokens=len(train_tokens),
        n_validation_tokens=len(validation_tokens),
        validation_loss=validation_loss,
        seconds=time.perf_counter() - started,
        interrupted=interrupted,
    )


def _pause(network: MinGPT, after_step: Callable[[int], None] | None, step: int) -> None:
    if after_step is not None:
        network.eval()
        after_step(step)
        network.train()


def _windows(tokens: NDArray[np.int64], context_length: int) -> Tensor:
    return torch.from_numpy(tokens).unfold(0, context_length + 1, 1)  # (n - K, K + 1), a view


def _loss(network: MinGPT, windows: Tensor, which: Literal["last", "all"]) -> Tensor:
    logits = network(windows[:, :-1])  # (B, K, V)
    if which == "last":
        return F.cross_entropy(logits[:, -1], windows[:, -1])
    return F.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())


def _validation_loss(network: MinGPT, tokens: NDArray[np.int64]) -> float | None:
    """Mean loss of the token after each full window, nats."""
    if len(tokens) == 0:
        return None
    windows = _windows(tokens, network.config.context_length)
    total = 0.0
    with torch.no_grad():
        for batch in torch.split(windows, _VALIDATION_BATCH):
            total += _loss(network, batch, "last").item() * len(batch)
    return total / len(windows)
