"""What comes next after a context: read in a chain, in the rows of a walk, or asked of the model itself?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.answers import next_token_logits
from markovgpt.chain import MarkovChain
from markovgpt.decoding import Decoding
from markovgpt.errors import ArgumentError, NotComputedError
from markovgpt.model import LanguageModel, Progress, check_is_model
from markovgpt.ngrams import CountTable, NgramCounts
from markovgpt.sparse_chain import SparseChain

__all__ = ["Laws", "blocks_of_rows", "check_same_tokens", "laws_of", "probabilities_of_entries"]

Integers = NDArray[np.int64]
Table = NDArray[np.float64]

_CELLS = 2**22  # entries of a block of rows
_CONTEXTS_A_CALL = 2048  # of a model


class Laws(Protocol):
    """Next-token laws by context; a context is given by its length and its number in base V, oldest token first.

    Attributes
    ----------
    vocab_size, context_length : int
        V and K.
    lengths : range
        Lengths of the contexts that have a law; K is the last.
    n_states : int, or None
        How many contexts have one; None for a model, which is asked.
    most_rows : int
        Rows that are asked for at a time.
    """

    @property
    def vocab_size(self) -> int: ...
    @property
    def context_length(self) -> int: ...
    @property
    def lengths(self) -> range: ...
    @property
    def n_states(self) -> int | None: ...
    @property
    def most_rows(self) -> int: ...

    def find(self, length: int, contexts: Integers) -> Integers:
        """States of some contexts of one length, ``(m,) -> (m,)``; -1 where there is no law."""
        ...

    def rows(self, states: Integers) -> Table:
        """Laws of some states, ``(b,) -> (b, V)``; of a walk ``(b, V + 1)``, the last column for what is cut off."""
        ...


def laws_of(source: MarkovChain | SparseChain | LanguageModel) -> Laws:
    """The laws of a chain or a model.

    Raises
    ------
    ArgumentError
        It is neither.
    """
    if isinstance(source, MarkovChain):
        return _ChainLaws(source)
    return _WalkLaws(source) if isinstance(source, SparseChain) else _ModelLaws(check_is_model(source))


def check_same_tokens(laws: Laws, counts: NgramCounts) -> None:
    """Refuse counts that say nothing about these laws.

    Raises
    ------
    ArgumentError
        They are of other tokens, or of shorter contexts.
    """
    if not isinstance(counts, NgramCounts):
        raise ArgumentError(
            "Data are compared as counts, count_ngrams(tokens, vocab_size=..., context_length=...): got "
            f"{type(counts).__name__}."
        )
    if laws.vocab_size != counts.vocab_size:
        raise ArgumentError(
            f"The model has {laws.vocab_size:,} tokens, the counts are of {counts.vocab_size:,}. Count with the "
            "model's vocab_size, over its own tokens.",
            model=laws.vocab_size,
            counts=counts.vocab_size,
        )
    if laws.context_length > counts.context_length:
        raise ArgumentError(
            f"The model looks at {laws.context_length} tokens, the counts at {counts.context_length}: they do not say "
            f"what follows its contexts. Count with context_length={laws.context_length} or more.",
            model=laws.context_length,
            counts=counts.context_length,
        )


def blocks_of_rows(
    laws: Laws, states: Integers, *, most: int = _CELLS, progress: Progress | None = None
) -> Iterator[tuple[slice, Table]]:
    """The rows of many states ``(m,)``, at most ``most`` at a time: their number is limited by patience only."""
    step = max(1, min(most, laws.most_rows, _CELLS // laws.vocab_size))
    for begin in range(0, len(states), step):
        here = slice(begin, min(begin + step, len(states)))
        yield here, laws.rows(states[here])
        if progress is not None:
            progress("comparing with the data", here.stop, len(states))


def probabilities_of_entries(
    laws: Laws, states: Integers, table: CountTable, *, progress: Progress | None = None
) -> Table:
    """What the laws of m states give to the stored entries of m rows of counts, ``(e,)``."""
    found = np.empty(len(table.tokens))
    for here, rows in blocks_of_rows(laws, states, progress=progress):
        which, entries = table.entries(np.arange(here.start, here.stop))
        found[entries] = rows[which, table.tokens[entries]]
    return found


@final
class _ChainLaws:
    most_rows = _CELLS

    def __init__(self, chain: MarkovChain) -> None:
        self._chain = chain
        self.vocab_size, self.context_length = chain.vocab_size, chain.context_length
        self.lengths = range(chain.states.shortest, chain.context_length + 1)
        self.n_states = chain.n_states

    def find(self, length: int, contexts: Integers) -> Integers:
        return contexts + self._chain.states.offset(length)

    def rows(self, states: Integers) -> Table:
        rows: Table = self._chain.probabilities[states]
        return rows


@final
class _WalkLaws:
    most_rows = _CELLS

    def __init__(self, chain: SparseChain) -> None:
        self._chain = chain
        self.vocab_size, self.context_length = chain.vocab_size, chain.context_length
        self._sizes = (chain.contexts >= 0).sum(axis=1)  # (m,)
        self.lengths = range(int(self._sizes.min()), self.context_length + 1)
        self.n_states = len(chain.contexts)

    def find(self, length: int, contexts: Integers) -> Integers:
        states = np.flatnonzero(self._sizes == length)
        weights = self.vocab_size ** np.arange(length - 1, -1, -1, dtype=np.int64)  # (length,)
        numbers = self._chain.contexts[states][:, -length:] @ weights
        if not len(states):
            return np.full(len(contexts), -1, dtype=np.int64)
        order = np.argsort(numbers)
        places = order[np.minimum(np.searchsorted(numbers, contexts, sorter=order), len(order) - 1)]
        return np.where(numbers[places] == contexts, states[places], -1).astype(np.int64)

    def rows(self, states: Integers) -> Table:
        matrix = self._chain.matrix
        begin, lengths = matrix.indptr[states], np.diff(matrix.indptr)[states]  # (b,)
        which = np.repeat(np.arange(len(states)), lengths)  # (a,) arrows
        arrows = np.arange(lengths.sum()) + np.repeat(begin - np.cumsum(lengths) + lengths, lengths)
        tokens = self._chain.arrow_tokens[arrows]  # (a,)
        shared = (tokens < 0) & (matrix.indices[arrows] < len(self._chain.contexts))
        if shared.any():
            state = int(states[which[np.argmax(shared)]])
            raise NotComputedError(
                f"Two tokens lead from state {self._chain.label(state)!r} to the same state, and the chain has one "
                "probability for both. Compare the model itself with the data."
            )
        rows = np.zeros((len(states), self.vocab_size + 1))
        rows[which, np.where(tokens < 0, self.vocab_size, tokens)] = matrix.data[arrows]
        return rows


@final
class _ModelLaws:
    most_rows = _CONTEXTS_A_CALL
    n_states = None

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self.vocab_size, self.context_length = int(model.vocab_size), int(model.context_length)
        self.lengths = range(self.context_length, self.context_length + 1)

    def find(self, length: int, contexts: Integers) -> Integers:  # noqa: ARG002  # it has one length only
        return contexts

    def rows(self, states: Integers) -> Table:
        weights = self.vocab_size ** np.arange(self.context_length - 1, -1, -1, dtype=np.int64)  # (K,)
        contexts = states[:, None] // weights % self.vocab_size  # (b, K)
        return Decoding().apply(next_token_logits(self._model, contexts))
