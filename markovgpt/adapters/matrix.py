"""How does a table of probabilities become a model?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from markovgpt.chain import MarkovChain
from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel
from markovgpt.statespace import Lengths
from markovgpt.table import chain_from_table

__all__ = ["from_matrix"]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _TableModel:
    chain: MarkovChain
    name: str

    @property
    def vocab_size(self) -> int:
        return self.chain.states.vocab_size

    @property
    def context_length(self) -> int:
        return self.chain.states.context_length

    @property
    def tokens(self) -> tuple[str, ...]:
        return self.chain.vocabulary.tokens

    @property
    def row_defect(self) -> float:
        return self.chain.origin.row_defect

    @property
    def fingerprint(self) -> str:
        return self.chain.fingerprint

    def next_logits(self, contexts: NDArray[np.int64]) -> NDArray[np.float64]:
        states = self.chain.states
        length = contexts.shape[1]
        if length < states.shortest:
            raise ArgumentError(
                f"The table of {self.name} has contexts of {states.shortest} tokens only: got {length}. For shorter "
                'ones give a table of all lengths: from_matrix(table, lengths="all").'
            )
        weights = states.vocab_size ** np.arange(length - 1, -1, -1)  # (length,)
        with np.errstate(divide="ignore"):
            logits: NDArray[np.float64] = np.log(self.chain.probabilities[states.offset(length) + contexts @ weights])
        return logits  # (batch, V)


def from_matrix(
    table: ArrayLike, *, lengths: Lengths = "full", tokens: Sequence[str] | None = None, name: str = "table"
) -> LanguageModel:
    """A model whose law is a table of probabilities: the inverse of :func:`markovgpt.build_chain`.

    Parameters
    ----------
    table : (V**K, V) probabilities, or (V + ... + V**K, V) with ``lengths="all"``
        As for :func:`markovgpt.chain_from_table`, and so are the errors.
    lengths : "full" or "all"
        Which contexts the rows are; with "full" shorter contexts have no law.
    tokens, name
        Labels of the tokens; name for reports.

    Examples
    --------
    >>> import markovgpt as mg
    >>> model = from_matrix([[0.9, 0.1], [0.4, 0.6]])
    >>> mg.build_chain(model).row("1").round(12)
    array([0.4, 0.6])
    """
    return _TableModel(chain=chain_from_table(table, lengths=lengths, tokens=tokens), name=name)
