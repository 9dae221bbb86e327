"""How do a configuration and data become a model? And the recipe for the user's own text."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from os import PathLike
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from markovgpt.data.corpus import read_corpus
from markovgpt.devices import find_device
from markovgpt.errors import ArgumentError, TrainingInterruptedError
from markovgpt.model import Checkpoint, Progress, SizeCheck
from markovgpt.models.gpt_model import GPTModel
from markovgpt.models.mingpt import MinGPTConfig, new_network
from markovgpt.models.training import TrainingSettings, split_tokens, train
from markovgpt.vocabulary import TokenKind, Vocabulary

__all__ = ["mingpt", "train_model"]

_STEPS = 500


def mingpt(
    *,
    data: str | PathLike[str] | None = None,
    vocabulary: TokenKind = "char",
    vocab_size: int | None = None,
    context_length: int = 3,
    n_layer: int = 2,
    n_head: int = 4,
    n_embd: int = 32,
    bias: bool = False,
    steps: int | None = None,
    batch_size: int = 256,
    learning_rate: float = 3e-3,
    weight_decay: float = 0.1,
    loss: Literal["last", "all"] = "all",
    validation: float = 0.1,
    seed: int = 1337,
    device: str = "cpu",
    progress: Progress | None = None,
    check: SizeCheck | None = None,
    checkpoint: Checkpoint | None = None,
) -> GPTModel:
    """A minGPT of any shape: trained on a text, or untrained with ``vocab_size`` tokens.

    Parameters
    ----------
    data : str or path, optional
        The text, or a file of it. Its tokens become the vocabulary.
    vocabulary : "char", "word" or "byte"
        How the text is cut into tokens.
    vocab_size : int, optional
        V of an untrained network; with data it follows from them.
    context_length, n_layer, n_head, n_embd, bias
        Shape of the network.
    steps, batch_size, learning_rate, weight_decay, loss, validation
        See :class:`markovgpt.models.training.TrainingSettings`; 500 steps by default, and the last tenth of the text is
        kept for validation.
    seed : int
        Of the initial weights and of the random windows.
    device : str
        Where it computes, such as "cuda"; it is trained on the processor, so that its weights are the same everywhere.
    progress, check, checkpoint : callable, optional
        See :data:`markovgpt.model.Progress`, :data:`markovgpt.model.SizeCheck`, :data:`markovgpt.model.Checkpoint`.

    Raises
    ------
    ArgumentError
        Neither or both of data and ``vocab_size``; a shape that is none; no such device.
    DataError
        The data cannot be read or are too short.
    TrainingInterruptedError
        After Ctrl-C; holds the model as far as it got.
    """
    if (data is None) == (vocab_size is None):
        got = "neither" if data is None else "both"
        raise ArgumentError(
            "mingpt takes either data to be trained on (--data FILE), or the number of tokens of an untrained network "
            f"(-M vocab_size=27): got {got}."
        )
    if data is None and steps:
        raise ArgumentError(f"mingpt cannot be trained for {steps} steps without data: give --data FILE.", steps=steps)
    tokens = None
    words = Vocabulary.numbered(1 if vocab_size is None else vocab_size)
    if data is not None:
        text = read_corpus(data).text
        words = Vocabulary.of_text(text, kind=vocabulary)
        tokens = words.encode(text)
    config = MinGPTConfig(
        vocab_size=len(words), context_length=context_length, n_layer=n_layer, n_head=n_head, n_embd=n_embd, bias=bias
    )
    settings = TrainingSettings(
        steps=_STEPS if steps is None else steps,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        batch_size=batch_size,
        loss=loss,
        validation=validation,
        seed=seed,
    )
    return train_model(
        "mingpt",
        config,
        words,
        tokens,
        settings,
        device=device,
        progress=progress,
        check=check,
        checkpoint=checkpoint,
    )


def train_model(
    name: str,
    config: MinGPTConfig,
    vocabulary: Vocabulary,
    tokens: NDArray[np.int64] | None,
    settings: TrainingSettings,
    *,
    device: str = "cpu",
    progress: Progress | None = None,
    check: SizeCheck | None = None,
    checkpoint: Checkpoint | None = None,
) -> GPTModel:
    """A new network, trained on the processor if there are tokens and steps, then moved to its device.

    Raises
    ------
    ArgumentError
        There is no such device.
    TrainingInterruptedError
        After Ctrl-C; ``facts["model"]`` is the model as far as it got.
    """
    if check is not None:
        check(config.vocab_size, config.context_length)
    place = find_device(device)
    network = new_network(config, seed=settings.seed).eval()
    is_trained = settings.steps > 0 or checkpoint is not None
    if tokens is None or (len(tokens) <= config.context_length and not is_trained):  # no window of K and the next
        return GPTModel(name=name, network=network.to(place), vocabulary=vocabulary)
    training_tokens, kept = split_tokens(tokens, settings, context_length=config.context_length)
    model = GPTModel(
        name=name,
        network=network,
        vocabulary=vocabulary,
        training_tokens=training_tokens,
        validation_tokens=kept if len(kept) else None,
    )
    after_step = None if checkpoint is None else partial(_show, checkpoint, model)
    record = None
    if settings.steps:
        record = train(network, tokens, settings, progress=progress, after_step=after_step)
    elif after_step is not None:
        after_step(0)
    network.to(place)
    model = replace(model, training=record)
    if record is not None and record.interrupted:
        raise TrainingInterruptedError(
            f"Training of {name} was interrupted after {len(record.losses)} of {settings.steps} steps.", model=model
        )
    return model


def _show(checkpoint: Checkpoint, model: GPTModel, step: int) -> None:
    checkpoint(step, model)
