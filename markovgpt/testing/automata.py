"""When has a pattern been read? The automaton of one or several patterns over tokens."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.chain import MarkovChain
from markovgpt.errors import ArgumentError, DataError

__all__ = ["Pattern", "Patterns", "patterns_of"]

Integers = NDArray[np.int64]

Pattern = str | Sequence[int]
"""A text or label, or token numbers."""


@final
@dataclass(frozen=True, eq=False, slots=True)
class Patterns:
    """An automaton that reads tokens and says when one of the patterns has been read.

    Attributes
    ----------
    texts : tuple of tuples of tokens
        The patterns.
    steps : (q, V) int64
        Next state by token; 0 is the start.
    accepts : (q, V) bool
        Whether a pattern ends with that token.
    """

    texts: tuple[tuple[int, ...], ...]
    steps: Integers
    accepts: NDArray[np.bool_]

    def after(self, contexts: Integers) -> Integers:
        """State after reading each context, ``(m, length) -> (m,)``."""
        states = np.zeros(len(contexts), dtype=np.int64)
        for column in contexts.T:
            states = self.steps[states, column]
        return states


def patterns_of(chain: MarkovChain, pattern: Pattern | Sequence[Pattern]) -> Patterns:
    """The automaton (Aho and Corasick) of one or several patterns: texts, labels, or token numbers.

    Raises
    ------
    ArgumentError
        No pattern, an empty one, or one with other tokens.

    Examples
    --------
    >>> import markovgpt as mg
    >>> found = patterns_of(mg.chain_from_table([[0.5, 0.5], [0.5, 0.5]]), "11")
    >>> found.steps.tolist(), found.accepts.tolist()
    ([[0, 1], [0, 2], [0, 2]], [[False, False], [False, True], [False, True]])
    """
    given: Sequence[Any] = [pattern] if isinstance(pattern, str) or _is_tokens(pattern) else pattern
    texts = tuple(_tokens(chain, text) for text in given)
    if not texts or not all(texts):
        raise ArgumentError(f"A pattern is a text or tokens, at least one: got {pattern!r}.")
    children: list[dict[int, int]] = [{}]  # of each node, a beginning of patterns
    ends = [False]
    for text in texts:
        node = 0
        for token in text:
            if token not in children[node]:
                children[node][token] = len(children)
                children.append({})
                ends.append(False)
            node = children[node][token]
        ends[node] = True
    steps = np.zeros((len(children), chain.vocab_size), dtype=np.int64)
    falls = [0] * len(children)  # the longest proper end of a node that is a node
    queue = deque([0])
    while queue:
        node = queue.popleft()
        if node:
            steps[node] = steps[falls[node]]
        for token, child in children[node].items():
            falls[child] = int(steps[node, token])
            steps[node, token] = child
            ends[child] = ends[child] or ends[falls[child]]
            queue.append(child)
    return Patterns(texts, steps, np.array(ends)[steps])


def _is_tokens(pattern: Sequence[Any]) -> bool:
    return all(isinstance(token, int | np.integer) for token in pattern)


def _tokens(chain: MarkovChain, text: Pattern) -> tuple[int, ...]:
    if isinstance(text, str):
        try:
            return tuple(chain.vocabulary.encode(text).tolist())
        except DataError:
            return chain.vocabulary.parse(text)
    tokens = tuple(text)
    for token in tokens:
        if isinstance(token, bool) or not isinstance(token, int | np.integer) or not 0 <= token < chain.vocab_size:
            raise ArgumentError(f"A pattern consists of tokens 0..{chain.vocab_size - 1}: got {token!r}.", token=token)
    return tuple(int(token) for token in tokens)
