"""What is the exact law after a context: read in a chain, or asked of the model for those contexts alone?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

import numpy as np
from numpy.typing import NDArray

from markovgpt.answers import next_token_logits
from markovgpt.chain import MarkovChain
from markovgpt.decoding import Decoding
from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel, check_is_model, model_name, vocabulary_of
from markovgpt.sparse_chain import SparseChain

__all__ = ["Reference"]

Integers = NDArray[np.int64]
Table = NDArray[np.float64]

_CELLS = 2**22  # entries of a block of rows
_CONTEXTS_A_CALL = 2048


@final
class Reference:
    """Exact laws of a chain or a model under a decoding rule.

    Parameters
    ----------
    source : MarkovChain or LanguageModel
        A model is asked about single contexts: V^K may be any number.
    decoding : Decoding, optional
        Applied to the laws; that of a chain that was decoded already stays as it is.

    Raises
    ------
    ArgumentError
        Neither a chain nor a model; a chain of reachable contexts, whose ends have no tokens; a chain that was decoded,
        and another rule.
    """

    def __init__(self, source: MarkovChain | SparseChain | LanguageModel, decoding: Decoding | None = None) -> None:
        if isinstance(source, SparseChain):
            raise ArgumentError(
                "Samples are held against the chain of all contexts, or against the model itself: got a chain of "
                "reachable contexts. Pass the model."
            )
        self.rule = decoding or Decoding()
        self._chain = source if isinstance(source, MarkovChain) else None
        self._model = None if isinstance(source, MarkovChain) else check_is_model(source)
        if self._chain is not None:
            self.name = self._chain.origin.model
            self.vocabulary, self.context_length = self._chain.vocabulary, self._chain.context_length
            before = self._chain.origin.decoding
            if not before.is_default and not self.rule.is_default:
                raise ArgumentError(
                    f"This chain was decoded already ({before.describe()}). Pass the chain that was built without "
                    "decoding, and the rule; or the decoded chain alone."
                )
            self.described = (before if self.rule.is_default else self.rule).describe()
        elif self._model is not None:
            self.name, self.vocabulary = model_name(self._model), vocabulary_of(self._model)
            self.context_length = int(self._model.context_length)
            self.described = self.rule.describe()

    @property
    def vocab_size(self) -> int:
        """V."""
        return len(self.vocabulary)

    @property
    def n_states(self) -> int | None:
        """States of the chain; None for a model, which is asked."""
        return None if self._chain is None else self._chain.n_states

    def logs(self, contexts: Integers) -> Table:
        """Logarithms of the undecoded laws of contexts of one length, ``(m, length) -> (m, V)``."""
        if self._chain is not None:
            with np.errstate(divide="ignore"):
                return np.asarray(np.log(self._rows(self._chain, contexts)))
        assert self._model is not None
        step = int(getattr(self._model, "contexts_per_call", None) or _CONTEXTS_A_CALL)
        parts = [
            next_token_logits(self._model, contexts[begin : begin + step].copy())
            for begin in range(0, len(contexts), step)
        ]
        return np.concatenate(parts)

    def laws(self, contexts: Integers) -> Table:
        """Laws that tokens are drawn from after contexts of one length, ``(m, length) -> (m, V)``."""
        if self._chain is not None and self.rule.is_default:
            return self._rows(self._chain, contexts)
        return self.rule.apply(self.logs(contexts))

    def blocks(self, contexts: Integers) -> Iterator[tuple[int, int, Table]]:
        """Laws of many contexts, as many at a time as fit: begin, end, and the laws between."""
        step = max(1, _CELLS // self.vocab_size)
        for begin in range(0, len(contexts), step):
            stop = min(begin + step, len(contexts))
            yield begin, stop, self.laws(contexts[begin:stop])

    @staticmethod
    def _rows(chain: MarkovChain, contexts: Integers) -> Table:
        length = contexts.shape[1]
        if not chain.states.shortest <= length <= chain.context_length:
            chain.states.index(contexts[0].tolist())  # raises, and says which lengths there are
        weights = chain.vocab_size ** np.arange(length - 1, -1, -1, dtype=np.int64)  # (length,)
        rows: Table = chain.probabilities[chain.states.offset(length) + contexts @ weights]
        return rows
