"""How does a torch module become a model?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from inspect import signature
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.devices import find_device
from markovgpt.errors import ArgumentError, ModelError
from markovgpt.model import LanguageModel, check_is_model

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["from_module"]


_TRIED_LENGTHS = 3  # of the beginnings of a context
_SAME = 1e-5  # of a probability


@final
@dataclass(frozen=True, eq=False, kw_only=True)  # no slots: what was found once is kept
class _ModuleModel:
    module: nn.Module
    vocab_size: int
    context_length: int
    tokens: tuple[str, ...] | None
    name: str

    @property
    def n_parameters(self) -> int:
        return sum(parameter.numel() for parameter in self.module.parameters())

    def next_logits(self, contexts: NDArray[np.int64]) -> Tensor:
        return _last_logits(self.module, contexts[:, -self.context_length :])

    @property
    def all_logits(self) -> Callable[[NDArray[np.int64]], Tensor]:
        """``(batch, length) -> (batch, length, V)``, of a module that answers at every position and looks back only."""
        if not self._looks_back_only:
            raise AttributeError(f"{self.name} does not give the logits after every beginning of a context.")
        return partial(_logits, self.module)

    @property
    def generate(self) -> Callable[..., Any]:
        """The module's own, if it takes tokens and a number of further ones: what it draws can be judged."""
        own: Callable[..., Any] | None = getattr(self.module, "generate", None)
        if own is None or not _continues_by_a_number(own):
            raise AttributeError(f"{self.name} has no generate(tokens, number_of_new_tokens).")
        return own

    @cached_property
    def _looks_back_only(self) -> bool:
        """Whether beginnings of two contexts have alone the laws that they have in them; tried at first use."""
        V, K = self.vocab_size, self.context_length
        contexts = np.random.default_rng(0).integers(0, V, (2, K))  # (2, K)
        try:
            every = _logits(self.module, contexts)
            if every.shape != (2, K, V):
                return False
            lengths = {max(1, K * part // _TRIED_LENGTHS) for part in range(1, _TRIED_LENGTHS)} | {max(1, K - 1)}
            return all(
                bool((every[:, n - 1].softmax(-1) - self.next_logits(contexts[:, :n]).softmax(-1)).abs().max() <= _SAME)
                for n in lengths
            )
        except Exception:  # whatever a module does with short contexts: it was made for others
            return False


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

    Parameters
    ----------
    module : torch.nn.Module
        Any architecture; its parameters are not changed.
    context_length : int
        K: the longest context that the module is asked about.
    vocab_size : int, optional
        V; found by asking the module about one token where it is not given.
    tokens, name
        Labels of the tokens; name for reports.
    device : str, optional
        Where to run, for example "cuda"; the module is moved there. By default it stays where it is.

    Raises
    ------
    ArgumentError
        Not a torch module; no such device.
    ModelError
        The module returns something that is not logits.

    Examples
    --------
    >>> import torch, markovgpt as mg
    >>> network = torch.nn.Sequential(torch.nn.Embedding(3, 4), torch.nn.Linear(4, 3))
    >>> mg.build_chain(from_module(network, context_length=2)).n_states
    9
    """
    import torch

    if not isinstance(module, torch.nn.Module):
        raise ArgumentError(
            f"from_module needs a torch.nn.Module: got {type(module).__name__}. For a function use from_callable."
        )
    if device is not None:
        module.to(find_device(device))
    if vocab_size is None:
        vocab_size = int(_last_logits(module, np.zeros((1, 1), dtype=np.int64)).shape[-1])
    return check_is_model(
        _ModuleModel(
            module=module,
            vocab_size=vocab_size,
            context_length=context_length,
            tokens=None if tokens is None else tuple(tokens),
            name=name or type(module).__name__,
        )
    )


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
    module.eval()
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
