"""Which contexts are the states of the chain, and how are they numbered?

A state of length L is the base-V number of its tokens, oldest first: ``t1*V^(L-1) + ... + tL``. Full-length spaces hold
the V^K contexts of length K; spaces of all lengths hold the tables of length 1, 2, ..., K one after another. All counts
are Python integers, so that a space far beyond memory can be described exactly before anything is allocated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Literal, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.errors import ArgumentError

__all__ = ["Lengths", "StateSpace", "count_digits"]

Lengths = Literal["full", "all"]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StateSpace:
    """The contexts of V tokens and length K (``lengths="full"``), or of every length 1..K (``lengths="all"``).

    Examples
    --------
    >>> StateSpace(vocab_size=2, context_length=3).n_states
    8
    >>> every = StateSpace(vocab_size=2, context_length=3, lengths="all")
    >>> every.n_states
    14
    >>> every.index((0, 1, 1)), every.context(9)
    (9, (0, 1, 1))
    >>> StateSpace(vocab_size=50257, context_length=1024).n_states == 50257**1024
    True
    """

    vocab_size: int
    context_length: int
    lengths: Lengths = "full"

    def __post_init__(self) -> None:
        for name in ("vocab_size", "context_length"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
                raise ArgumentError(f"{name} must be a whole number of at least 1: got {value!r}.", **{name: value})
            object.__setattr__(self, name, int(value))
        if self.lengths not in ("full", "all"):
            raise ArgumentError(f"lengths must be 'full' (K only) or 'all' (1..K): got {self.lengths!r}.")

    @property
    def shortest(self) -> int:
        """Length of the shortest states: K, or 1 for all lengths."""
        return self.context_length if self.lengths == "full" else 1

    @property
    def n_states(self) -> int:
        """V^K, or V + V^2 + ... + V^K."""
        return self.offset(self.context_length + 1)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of states of each length, shortest first."""
        return tuple(self.vocab_size**length for length in range(self.shortest, self.context_length + 1))

    @property
    def n_tokens(self) -> int:
        """Number of tokens of all states together."""
        lengths = range(self.shortest, self.context_length + 1)
        return sum(length * size for length, size in zip(lengths, self.sizes, strict=True))

    def offset(self, length: int) -> int:
        """Index of the first state of ``length``: the number of shorter states."""
        V, first = self.vocab_size, self.shortest
        if V == 1:
            return length - first
        return int((V**length - V**first) // (V - 1))

    def index(self, context: Iterable[int]) -> int:
        """State of a context (oldest token first).

        Raises
        ------
        ArgumentError
            The length is not one of this space, or a token is not in 0..V-1.
        """
        if not isinstance(context, Iterable):
            raise ArgumentError(f"A state is an index, a label, or its tokens: got {context!r}.", state=context)
        tokens = tuple(context)
        self._check_length(len(tokens), tokens)
        number = 0
        for place, token in enumerate(tokens):
            if not (isinstance(token, int | np.integer) and 0 <= token < self.vocab_size):
                raise ArgumentError(
                    f"Tokens are 0..{self.vocab_size - 1}: got {token!r} at position {place} of the context {tokens}.",
                    token=token,
                    position=place,
                )
            number = number * self.vocab_size + int(token)
        return self.offset(len(tokens)) + number

    def context(self, state: int) -> tuple[int, ...]:
        """Tokens of a state, oldest first: the inverse of :meth:`index`."""
        length = self.length(state)
        number = int(state) - self.offset(length)
        tokens = []
        for _ in range(length):
            number, token = divmod(number, self.vocab_size)
            tokens.append(token)
        return tuple(reversed(tokens))

    def length(self, state: int) -> int:
        """Number of tokens of a state."""
        if not 0 <= state < self.n_states:
            raise ArgumentError(f"States are 0..{self.n_states - 1}: got {state}.", state=state)
        return next(
            length for length in range(self.shortest, self.context_length + 1) if state < self.offset(length + 1)
        )

    def contexts(self, length: int, start: int, stop: int) -> NDArray[np.int64]:
        """The contexts number ``start`` up to ``stop`` of one length, ``(stop - start, length)``."""
        numbers = np.arange(start, stop, dtype=np.int64)  # (n,)
        weights = self.vocab_size ** np.arange(length - 1, -1, -1, dtype=np.int64)  # (length,)
        return numbers[:, None] // weights % self.vocab_size  # (n, length)

    def successors(self, states: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where each token leads, ``(n,) -> (n, V)``; a full-length state drops its oldest token, a shorter grows."""
        V, K = self.vocab_size, self.context_length
        outside = states[(states < 0) | (states >= self.n_states)]
        if outside.size:
            raise ArgumentError(f"States are 0..{self.n_states - 1}: got {outside[0]}.", state=int(outside[0]))
        tokens = np.arange(V, dtype=np.int64)  # (V,)
        result = np.empty((len(states), V), dtype=np.int64)  # (n, V)
        for length in range(self.shortest, K + 1):
            first, after = self.offset(length), self.offset(length + 1)
            here = (states >= first) & (states < after)  # (n,)
            numbers = (states[here] - first)[:, None] * V + tokens  # (m, V)
            result[here] = first + numbers % V**K if length == K else after + numbers
        return result

    def states_of(self, tokens: NDArray[np.int64], length: int) -> NDArray[np.int64]:
        """State of every window of ``length`` tokens of a sequence, ``(n,) -> (n - length + 1,)``."""
        self._check_length(length, ())
        n = len(tokens) - length + 1
        numbers = np.zeros(max(n, 0), dtype=np.int64)  # (n - length + 1,)
        for place in range(length):
            numbers = numbers * self.vocab_size + tokens[place : place + len(numbers)]
        return self.offset(length) + numbers

    def _check_length(self, length: int, tokens: Sequence[int]) -> None:
        if not self.shortest <= length <= self.context_length:
            allowed = str(self.context_length) if self.lengths == "full" else f"1 to {self.context_length}"
            raise ArgumentError(
                f"A state of this chain has {allowed} tokens: got {length}{f' in {tuple(tokens)}' if tokens else ''}.",
                length=length,
            )


def count_digits(vocab_size: int, context_length: int) -> int:
    """Number of decimal digits of V^K, without computing V^K.

    Exact: for V a power of ten V^K is a one and zeros; for any other V > 1, ``K * log10(V)`` is irrational, and
    Decimal is given twenty digits more than the integer part needs.

    >>> count_digits(2, 10), count_digits(10, 3), count_digits(50257, 1024)
    (4, 4, 4815)
    """
    space = StateSpace(vocab_size=vocab_size, context_length=context_length)
    digits = str(space.vocab_size)
    if digits.strip("0") == "1":
        return (len(digits) - 1) * space.context_length + 1
    with localcontext() as context:
        context.prec = len(str(space.context_length)) + len(digits) + 20
        return int(Decimal(space.vocab_size).log10() * space.context_length) + 1
