"""How does a torch module become a model?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from inspect import signature
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.devices import find_device
from markovgpt.errors import ArgumentError, ModelError
from markovgpt.model import LanguageModel, check_is_model
from markovgpt.raised import RAISED, told

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["from_module"]


@final
@dataclass(eq=False, kw_only=True)  # no slots: what was found once is kept, and users set what else they have
class ModuleModel:
    """A torch module behind the protocol of :mod:`markovgpt.model`."""

    module: nn.Module
    vocab_size: int
    context_length: int
    tokens: tuple[str, ...] | None
    name: str

    @property
    def n_parameters(self) -> int:
        return sum(parameter.numel() for parameter in self.module.parameters())

    def next_logits(self, contexts: NDArray[np.int64]) -> Tensor:
        return _last_logits(self.module, self._within_reach(contexts))

    @property
    def all_logits(self) -> Callable[[NDArray[np.int64]], Tensor]:
        """``(batch, length) -> (batch, length, V)``, of a module that answers at every position."""
        if not self._answers_everywhere:
            raise AttributeError(f"{self.name} does not give the logits after every beginning of a context.")
        return lambda contexts: _logits(self.module, self._within_reach(contexts))

    @property
    def generate(self) -> Callable[..., Any]:
        """The module's own, if it takes tokens and a number of further ones: what it draws can be judged."""
        own: Callable[..., Any] | None = getattr(self.module, "generate", None)
        if own is None or not _continues_by_a_number(own):
            raise AttributeError(f"{self.name} has no generate(tokens, number_of_new_tokens).")
        return own

    @cached_property
    def _answers_everywhere(self) -> bool:
        """Whether contexts of K tokens are answered at every position; tried at first use."""
        K = self.context_length
        try:
            return _logits(self.module, np.zeros((2, K), dtype=np.int64)).shape == (2, K, self.vocab_size)
        except RAISED:  # next_logits raises it again, where it is reported
            return False

    def _within_reach(self, contexts: NDArray[np.int64]) -> NDArray[np.int64]:
        K, length = self.context_length, contexts.shape[1]
        if length > K:
            raise ArgumentError(
                f"{self.name} takes at most K={K} tokens, its context_length: got {length}. Give it the last {K}.",
                length=length,
            )
        return contexts


def from_module(
    module: nn.Module,
    *,
    context_length: int,
    vocab_size: int | None = None,
    tokens: Sequence[str] | None = None,
    name: str | None = None,
    device: str | None = None,
) -> LanguageModel:
    """A model from any torch module that maps token numbers to logits.

    The module is called with ``(batch, length)`` int64 and may return ``(batch, V)``, ``(batch, length, V)``, a tuple
    whose first element is one of these (``logits, loss``), or an object with ``.logits``. It runs in evaluation mode,
    without gradients; whether it was in training mode before is put back after every call. Its own
    ``generate(idx, max_new_tokens)``, if it has one, is that of the model, for the checks of :mod:`markovgpt.testing`.

    A module that returns ``(batch, length, V)`` is taken to be causal: the check ``causal`` compares its positions with
    the answers for the tokens up to there. If it is meant to look both ways, leave that check out, by
    ``skip=["causal"]``; its chain is that of the last position. What else there is of the model is set on it, as
    ``model.exported = copy`` for the check ``same_chain``.

    Parameters
    ----------
    module : torch.nn.Module
        Any architecture; its parameters are not changed.
    context_length : int
        K: the longest context that the module is asked about; longer ones are refused.
    vocab_size : int, optional
        V; found by asking the module about one token where it is not given.
    tokens, name
        Labels of the tokens; name for reports.
    device : str, optional
        Where to run, for example "cuda"; the module is moved there. By default it stays where it is.

    Raises
    ------
    ArgumentError
        Not a torch module; no such device. Later: the model is asked about more than K tokens.
    ModelError
        The module fails on one token, or returns something that is not logits.

    Examples
    --------
    >>> import torch, markovgpt as mg
    >>> network = torch.nn.Sequential(torch.nn.Embedding(3, 4), torch.nn.Linear(4, 3))
    >>> mg.build_chain(from_module(network, context_length=2)).n_states
    9
    """
    import torch

    if isinstance(module, type) and issubclass(module, torch.nn.Module):
        raise ArgumentError(
            f"from_module needs a module, and {module.__name__} is a class of modules: call it, "
            f"from_module({module.__name__}(), ...)."
        )
    if not isinstance(module, torch.nn.Module):
        raise ArgumentError(
            f"from_module needs a torch.nn.Module: got {type(module).__name__}. For a function use from_callable."
        )
    if device is not None:
        module.to(find_device(device))
    if vocab_size is None:
        vocab_size = _vocabulary_found(module)
    return check_is_model(
        ModuleModel(
            module=module,
            vocab_size=vocab_size,
            context_length=context_length,
            tokens=None if tokens is None else tuple(tokens),
            name=name or type(module).__name__,
        )
    )


def _vocabulary_found(module: nn.Module) -> int:
    """V, from what the module says about one token."""
    try:
        return int(_last_logits(module, np.zeros((1, 1), dtype=np.int64)).shape[-1])
    except ModelError:
        raise
    except RAISED as error:
        raise ModelError(
            f"{type(module).__name__} failed when it was asked about one token, to find the size of its vocabulary: "
            f"{told(error)}. If it is not made for so short a context, give vocab_size=."
        ) from error


def _continues_by_a_number(generate: Callable[..., Any]) -> bool:
    """Whether the second thing that it takes must be given, or is a number: ``generate(idx, max_new_tokens)``."""
    try:
        parameters = list(signature(generate).parameters.values())
    except (TypeError, ValueError):  # written in C
        return False
    taken = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return len(taken) > 1 and (taken[1].default is taken[1].empty or isinstance(taken[1].default, int))


def _last_logits(module: nn.Module, contexts: NDArray[np.int64]) -> Tensor:
    """Logits after the last position, ``(batch, V)``."""
    logits = _logits(module, contexts)
    return logits[:, -1] if logits.ndim == 3 else logits


def _logits(module: nn.Module, contexts: NDArray[np.int64]) -> Tensor:
    """What the module returns: ``(batch, V)`` or ``(batch, length, V)``."""
    import torch

    from markovgpt.torch_settings import suitable_settings

    device = next((parameter.device for parameter in module.parameters()), torch.device("cpu"))
    in_training = [part for part in module.modules() if part.training]
    for part in in_training:
        if part.training:  # eval() of another part may have reached it
            with suppress(NotImplementedError):  # what torch.export made has one mode, and refuses
                part.eval()
    try:
        with torch.no_grad(), suitable_settings(sum(parameter.numel() for parameter in module.parameters())):
            answer: Any = module(torch.as_tensor(contexts, device=device))
    finally:
        for part in in_training:
            part.training = True
    logits = getattr(answer, "logits", answer)
    if isinstance(logits, tuple | list):
        logits = logits[0]
    if not isinstance(logits, torch.Tensor) or logits.ndim not in (2, 3):
        shape = f" of shape {tuple(logits.shape)}" if isinstance(logits, torch.Tensor) else ""
        raise ModelError(
            f"{type(module).__name__} must return logits (batch, V) or (batch, length, V), a tuple that begins with "
            f"them, or an object with .logits: got {type(answer).__name__}{shape}. Wrap it in a function and use "
            "from_callable."
        )
    return logits
