"""What has a breadth-first walk over contexts met so far, and which chain does that make?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from markovgpt.chain import Origin
from markovgpt.sparse_chain import ELSEWHERE, END, SparseChain
from markovgpt.vocabulary import Vocabulary

__all__ = ["END_TARGET", "Walk"]

END_TARGET, _ELSEWHERE = -1, -2  # targets that are no contexts, until the walk is over


@dataclass(kw_only=True)
class Walk:
    """Contexts met so far, numbered as they are met, and the arrows out of those that were asked, in that order."""

    context_length: int
    end: int | None
    end_target: int
    states: dict[bytes, int] = field(default_factory=dict)
    contexts: list[NDArray[np.int64]] = field(default_factory=list)  # (K,) each, filled with -1 on the left
    cut: list[float] = field(default_factory=list)  # of the contexts that were asked
    sources: list[NDArray[np.int64]] = field(default_factory=list)
    targets: list[NDArray[np.int64]] = field(default_factory=list)
    tokens: list[NDArray[np.int64]] = field(default_factory=list)
    weights: list[NDArray[np.float64]] = field(default_factory=list)

    def visit(self, contexts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The states of contexts ``(m, length)``, and those contexts that were not met before."""
        states, new = [], []
        for row in contexts:
            state = self.states.setdefault(row.tobytes(), len(self.states))
            states.append(state)
            if state == len(self.contexts):
                filled = np.full(self.context_length, -1, dtype=np.int64)
                filled[-len(row) :] = row
                self.contexts.append(filled)
                new.append(row)
        return np.array(states, dtype=np.int64), np.array(new, dtype=np.int64).reshape(len(new), contexts.shape[1])

    def leave(
        self,
        contexts: NDArray[np.int64],
        law: NDArray[np.float64],
        outside: NDArray[np.float64],
        min_probability: float,
    ) -> NDArray[np.int64]:
        """Note the arrows out of contexts ``(b, length)`` with laws ``(b, V)``; returns contexts not met before."""
        kept = (law > 0) & (law >= min_probability)  # (b, V)
        kept[np.arange(len(law)), law.argmax(axis=1)] = True
        dropped = np.where(kept, 0.0, law).sum(axis=1)  # (b,)
        sources, tokens = np.nonzero(kept)  # (a,) each
        grown = np.concatenate([contexts[sources], tokens[:, None]], axis=1)[:, -self.context_length :]  # (a, length')
        ends = tokens == (-1 if self.end is None else self.end)  # (a,)
        targets = np.full(len(tokens), self.end_target, dtype=np.int64)  # (a,)
        targets[~ends], new = self.visit(np.ascontiguousarray(grown[~ends], dtype=np.int64))
        self.sources.append(sources + len(self.cut))
        self.targets.append(targets)
        self.tokens.append(tokens.astype(np.int64))
        self.weights.append((law / np.where(kept, law, 0.0).sum(axis=1, keepdims=True))[kept])
        self.cut.extend((outside + (1 - outside) * dropped).tolist())
        return new

    def chain(self, vocabulary: Vocabulary, origin: Origin, *, absorb: bool) -> SparseChain:
        """The chain, once no context is left to be asked."""
        sources, targets = np.concatenate(self.sources), np.concatenate(self.targets)  # (a,)
        tokens, weights = np.concatenate(self.tokens), np.concatenate(self.weights)  # (a,)
        cut, m = np.array(self.cut), len(self.contexts)
        if absorb:
            leaving = np.flatnonzero(cut > 0)
            weights = np.concatenate([weights * (1 - cut[sources]), cut[leaving]])
            sources = np.concatenate([sources, leaving])
            targets = np.concatenate([targets, np.full(len(leaving), _ELSEWHERE)])
            tokens = np.concatenate([tokens, np.full(len(leaving), -1)])
        special: list[str] = []
        for name, placeholder in ((END, END_TARGET), (ELSEWHERE, _ELSEWHERE)):
            if (targets == placeholder).any():
                here = m + len(special)
                targets[targets == placeholder] = here
                special.append(name)
                sources, targets = np.append(sources, here), np.append(targets, here)
                tokens, weights = np.append(tokens, -1), np.append(weights, 1.0)
        matrix, arrow_tokens = _assemble(sources, targets, tokens, weights, m + len(special))
        return SparseChain(
            matrix=matrix,
            arrow_tokens=arrow_tokens,
            contexts=np.stack(self.contexts),
            special=tuple(special),
            cut=np.concatenate([cut, np.zeros(len(special))]),
            vocabulary=vocabulary,
            origin=origin,
        )


def _assemble(
    sources: NDArray[np.int64],
    targets: NDArray[np.int64],
    tokens: NDArray[np.int64],
    weights: NDArray[np.float64],
    n: int,
) -> tuple[csr_array[Any], NDArray[np.int64]]:
    """The matrix, and the token of each entry: -1 where two tokens lead to the same state."""
    order = np.lexsort((targets, sources))  # (a,) by rows, then columns
    sources, targets, tokens, weights = sources[order], targets[order], tokens[order], weights[order]
    first = np.ones(len(order), dtype=bool)  # (a,) the first arrow of each entry
    first[1:] = (sources[1:] != sources[:-1]) | (targets[1:] != targets[:-1])
    entry = np.cumsum(first) - 1  # (a,)
    data = np.bincount(entry, weights=weights)  # (nnz,)
    arrow_tokens = np.where(np.bincount(entry) > 1, -1, tokens[first])  # (nnz,)
    counts = np.concatenate(([0], np.cumsum(np.bincount(sources[first], minlength=n))))  # (n + 1,)
    matrix = csr_array((data, targets[first], counts), shape=(n, n))
    matrix.has_sorted_indices = True
    return matrix, arrow_tokens
