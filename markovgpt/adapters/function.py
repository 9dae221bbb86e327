"""How does a function from contexts to logits become a model?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel, check_is_model

__all__ = ["from_callable"]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _CallableModel:
    function: Callable[[NDArray[np.int64]], Any]
    vocab_size: int
    context_length: int
    tokens: tuple[str, ...] | None
    name: str

    def next_logits(self, contexts: NDArray[np.int64]) -> Any:
        return self.function(contexts[:, -self.context_length :])


def from_callable(
    function: Callable[[NDArray[np.int64]], Any],
    *,
    vocab_size: int,
    context_length: int,
    tokens: Sequence[str] | None = None,
    name: str | None = None,
) -> LanguageModel:
    """A model from a function ``(batch, length) int64 -> (batch, vocab_size)`` logits.

    Parameters
    ----------
    function : callable
        Returns logits, or log-probabilities, as a numpy array, a torch tensor or nested lists; it is given contexts of
        1 to ``context_length`` tokens: of longer texts, the last.
    vocab_size, context_length : int
        V and K.
    tokens : V texts, optional
        Labels of the tokens.
    name : str, optional
        For reports; the function's name by default.

    Raises
    ------
    ArgumentError
        The function cannot be called, or V or K is not a whole number of at least 1.

    Examples
    --------
    >>> import markovgpt as mg
    >>> fair = from_callable(lambda contexts: [[0.0, 0.0]] * len(contexts), vocab_size=2, context_length=1)
    >>> mg.build_chain(fair).row("1")
    array([0.5, 0.5])
    """
    if not callable(function):
        raise ArgumentError(f"from_callable needs a function of contexts: got {type(function).__name__}.")
    return check_is_model(
        _CallableModel(
            function=function,
            vocab_size=vocab_size,
            context_length=context_length,
            tokens=None if tokens is None else tuple(tokens),
            name=name or _name_of(function),
        )
    )


def _name_of(function: Callable[..., Any]) -> str:
    name = str(getattr(function, "__name__", type(function).__name__))
    return "function" if name == "<lambda>" else name
