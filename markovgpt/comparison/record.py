"""What is known once a model has been compared with counts?"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import final

import numpy as np
from numpy.typing import NDArray

from markovgpt.comparison.correction import Correction

__all__ = ["DataComparison", "Significance"]

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Significance:
    """Which differences between data and model are more than chance: a G test of every context that was seen.

    The hypothesis is that every token after the context was drawn from the model's law, independently. For a model that
    was trained on the same data the p-values are too large on the whole: it has bent towards what is tested. Only of
    data that it has not seen do they tell the truth.

    Attributes
    ----------
    statistics : (m,) float64
        ``G = 2 ln(2) n KL(data || model)``, KL in bits; infinite where the model excludes a token that occurred.
    p_values : (m,) float64
        Probability of a G at least as large, under the model; 0 where G is infinite.
    adjusted : (m,) float64
        The same, adjusted for m tests.
    methods : (m,) str
        How each was found: "excluded", "chi-square", "exact", "Monte Carlo", or "bound", a proven upper bound where the
        value is too small to be drawn.
    correction : "holm" or "benjamini-hochberg"
        How they were adjusted.
    """

    statistics: Floats
    p_values: Floats
    adjusted: Floats
    methods: NDArray[np.str_]
    correction: Correction

    def __post_init__(self) -> None:
        for array in (self.statistics, self.p_values, self.adjusted, self.methods):
            array.setflags(write=False)


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class DataComparison:
    """A model against counts, context by context and in total.

    The m contexts are those that were seen with a token after them and that the model has a law for. Of a chain with
    states of every length they are of every length; totals are always over those of K tokens alone, K being what the
    model looks at.

    Attributes
    ----------
    vocab_size, context_length : int
        V and K.
    states : (m,) int64, ascending
        The contexts as states of the chain; of a model, their numbers in base V, oldest token first.
    contexts, lengths : (m,) int64
        The same as a number among the contexts of one length, and that length.
    counts : (m,) int64
        How often each was followed by a token.
    total_variation : (m,) float64
        Half the L1 distance between frequencies and model, 0 to 1.
    kl_divergence : (m,) float64, bits
        KL(data || model); infinite where the model excludes a token that occurred.
    reverse_kl : (m,) float64, bits
        KL(model || data); infinite where the model has a token that did not occur, as most models always have.
    jensen_shannon : (m,) float64, bits
        0 to 1, finite always.
    excess_bits : (m,) float64, bits per token of the data
        What the context adds to the total: its share of the tokens after contexts of its length times its KL.
    greedy_agrees : (m,) bool
        Whether the model's likeliest token (the lowest of several) is among the most frequent in the data.
    greedy_tied : (m,) bool
        Whether the likeliest token, or the most frequent, is one of several.
    rare : (m,) bool
        Counted less often than ``rare_below``: frequencies that say little.
    rare_below : int
    significance : Significance, or None
        Tests, in the same order; None if they were not asked for.
    n_tokens : int
        Tokens compared: those after the contexts of K tokens.
    n_left_out : int
        Tokens after contexts of K tokens that a walk did not meet.
    cross_entropy : float, bits per token
        Average surprise of the model at the data.
    conditional_entropy : float, bits per token
        The least that any law of the same contexts can reach on these data: the surprise of their own frequencies.
    excess : float, bits per token
        The difference: KL(data || model), weighted by counts.
    data_entropies : (K + 1,) float64, bits per token
        Conditional entropy of the next token given the last 0, 1, ..., K tokens, at the same places in the data.
    excess_by_order : (K + 1,) float64, bits per token
        KL(data || model) of the next token given the last 0, 1, ..., K tokens only, the model's law being its mean over
        the contexts with these last tokens, as often as they occur. It grows with the order, up to ``excess``: each
        step is what the model has still to learn from one token more.
    greedy_agreement : float
        Share of the tokens that stand after a context with ``greedy_agrees``, 0 to 1.
    n_contexts : int
        V^K.
    n_seen, n_rare : int
        How many of them were seen, and seen less often than ``rare_below``.
    n_states : int, or None
        States of the chain that are contexts; m of them were seen. None for a model.
    """

    vocab_size: int
    context_length: int
    states: Integers
    contexts: Integers
    lengths: Integers
    counts: Integers
    total_variation: Floats
    kl_divergence: Floats
    reverse_kl: Floats
    jensen_shannon: Floats
    excess_bits: Floats
    greedy_agrees: Flags
    greedy_tied: Flags
    rare: Flags
    rare_below: int
    significance: Significance | None
    n_tokens: int
    n_left_out: int
    cross_entropy: float
    conditional_entropy: float
    excess: float
    data_entropies: Floats
    excess_by_order: Floats
    greedy_agreement: float
    n_contexts: int
    n_seen: int
    n_rare: int
    n_states: int | None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    def __len__(self) -> int:
        return len(self.states)

    @property
    def worst(self) -> Integers:
        """Places 0..m-1 of the contexts of K tokens, those that cost most bits first."""
        full = np.flatnonzero(self.lengths == self.context_length)
        order: Integers = full[np.argsort(-self.excess_bits[full], kind="stable")]
        return order

    @property
    def told(self) -> Floats:
        """What a context of j tokens tells more than one of j - 1, ``(K + 1,)`` bits per token of the data.

        For j = 0: what the frequencies of the tokens tell more than their number.
        """
        told: Floats = np.maximum(-np.diff(self.data_entropies, prepend=np.log2(self.vocab_size)), 0.0)
        return told

    @property
    def missing(self) -> Floats:
        """What of it the model has still to learn, ``(K + 1,)`` bits per token of the data; they add up to ``excess``.

        Infinite from the first order on whose mean law excludes a token that occurs.
        """
        before = np.concatenate(([0.0], self.excess_by_order[:-1]))
        missing = np.full(len(before), np.inf)
        np.subtract(self.excess_by_order, before, out=missing, where=np.isfinite(before))
        return missing

    def context(self, place: int) -> tuple[int, ...]:
        """Tokens of the context in a place 0..m-1, oldest first."""
        number, tokens = int(self.contexts[place]), []
        for _ in range(int(self.lengths[place])):
            number, token = divmod(number, self.vocab_size)
            tokens.append(token)
        return tuple(reversed(tokens))
