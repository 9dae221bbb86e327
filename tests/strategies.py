"""Random contexts, tables, chains and vocabularies for the properties in ``tests/laws`` and the oracles."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from markovgpt import Decoding, MarkovChain, StateSpace, Vocabulary, chain_from_table

__all__ = [
    "chains",
    "distributions",
    "logit_tables",
    "rules",
    "spaces",
    "table_of_logits",
    "tables",
    "vectors",
    "vocabularies",
]

_LENGTHS = st.sampled_from(["full", "all"])

_TEXTS = st.one_of(
    st.sampled_from(["", " ", "\n", "\t", "\r", "\x00", "\x7f", "\u200b", "\u2028", "\ue000", "\ue0001", "\U000e0001"]),
    st.sampled_from(
        ["␣", "⏎", "⇥", "∅", "\\u0020", "\\u000a", "\\empty", "\\n", "\\x00", "\\", "\ud800", "é", "e\u0301"]
    ),
    st.sampled_from(["a", "b", "ab", "a b", "a␣b", "a\nb", "a⏎b", " a", "a ", "a#0", "#", "#1", "0", "1", "10"]),
)
"""Texts that look like each other, like their own escapes, or like nothing at all."""


def spaces(*, lengths: st.SearchStrategy[Any] = _LENGTHS) -> st.SearchStrategy[StateSpace]:
    """Small state spaces, those of one token and of one position included."""
    every = st.builds(StateSpace, vocab_size=st.integers(1, 5), context_length=st.integers(1, 4), lengths=lengths)
    return every.filter(lambda space: space.n_states <= 64)


@st.composite
def tables(draw: st.DrawFn, space: StateSpace) -> np.ndarray:
    """``(n, V)`` probabilities: small whole weights, so that zeros and ties are common, or weights of any scale."""
    shape = (space.n_states, space.vocab_size)
    elements: st.SearchStrategy[Any] = draw(
        st.sampled_from([st.integers(0, 3).map(float), st.floats(0, 1), st.integers(-60, 0).map(lambda e: 10.0**e)])
    )
    weights = draw(hnp.arrays(np.float64, shape, elements=elements))  # (n, V)
    weights[weights < 1e-60] = 0.0  # products of a few must not underflow: that is a question of its own
    weights[weights.sum(axis=1) == 0, 0] = 1.0  # a row of zeros is no law
    return weights / weights.sum(axis=1, keepdims=True)


@st.composite
def chains(draw: st.DrawFn, *, lengths: st.SearchStrategy[Any] = _LENGTHS) -> MarkovChain:
    """Chains of small tables, reducible and periodic ones included."""
    space = draw(spaces(lengths=lengths).filter(lambda s: s.vocab_size > 1))
    return chain_from_table(draw(tables(space)), lengths=space.lengths)


def vectors(n: int) -> st.SearchStrategy[np.ndarray]:
    """``(n,)`` numbers of either sign."""
    return hnp.arrays(np.float64, n, elements=st.floats(-1e6, 1e6))


def distributions(n: int) -> st.SearchStrategy[np.ndarray]:
    """``(n,)`` probabilities that sum to 1 up to rounding."""
    weights = hnp.arrays(np.float64, n, elements=st.integers(0, 9).map(float))
    return weights.map(lambda w: (w + (w.sum() == 0)) / (w + (w.sum() == 0)).sum())


@st.composite
def logit_tables(draw: st.DrawFn, *, most: float = 30.0) -> np.ndarray:
    """``(n, V)`` logits, with ties; minus infinity beside a finite entry."""
    n, V = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    distinct = st.floats(-most, most).map(lambda z: round(z, 6))  # or equal: nearer ones tie as probabilities only
    elements: st.SearchStrategy[Any] = st.one_of(st.integers(-3, 3).map(float), distinct, st.just(-np.inf))
    logits = draw(hnp.arrays(np.float64, (n, V), elements=elements))  # (n, V)
    logits[np.isneginf(logits).all(axis=1), 0] = 0.0
    return logits


def table_of_logits(logits: np.ndarray) -> np.ndarray:
    """The softmax of every row, as the textbook has it: ``(n, V) -> (n, V)``."""
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def vocabularies(*, least: int = 1) -> st.SearchStrategy[Vocabulary]:
    """Vocabularies of texts that are easily confused."""
    texts = st.lists(st.one_of(_TEXTS, st.text(max_size=3)), min_size=least, max_size=8, unique=True)
    return texts.map(lambda tokens: Vocabulary(tokens=tuple(tokens)))


def rules() -> st.SearchStrategy[Decoding]:
    """Decoding rules of every kind and mixture."""
    return st.builds(
        Decoding,
        temperature=st.one_of(st.just(1.0), st.floats(0.05, 20)),
        top_k=st.one_of(st.none(), st.integers(1, 7)),
        top_p=st.one_of(st.none(), st.floats(0.01, 1)),
        min_p=st.one_of(st.none(), st.floats(0, 1)),
        greedy=st.booleans(),
    )
