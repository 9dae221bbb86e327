"""What is asserted about? A chain as it is, or a model, whose chain is built."""

from __future__ import annotations

from typing import Any

import numpy as np

from markovgpt.chain import MarkovChain, decode
from markovgpt.decoding import Decoding
from markovgpt.enumeration import build_chain
from markovgpt.errors import ArgumentError
from markovgpt.generation import decoding_of
from markovgpt.model import LanguageModel
from markovgpt.sparse_chain import SparseChain

__all__ = ["chain_of", "check_count", "check_number", "rule_of"]


def chain_of(subject: MarkovChain | SparseChain | LanguageModel, decoding: Decoding | None = None) -> MarkovChain:
    """The chain over all contexts.

    Raises
    ------
    ArgumentError
        Neither a chain over all contexts nor a model.
    TooManyStatesError
        The model has more states than fit: see :func:`markovgpt.build_chain`.
    """
    if isinstance(subject, SparseChain):
        raise ArgumentError(
            "This assertion is about a chain over all contexts: got a chain of reachable ones. Build it with "
            "build_chain(), or pass the model."
        )
    if isinstance(subject, MarkovChain):
        return subject if decoding is None or decoding.is_default else decode(subject, decoding)
    return build_chain(subject, decoding=decoding)


def rule_of(options: dict[str, Any]) -> Decoding:
    """The decoding rule of ``temperature=``, ``top_k=``, ``top_p=`` and ``min_p=``; temperature 0 is greedy.

    Raises
    ------
    ArgumentError
        Another name, or a value that cannot be.
    """
    known = ("temperature", "top_k", "top_p", "min_p")
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise ArgumentError(f"There is no decoding option {unknown[0]!r}. There are {', '.join(known)}.")
    return decoding_of(**options)


def check_number(name: str, value: Any, *, least: float = 0.0, most: float = np.inf) -> float:
    """A number within limits.

    Raises
    ------
    ArgumentError
        It is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not (least <= value <= most):
        limits = f"at least {least:g}" if most == np.inf else f"from {least:g} to {most:g}"
        raise ArgumentError(f"{name} is a number, {limits}: got {value!r}.", **{name: value})
    return float(value)


def check_count(name: str, value: Any, *, least: int = 0) -> int:
    """A whole number.

    Raises
    ------
    ArgumentError
        It is none, or too small.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ArgumentError(f"{name} is a whole number, at least {least}: got {value!r}.", **{name: value})
    return int(value)
