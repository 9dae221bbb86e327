"""babygpt: the model of the notebook "GPT as a finite-state Markov chain" (A. Karpathy, 2023), draw by draw.

Two tokens, context 3, 12,656 parameters, trained for 50 steps on 111101111011110: all twelve windows in every step,
loss at the last position.
"""

from __future__ import annotations

from os import PathLike

from markovgpt.data.corpus import read_corpus
from markovgpt.errors import DataError
from markovgpt.model import Checkpoint, Progress, SizeCheck
from markovgpt.models.gpt_model import GPTModel
from markovgpt.models.mingpt import MinGPTConfig
from markovgpt.models.recipe import train_model
from markovgpt.models.training import TrainingSettings
from markovgpt.vocabulary import Vocabulary

__all__ = ["DATA", "babygpt"]

DATA = "111101111011110"


def babygpt(
    *,
    data: str | PathLike[str] = DATA,
    steps: int = 50,
    seed: int = 1337,
    context_length: int = 3,
    n_layer: int = 4,
    n_head: int = 4,
    n_embd: int = 16,
    device: str = "cpu",
    progress: Progress | None = None,
    check: SizeCheck | None = None,
    checkpoint: Checkpoint | None = None,
) -> GPTModel:
    """The notebook's model of 0s and 1s; ``steps=0`` for the untrained one.

    Parameters
    ----------
    data : str or path
        Zeros and ones, or a file of them; blanks and line ends are ignored.
    steps, seed : int
        Training steps; seed of the initial weights.
    context_length, n_layer, n_head, n_embd : int
        Shape of the network.
    device : str
        Where it computes, such as "cuda"; it is trained on the processor, so that its weights are the same everywhere.
    progress, check, checkpoint : callable, optional
        See :data:`markovgpt.model.Progress`, :data:`markovgpt.model.SizeCheck`, :data:`markovgpt.model.Checkpoint`.

    Raises
    ------
    ArgumentError
        A shape that is none; no such device.
    DataError
        Other characters than 0 and 1, or too few of them.
    TrainingInterruptedError
        After Ctrl-C; holds the model as far as it got.
    """
    vocabulary = Vocabulary(tokens=("0", "1"))
    corpus = read_corpus(data)
    try:
        tokens = vocabulary.encode("".join(corpus.text.split()))
    except DataError as error:
        raise DataError(
            f"{error} babygpt speaks 0 and 1 only; for other text: --model mingpt.", **error.facts
        ) from None
    config = MinGPTConfig(vocab_size=2, context_length=context_length, n_layer=n_layer, n_head=n_head, n_embd=n_embd)
    settings = TrainingSettings(steps=steps, learning_rate=1e-3, weight_decay=0.1, seed=seed)
    return train_model(
        "babygpt",
        config,
        vocabulary,
        tokens,
        settings,
        device=device,
        progress=progress,
        check=check,
        checkpoint=checkpoint,
    )
