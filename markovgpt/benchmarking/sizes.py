"""How is one model measured at several sizes? Built anew, or, if that cannot be done, asked about shorter contexts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, final

from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel, check_is_model, model_name
from markovgpt.vocabulary import Vocabulary

__all__ = ["ResizableModel", "resizable"]

Make = Callable[[int, int], LanguageModel]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ResizableModel:
    """A model that can be had with other numbers of tokens and other contexts.

    Attributes
    ----------
    own : LanguageModel
        At the size that it has if nothing is said.
    make : (vocab_size, context_length) -> LanguageModel
        The same kind of model at another size.
    any_vocab_size, any_context_length : bool
        Whether it can have another V, and a longer context than its own.
    """

    own: LanguageModel
    make: Make
    any_vocab_size: bool
    any_context_length: bool

    def at(self, vocab_size: int, context_length: int) -> LanguageModel:
        """The model at a size.

        Raises
        ------
        ArgumentError
            It cannot have this size, or comes with another.
        """
        self.check(vocab_size, context_length)
        model = check_is_model(self.make(vocab_size, context_length))
        got = (model.vocab_size, model.context_length)
        if got != (vocab_size, context_length):
            raise ArgumentError(
                f"{model_name(model)} was asked for with {vocab_size} tokens and a context of {context_length}, and "
                f"came with {got[0]} and {got[1]}: its factory does not heed vocab_size or context_length.",
                expected=(vocab_size, context_length),
                got=got,
            )
        return model

    def check(self, vocab_size: int, context_length: int) -> None:
        """Refuse a size that cannot be had, before anything is built.

        Raises
        ------
        ArgumentError
            Says which sizes there are.
        """
        name, V, K = model_name(self.own), self.own.vocab_size, self.own.context_length
        if vocab_size != V and not self.any_vocab_size:
            raise ArgumentError(
                f"{name} cannot be built anew with {vocab_size} tokens: its maker takes no vocab_size. It is measured "
                f"with its own {V}: leave --vocab-size out (vocab_sizes=None).",
                vocab_size=vocab_size,
            )
        if context_length > K and not self.any_context_length:
            raise ArgumentError(
                f"{name} cannot be built anew with a context of {context_length} tokens: its maker takes no "
                f"context_length. It is measured with its own {K} or shorter: --context-length 1..{K}.",
                context_length=context_length,
            )


def resizable(model: LanguageModel, *, seed: int = 0) -> ResizableModel:
    """A finished model at other sizes.

    A minGPT is built anew with untrained weights, drawn by ``seed``, which cost what trained ones do. Any other model
    is asked about shorter contexts, which every model answers.

    Examples
    --------
    >>> import markovgpt as mg
    >>> models = resizable(mg.load_model("babygpt", steps=0))
    >>> models.at(3, 5).n_parameters - models.own.n_parameters  # 16 numbers a token, 16 a position
    48
    >>> resizable(mg.from_matrix([[0.5, 0.5], [0.5, 0.5]])).at(2, 1).context_length
    1
    """
    if hasattr(model, "network") and hasattr(model, "gpt_weights"):
        from markovgpt.models.gpt_model import GPTModel

        if isinstance(model, GPTModel):
            return ResizableModel(own=model, make=_network(model, seed), any_vocab_size=True, any_context_length=True)
    return ResizableModel(own=model, make=_shorter(model), any_vocab_size=False, any_context_length=False)


def _network(model: Any, seed: int) -> Make:
    from markovgpt.models.gpt_model import GPTModel
    from markovgpt.models.mingpt import new_network

    def make(vocab_size: int, context_length: int) -> LanguageModel:
        config = replace(model.network.config, vocab_size=vocab_size, context_length=context_length)
        network = new_network(config, seed=seed).eval().to(model.device)
        return GPTModel(name=model.name, network=network, vocabulary=Vocabulary.numbered(vocab_size))

    return make


def _shorter(model: LanguageModel) -> Make:
    def make(vocab_size: int, context_length: int) -> LanguageModel:  # noqa: ARG001  # its own, as was checked
        return model if context_length == model.context_length else _Shorter(model, context_length)

    return make


class _Shorter:
    """The same model, asked about contexts of at most so many tokens; what it offers besides is still there."""

    def __init__(self, model: LanguageModel, context_length: int) -> None:
        self._model = model
        self.vocab_size = model.vocab_size
        self.context_length = context_length
        self.name = model_name(model)
        self.next_logits = model.next_logits

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)
