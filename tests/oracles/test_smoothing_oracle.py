"""Laws of n-gram models against their definitions in exact fractions, and against ``nltk.lm`` where it has the same."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nltk.lm import MLE, KneserNeyInterpolated, Lidstone, Vocabulary
from nltk.lm.models import InterpolatedLanguageModel
from nltk.lm.smoothing import WittenBell

import markovgpt as mg
from markovgpt.ngrams import SMOOTHINGS, Smoothing, smoothed_law

Context = tuple[int, ...]

ABSENT = 4
"""A token of the tests that never occurs: ``nltk`` has one as well, for unknown words."""


class Brute:
    """The definitions, one position of the data at a time."""

    def __init__(self, sequences: Sequence[Sequence[int]], vocab_size: int, longest: int, *, circular: bool) -> None:
        self.vocab_size = vocab_size
        self.follows: defaultdict[Context, Counter[int]] = defaultdict(Counter)
        before: defaultdict[tuple[Context, int], set[int]] = defaultdict(set)
        for tokens in sequences:
            for end in range(len(tokens)):
                for length in range(longest + 1 if circular else min(end, longest) + 1):
                    context = tuple(tokens[(end - back) % len(tokens)] for back in range(length, 0, -1))
                    self.follows[context][tokens[end]] += 1
                    if length:
                        before[context[1:], tokens[end]].add(context[0])
        self.continuations: defaultdict[Context, Counter[int]] = defaultdict(Counter)
        for (context, token), distinct in before.items():
            self.continuations[context][token] = len(distinct)

    def law(self, context: Context, smoothing: Smoothing, alpha: Fraction, discounts: list[Fraction] | None):
        """V fractions."""
        if smoothing == "mle":
            return self._mle(context)
        if smoothing == "add-alpha":
            row = self.follows[context]
            return [(row[t] + alpha) / (row.total() + alpha * self.vocab_size) for t in range(self.vocab_size)]
        if smoothing == "witten-bell":
            return self._witten_bell(context)
        return self._kneser_ney(context, self.follows, discounts)

    def _uniform(self) -> list[Fraction]:
        return [Fraction(1, self.vocab_size)] * self.vocab_size

    def _mle(self, context: Context) -> list[Fraction]:
        row = self.follows[context]
        if not row:
            return self._mle(context[1:])
        return [Fraction(row[t], row.total()) for t in range(self.vocab_size)]

    def _witten_bell(self, context: Context) -> list[Fraction]:
        shorter = self._witten_bell(context[1:]) if context else self._uniform()
        row = self.follows[context]
        if not row:
            return shorter
        return [(row[t] + len(row) * shorter[t]) / Fraction(row.total() + len(row)) for t in range(self.vocab_size)]

    def _kneser_ney(
        self, context: Context, numbers: defaultdict[Context, Counter[int]], discounts: list[Fraction] | None
    ) -> list[Fraction]:
        shorter = self._kneser_ney(context[1:], self.continuations, discounts) if context else self._uniform()
        row = numbers[context]
        if not row:
            return shorter
        discount = self._estimate(numbers, len(context)) if discounts is None else discounts[len(context)]
        return [
            (max(row[t] - discount, Fraction(0)) + discount * len(row) * shorter[t]) / row.total()
            for t in range(self.vocab_size)
        ]

    @staticmethod
    def _estimate(numbers: defaultdict[Context, Counter[int]], length: int) -> Fraction:
        of_counts = Counter(n for context, row in numbers.items() if len(context) == length for n in row.values())
        once, twice = of_counts[1], of_counts[2]
        return Fraction(once, once + 2 * twice) if once and twice else Fraction(1, 2)


@st.composite
def data(draw: st.DrawFn) -> tuple[list[list[int]], int, int, bool]:
    """Sequences of few tokens, their V, a K for which one is long enough, and whether they are circles."""
    V, K = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    tokens = st.integers(0, V - 1)
    first = draw(st.lists(tokens, min_size=K + 1, max_size=25))
    others = draw(st.lists(st.lists(tokens, min_size=1, max_size=6), max_size=3))
    return [first, *others], V, K, draw(st.booleans())


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@given(case=data(), alpha=st.fractions(Fraction(1, 8), 3, max_denominator=8))
def test_law_follows_its_definition(
    smoothing: Smoothing, case: tuple[list[list[int]], int, int, bool], alpha: Fraction
) -> None:
    """Every context of every length up to the order, of every order; Kneser-Ney estimates its discounts."""
    sequences, V, K, circular = case
    counts = mg.count_ngrams(sequences, vocab_size=V, context_length=K, circular=circular)
    brute = Brute(sequences, V, K, circular=circular)
    settings = {"alpha": float(alpha)} if smoothing == "add-alpha" else {}
    for order in range(K + 1):
        law = smoothed_law(counts, order, smoothing=smoothing, **settings)
        for length in range(order + 1):
            contexts = np.array(list(product(range(V), repeat=length)), dtype=np.int64).reshape(V**length, length)
            expected = [brute.law(tuple(c), smoothing, alpha, None) for c in contexts.tolist()]
            np.testing.assert_allclose(law.rows(contexts), np.array(expected, dtype=float), rtol=1e-13, atol=1e-15)


@given(case=data(), discounts=st.lists(st.fractions(0, 1, max_denominator=8), min_size=4, max_size=4))
def test_kneser_ney_takes_one_discount_for_each_length(
    case: tuple[list[list[int]], int, int, bool], discounts: list[Fraction]
) -> None:
    """As the definition with these, the ends 0 and 1 included."""
    sequences, V, K, circular = case
    counts = mg.count_ngrams(sequences, vocab_size=V, context_length=K, circular=circular)
    brute = Brute(sequences, V, K, circular=circular)
    law = smoothed_law(counts, K, smoothing="kneser-ney", discount=[float(d) for d in discounts[: K + 1]])
    contexts = np.array(list(product(range(V), repeat=K)), dtype=np.int64)
    expected = [brute.law(tuple(c), "kneser-ney", Fraction(1), discounts) for c in contexts.tolist()]
    np.testing.assert_allclose(law.rows(contexts), np.array(expected, dtype=float), rtol=1e-13, atol=1e-15)


@cache
def text(seed: int) -> tuple[int, ...]:
    """200 tokens of which each depends on the one before; 0 is followed by 0 and 1 only."""
    rng = np.random.default_rng(seed)
    table = [[0.7, 0.3, 0, 0], [0.1, 0.1, 0.6, 0.2], [0.25] * 4, [0.5, 0, 0.45, 0.05]]
    tokens = [0]
    while len(tokens) < 200:
        tokens.append(int(rng.choice(4, p=table[tokens[-1]])))
    return tuple(tokens)


def grams(tokens: Sequence[int], longest: int, *, circular: bool) -> list[tuple[str, ...]]:
    """Every gram of 1 to ``longest`` tokens, as ``nltk`` takes them."""
    around = [*tokens, *tokens[: longest - 1]] if circular else [*tokens]
    starts = len(tokens) if circular else len(around)
    return [
        tuple(map(str, around[start : start + size]))
        for start in range(starts)
        for size in range(1, longest + 1)
        if start + size <= len(around)
    ]


def nltk_rows(model, tokens: Sequence[int], order: int, contexts, *, vocab_size: int, circular: bool):
    """``(m, V)`` of a model of ``nltk``, fitted on the same grams."""
    model.fit([grams(tokens, order + 1, circular=circular)])
    words = [str(token) if token != ABSENT else "<UNK>" for token in range(vocab_size)]
    return np.array([[model.score(word, tuple(map(str, context))) for word in words] for context in contexts])


class UniformWittenBell(WittenBell):
    """That of ``nltk`` ends in the frequencies of single tokens; ours mixes the uniform law into them."""

    def unigram_score(self, word: str) -> float:
        """The same step once more."""
        frequencies = self.counts.unigrams
        new = len(frequencies) / (len(frequencies) + frequencies.N())
        return (1 - new) * frequencies.freq(word) + new / len(self.vocab)


@pytest.mark.parametrize("order", [0, 1, 2, 3])
@pytest.mark.parametrize("seed", range(2))
def test_mle_is_that_of_nltk_after_contexts_that_were_seen(order: int, seed: int) -> None:
    """``nltk`` gives zeros after the others."""
    counts = mg.count_ngrams(text(seed), vocab_size=4, context_length=3)
    seen = [c for c in product(range(4), repeat=order) if counts.after(c).any()]
    model = MLE(order + 1, vocabulary=Vocabulary(map(str, range(4))))
    expected = nltk_rows(model, text(seed), order, seen, vocab_size=4, circular=False)
    np.testing.assert_allclose(smoothed_law(counts, order).rows(_array(seen)), expected, rtol=1e-13)


@pytest.mark.parametrize("order", [0, 1, 2, 3])
@pytest.mark.parametrize("alpha", [0.01, 0.5, 1.0])
def test_add_alpha_is_the_lidstone_law_of_nltk(order: int, alpha: float) -> None:
    """Over all contexts; the unknown word of ``nltk``, which is one token more, is a token that never occurs."""
    counts = mg.count_ngrams(text(0), vocab_size=5, context_length=3)
    contexts = list(product(range(4), repeat=order))
    model = Lidstone(alpha, order + 1, vocabulary=Vocabulary(map(str, range(4))))
    expected = nltk_rows(model, text(0), order, contexts, vocab_size=5, circular=False)
    law = smoothed_law(counts, order, smoothing="add-alpha", alpha=alpha)
    np.testing.assert_allclose(law.rows(_array(contexts)), expected, rtol=1e-13)


@pytest.mark.parametrize("order", [0, 1, 2, 3])
@pytest.mark.parametrize("seed", range(2))
def test_witten_bell_is_that_of_nltk_but_for_the_uniform_law(order: int, seed: int) -> None:
    """Over all contexts, those that were never seen included; with the unknown word as one token more."""
    counts = mg.count_ngrams(text(seed), vocab_size=5, context_length=3)
    contexts = list(product(range(4), repeat=order))
    model = InterpolatedLanguageModel(UniformWittenBell, order + 1, vocabulary=Vocabulary(map(str, range(4))))
    expected = nltk_rows(model, text(seed), order, contexts, vocab_size=5, circular=False)
    law = smoothed_law(counts, order, smoothing="witten-bell")
    np.testing.assert_allclose(law.rows(_array(contexts)), expected, rtol=1e-12)


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("discount", [0.1, 0.75])
@pytest.mark.parametrize("seed", range(2))
def test_kneser_ney_is_that_of_nltk_of_a_circle(order: int, discount: float, seed: int) -> None:
    """Over all contexts, with no discount and so no uniform law under the empty one.

    Of a sequence with two ends ``nltk`` weights the shorter law by the tokens that follow a context, but divides by
    those that have a token before: after the context at the beginning, its probabilities do not sum to 1. A circle has
    no beginning.
    """
    counts = mg.count_ngrams(text(seed), vocab_size=4, context_length=3, circular=True)
    contexts = list(product(range(4), repeat=order))
    model = KneserNeyInterpolated(order + 1, discount=discount, vocabulary=Vocabulary(map(str, range(4))))
    expected = nltk_rows(model, text(seed), order, contexts, vocab_size=4, circular=True)
    law = smoothed_law(counts, order, smoothing="kneser-ney", discount=[0.0] + [discount] * order)
    np.testing.assert_allclose(law.rows(_array(contexts)), expected, rtol=1e-12)


def _array(contexts: Sequence[Context]) -> np.ndarray:
    return np.array(contexts, dtype=np.int64).reshape(len(contexts), -1)
