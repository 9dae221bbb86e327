"""What has a breadth-first walk over contexts met so far, and which chain does that make?"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log2
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from markovgpt.origin import Origin
from markovgpt.sparse_chain import ELSEWHERE, END, SparseChain
from markovgpt.vocabulary import Vocabulary

__all__ = ["END_TARGET", "Walk"]

END_TARGET, _ELSEWHERE = -1, -2  # targets that are no contexts, until the walk is over


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Arrows:
    """Arrows between contexts; ``grown`` are the contexts that they lead to."""

    sources: NDArray[np.int64]  # (a,)
    tokens: NDArray[np.int64]  # (a,)
    probabilities: NDArray[np.float64]  # (a,)
    targets: NDArray[np.int64]  # (a,)
    grown: NDArray[np.int64]  # (a, length)

    @classmethod
    def joined(cls, parts: list[_Arrows]) -> _Arrows:
        """All parts one after another."""
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in cls.__slots__})

    def only(self, kept: NDArray[np.bool_]) -> _Arrows:
        """Some of the arrows, without the contexts that they lead to, which have numbers now."""
        return _Arrows(
            sources=self.sources[kept],
            tokens=self.tokens[kept],
            probabilities=self.probabilities[kept],
            targets=self.targets[kept],
            grown=np.empty((0, 0), dtype=np.int64),
        )


@dataclass(kw_only=True)
class Walk:
    """Contexts met so far, numbered as they are met, and the arrows out of those that were asked, in that order.

    A level of contexts is asked in batches (:meth:`leave`) and then closed (:meth:`close_level`), when it is known how
    likely the walk gets to each context of the next level.
    """

    vocab_size: int
    context_length: int
    end: int | None
    end_target: int
    min_probability: float = 0.0
    min_reach: float = 0.0
    numbers: dict[int, dict[Any, int]] = field(default_factory=dict)  # length to key to state
    contexts: NDArray[np.int64] = field(init=False)  # (m, K), filled with -1 on the left
    reach: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))  # (m,) at the depth of the first visit
    cut: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))  # of the contexts that were asked
    arrows: list[_Arrows] = field(default_factory=list)  # of closed levels
    _level: list[_Arrows] = field(default_factory=list)  # of the batches of the open one
    _growing: bool = True  # whether the contexts of the open level are shorter than K

    def __post_init__(self) -> None:
        self.contexts = np.empty((0, self.context_length), dtype=np.int64)

    def begin(self, start: tuple[int, ...]) -> NDArray[np.int64]:
        """The first level: the start alone, ``(1, length)``."""
        first = np.array([start], dtype=np.int64)
        self._number(first, self._keys(first), np.ones(1))
        return first

    def leave(self, contexts: NDArray[np.int64], law: NDArray[np.float64], outside: NDArray[np.float64]) -> None:
        """Note the arrows out of the next contexts ``(b, length)`` of the level, with laws ``(b, V)``."""
        kept = (law > 0) & (law >= self.min_probability)  # (b, V)
        kept[np.arange(len(law)), law.argmax(axis=1)] = True
        rows, tokens = np.nonzero(kept)  # (a,) each
        grown = np.concatenate([contexts[rows], tokens[:, None]], axis=1)[:, -self.context_length :]  # (a, length')
        inside = 1 - outside  # (b,)
        self._growing = contexts.shape[1] < self.context_length
        self._level.append(
            _Arrows(
                sources=rows + len(self.cut),
                tokens=tokens.astype(np.int64),
                probabilities=(law * inside[:, None])[kept],
                targets=np.full(len(tokens), self.end_target, dtype=np.int64),
                grown=np.ascontiguousarray(grown, dtype=np.int64),
            )
        )
        self.cut = np.concatenate([self.cut, outside + inside * np.where(kept, 0.0, law).sum(axis=1)])

    def at_least(self) -> int:
        """A number of contexts that the walk is sure to have, those that the open level leads to included."""
        if self.min_reach > 0 or not self._level:
            return len(self.contexts)
        arrows = sum(int((part.tokens != (-1 if self.end is None else self.end)).sum()) for part in self._level)
        sharing = 1 if self._growing else self.vocab_size  # most contexts that lead to the same one
        return max(len(self.contexts), arrows // sharing)

    def close_level(self) -> NDArray[np.int64]:
        """Number the contexts that the level leads to; returns those not met before, ``(m, length')``."""
        level = _Arrows.joined(self._level)
        self._level.clear()
        inner = level.tokens != (-1 if self.end is None else self.end)  # (a,) arrows that lead to a context
        grown = level.grown[inner]  # (a', length')
        keys, first, which = np.unique(self._keys(grown), return_index=True, return_inverse=True)  # (d,), (d,), (a',)
        flow = self.reach[level.sources] * level.probabilities  # (a,)
        mass = np.bincount(which, weights=flow[inner], minlength=len(keys))  # (d,)
        numbers = self.numbers.setdefault(grown.shape[1], {})
        met = np.array([key in numbers for key in keys.tolist()], dtype=bool)  # (d,)
        wanted = met | (mass >= self.min_reach)
        wanted[which[self._likeliest_of_stranded(level, inner, wanted[which])]] = True
        new = np.flatnonzero(wanted & ~met)  # (m,)
        new = new[np.argsort(first[new])]  # in the order of the walk
        contexts = grown[first[new]]  # (m, length')
        self._number(contexts, keys[new], mass[new].astype(np.float64))
        level.targets[inner] = np.array([numbers.get(key, -1) for key in keys.tolist()], dtype=np.int64)[which]
        kept = ~inner
        kept[inner] = wanted[which]
        self.cut += np.bincount(level.sources[~kept], weights=level.probabilities[~kept], minlength=len(self.cut))
        self.arrows.append(level.only(kept))
        level_after: NDArray[np.int64] = contexts
        return level_after

    def _number(self, contexts: NDArray[np.int64], keys: NDArray[Any], reach: NDArray[np.float64]) -> None:
        m, length = contexts.shape
        known = len(self.contexts)
        self.numbers.setdefault(length, {}).update(zip(keys.tolist(), range(known, known + m), strict=True))
        filled = np.full((m, self.context_length), -1, dtype=np.int64)
        filled[:, self.context_length - length :] = contexts
        self.contexts = np.concatenate([self.contexts, filled])
        self.reach = np.concatenate([self.reach, reach])

    def _keys(self, contexts: NDArray[np.int64]) -> NDArray[Any]:
        """One value a context ``(m, length)``, equal for equal ones: a number where 64 bits hold it, else its bytes."""
        length = contexts.shape[1]
        if length * log2(self.vocab_size) < 62:
            weights = self.vocab_size ** np.arange(length - 1, -1, -1, dtype=np.int64)  # (length,)
            numbers: NDArray[Any] = contexts @ weights
            return numbers
        rows = np.ascontiguousarray(contexts)
        as_bytes: NDArray[Any] = rows.view(np.dtype((np.void, rows.itemsize * length))).ravel()
        return as_bytes

    def _likeliest_of_stranded(
        self, level: _Arrows, inner: NDArray[np.bool_], wanted: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """Among the arrows to contexts, the likeliest of each source that would be left without any arrow."""
        n_kept = np.bincount(level.sources[~inner], minlength=len(self.cut))
        n_kept += np.bincount(level.sources[inner], weights=wanted, minlength=len(self.cut)).astype(np.int64)
        candidates = np.flatnonzero(n_kept[level.sources[inner]] == 0)  # places among the inner arrows
        sources, p = level.sources[inner][candidates], level.probabilities[inner][candidates]
        order = np.lexsort((-p, sources))
        _, first = np.unique(sources[order], return_index=True)
        return candidates[order[first]]

    def chain(self, vocabulary: Vocabulary, origin: Origin, *, absorb: bool) -> SparseChain:
        """The chain, once no context is left to be asked."""
        every = _Arrows.joined(self.arrows)
        sources, targets, tokens = every.sources, every.targets, every.tokens  # (a,) each
        cut, m = self.cut, len(self.contexts)
        kept = np.bincount(sources, weights=every.probabilities, minlength=m)  # (m,)
        weights = every.probabilities / kept[sources]  # (a,)
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
            contexts=self.contexts,
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
