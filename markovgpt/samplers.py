"""How is a sampler called that somebody else wrote: with a seed or without, with arrays or with tensors?"""

from __future__ import annotations

import inspect
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["call_sampler", "global_seed", "takes_option"]

_TORCH_SEEDS = 2**63  # torch.manual_seed takes no more
_NUMPY_SEEDS = 2**32


def call_sampler(sampler: Callable[..., Any], prompts: NDArray[np.int64], n: int, *, seed: int, **options: Any) -> Any:
    """What a sampler returns for prompts ``(batch, length)`` and n tokens after each.

    With a parameter ``seed`` it is called as :class:`~markovgpt.model.LanguageModel` has it, ``sampler(prompts, n,
    seed=seed)``. Without one it draws from the random numbers of the whole process, as ``generate(idx,
    max_new_tokens)`` of a torch module does: those of torch, NumPy and Python are seeded for the call, and put back.
    A method of a torch module without that parameter is given a tensor, on the device of its parameters.
    """
    if takes_option(sampler, "seed"):
        return sampler(prompts, n, seed=seed, **options)
    with global_seed(seed):
        return sampler(_as_its_own(sampler, prompts), n, **options)


def takes_option(function: Callable[..., Any], option: str) -> bool:
    """Whether a function can be given an option of this name; yes where nothing is known of it.

    >>> takes_option(lambda prompts, n: prompts, "seed"), takes_option(lambda *args, **options: args, "seed")
    (False, True)
    """
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # written in C
        return True
    return option in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


@contextmanager
def global_seed(seed: int) -> Iterator[None]:
    """Seed the random numbers of the process, of torch where it is loaded; as they were before, afterwards.

    >>> with global_seed(7):
    ...     first = random.random()
    >>> with global_seed(7):
    ...     random.random() == first
    True
    """
    torch: Any = sys.modules.get("torch")
    of_python, of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002  # the state that others draw from
    of_torch = None if torch is None else torch.get_rng_state()
    of_cuda = torch.cuda.get_rng_state_all() if torch is not None and torch.cuda.is_initialized() else None
    random.seed(seed)
    np.random.seed(seed % _NUMPY_SEEDS)  # noqa: NPY002
    if torch is not None:
        torch.manual_seed(seed % _TORCH_SEEDS)
    try:
        yield
    finally:
        random.setstate(of_python)
        np.random.set_state(of_numpy)  # noqa: NPY002
        if torch is not None:
            torch.set_rng_state(of_torch)
            if of_cuda is not None:
                torch.cuda.set_rng_state_all(of_cuda)


def _as_its_own(sampler: Callable[..., Any], prompts: NDArray[np.int64]) -> Any:
    """The prompts, as a tensor for a method of a torch module."""
    torch: Any = sys.modules.get("torch")
    owner = getattr(sampler, "__self__", None)
    if torch is None or not isinstance(owner, torch.nn.Module):
        return prompts
    device = next((parameter.device for parameter in owner.parameters()), torch.device("cpu"))
    return torch.as_tensor(prompts, device=device)
