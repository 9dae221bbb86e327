"""How is a named model had at several sizes, for measuring what they cost? Untrained, where it would be trained."""

from __future__ import annotations

from typing import Any

from markovgpt.benchmarking.sizes import ResizableModel, resizable
from markovgpt.model import LanguageModel, Progress
from markovgpt.registry.load import load_model, takes_option

__all__ = ["load_resizable"]


def load_resizable(
    model: str | object, /, *, vocab_size: int | None = None, progress: Progress | None = None, **options: Any
) -> ResizableModel:
    """A model from its name, to be measured at several sizes; built with ``steps=0`` where that is an option.

    A minGPT, saved ones included, is built anew at any size. So is a model whose factory takes ``context_length``, with
    another V if it takes ``vocab_size``. Any other is asked about contexts that are shorter than its own.

    Parameters
    ----------
    model : str or object
        As for :func:`load_model`, and so are errors.
    vocab_size : int, optional
        V for a factory that can do without data, if they are not given.
    progress : callable, optional
        Passed to factories that take it.
    **options
        Passed to the factory.

    Examples
    --------
    >>> load_resizable("mingpt", vocab_size=5, n_layer=1).at(3, 2).vocab_size
    3
    """
    given = dict(options)
    if "steps" not in given and takes_option(model, "steps"):
        given["steps"] = 0
    if vocab_size is not None and not {"data", "vocab_size"} & set(given) and takes_option(model, "vocab_size"):
        given["vocab_size"] = vocab_size
    own = load_model(model, progress=progress, **given)
    finished = resizable(own, seed=int(given.get("seed", 0)))
    if finished.any_context_length or not takes_option(model, "context_length"):
        return finished

    def make(vocab_size: int, context_length: int) -> LanguageModel:
        another = {} if vocab_size == own.vocab_size else {"vocab_size": vocab_size}
        return load_model(model, **(given | another | {"context_length": context_length}))

    return ResizableModel(own=own, make=make, any_vocab_size=takes_option(model, "vocab_size"), any_context_length=True)
