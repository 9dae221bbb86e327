"""A model and n-gram models on new data, in exact fractions: windows, counts and products, one token at a time."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import product
from math import inf, log2

import numpy as np
import pytest

import markovgpt as mg
from markovgpt import Baseline, MarkovChain

Context = tuple[int, ...]
Law = dict[Context, list[Fraction]]

_SHAPES = [(2, 1), (2, 3), (3, 2), (4, 1)]


def _law(seed: int, V: int, K: int, *, zeros: bool = False) -> Law:
    """Sixteenths, which are exact in float64."""
    rng = np.random.default_rng(seed)
    law = {}
    for context in product(range(V), repeat=K):
        cuts = np.sort(rng.choice(np.arange(0 if zeros else 1, 16), size=V - 1, replace=False))
        law[context] = [Fraction(int(w), 16) for w in np.diff([0, *cuts, 16])]
    return law


def _chain(law: Law) -> MarkovChain:
    return mg.chain_from_table([[float(p) for p in row] for row in law.values()])


def _tokens(seed: int, V: int, n: int) -> list[int]:
    return np.random.default_rng(900 + seed).choice(V, size=n, p=np.arange(1, V + 1) / (V * (V + 1) / 2)).tolist()


def _windows(tokens: list[int], K: int) -> list[tuple[Context, int]]:
    """Every token with K before it, and these."""
    return [(tuple(tokens[i - K : i]), tokens[i]) for i in range(K, len(tokens))]


def _ngram(training: list[int], order: int, smoothing: str, context: Context, token: int, V: int) -> Fraction:
    """Relative frequency after the longest suffix, of up to ``order`` tokens, that was seen; or all counts plus 1."""
    for k in range(order, -1, -1):
        suffix = context[len(context) - k :]
        follows = Counter(t for h, t in _windows(training, k) if h == suffix)
        if smoothing == "add-alpha":
            return Fraction(follows[token] + 1, follows.total() + V)
        if follows:
            return Fraction(follows[token], follows.total())
    raise AssertionError("the data are empty")


def _bits(probabilities: list[Fraction]) -> float:
    """Mean surprise."""
    if not probabilities:
        return 0.0
    return sum(inf if p == 0 else log2(p.denominator) - log2(p.numerator) for p in probabilities) / len(probabilities)


def _counts(tokens: list[int], V: int, K: int) -> mg.NgramCounts:
    return mg.count_ngrams(tokens, vocab_size=V, context_length=K)


def _tried(training: mg.NgramCounts, heldout: mg.NgramCounts, K: int) -> tuple[Baseline, ...]:
    return mg.baselines(training, heldout, orders=range(K + 1), smoothings=["mle", "add-alpha"])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("V", "K"), _SHAPES)
def test_heldout_parts_are_means_over_their_windows(V: int, K: int, seed: int) -> None:
    """All windows, those whose context the training data have, and the others; the best n-gram model is the least."""
    law, training, heldout = _law(seed, V, K), _tokens(seed, V, 12), _tokens(seed + 50, V, 30)
    counts = [_counts(tokens, V, K) for tokens in (training, heldout)]
    found = mg.compare_to_heldout(_chain(law), *counts, tried=_tried(*counts, K))
    windows = _windows(heldout, K)
    bits = {
        (order, smoothing): _bits([_ngram(training, order, smoothing, h, t, V) for h, t in windows])
        for order in range(K + 1)
        for smoothing in ("mle", "add-alpha")
    }
    best = found.best.order, found.best.smoothing
    assert bits[best] == pytest.approx(min(bits.values()), abs=1e-12)
    seen = {h for h, _ in _windows(training, K)}
    parts = {
        "everything": windows,
        "seen": [(h, t) for h, t in windows if h in seen],
        "unseen": [(h, t) for h, t in windows if h not in seen],
    }
    for name, some in parts.items():
        part = getattr(found, name)
        assert (part.n_tokens, part.share) == (len(some), pytest.approx(len(some) / len(windows), abs=1e-15))
        assert part.model_bits == pytest.approx(_bits([law[h][t] for h, t in some]), abs=1e-12)
        ours = _bits([_ngram(training, *best, h, t, V) for h, t in some])
        assert part.baseline_bits == pytest.approx(ours, abs=1e-12)
        assert part.excess == pytest.approx(part.model_bits - ours, abs=1e-12)
    assert found.n_left_out == 0
    assert found.everything.baseline_bits == pytest.approx(found.best.heldout_bits, abs=1e-12)


@pytest.mark.parametrize(("V", "K"), _SHAPES)
def test_heldout_takes_the_best_of_every_order_and_smoothing(V: int, K: int) -> None:
    """Unless told which to try: those of ``baselines``, of orders 0 to K, also where longer contexts were counted."""
    training, heldout = (_counts(_tokens(seed, V, 40), V, K + 1) for seed in (1, 2))
    found = mg.compare_to_heldout(_chain(_law(0, V, K)), training, heldout)
    assert found.baselines == mg.baselines(training, heldout, orders=range(K + 1))
    assert found.best.heldout_bits == min(row.heldout_bits for row in found.baselines)
    assert found.everything.baseline_bits == pytest.approx(found.best.heldout_bits, abs=1e-12)


@pytest.mark.parametrize("longer", [1, 2])
def test_heldout_counts_of_longer_contexts_are_compared_at_their_own_places(longer: int) -> None:
    """The first tokens have fewer before them than were counted: they are left out."""
    V, K = 2, 2
    law, training, heldout = _law(3, V, K), _tokens(3, V, 20), _tokens(4, V, 25)
    found = mg.compare_to_heldout(_chain(law), *(_counts(tokens, V, K + longer) for tokens in (training, heldout)))
    windows = _windows(heldout, K)[longer:]
    seen = {h for h, _ in _windows(training, K)[longer:]}
    assert found.everything.n_tokens == len(windows)
    assert found.seen.n_tokens == sum(h in seen for h, _ in windows)
    assert found.everything.model_bits == pytest.approx(_bits([law[h][t] for h, t in windows]), abs=1e-12)


def test_heldout_comparison_is_the_same_of_chain_model_and_walk() -> None:
    """A model is asked about the contexts that occur; a walk that meets all has the rows of the chain."""
    law = _law(5, 3, 2)
    model = mg.from_matrix([[float(p) for p in row] for row in law.values()])
    counts = [_counts(_tokens(seed, 3, 30), 3, 2) for seed in (5, 6)]
    sources = (_chain(law), model, mg.reachable_chain(model, (0, 0)))
    first, *others = (mg.compare_to_heldout(source, *counts) for source in sources)
    for other in others:
        for name in ("everything", "seen", "unseen"):
            a, b = getattr(first, name), getattr(other, name)
            assert (b.n_tokens, b.baseline_bits) == (a.n_tokens, a.baseline_bits)
            assert b.model_bits == pytest.approx(a.model_bits, abs=1e-12)


def test_heldout_tokens_after_contexts_that_a_walk_did_not_meet_are_left_out() -> None:
    """The walk stays at 0; of 0 0, 0 1, 1 0, 0 0 one stands after a 1."""
    walk = mg.reachable_chain(mg.from_matrix([[1.0, 0.0]] * 2), (0,))
    counts = [_counts(tokens, 2, 1) for tokens in ([0, 0, 0], [0, 0, 1, 0, 0])]
    found = mg.compare_to_heldout(walk, *counts)
    assert (found.everything.n_tokens, found.n_left_out) == (3, 1)
    assert found.everything.model_bits == inf  # it excludes the 1


@pytest.mark.parametrize(
    ("row", "smoothings", "excess"),
    [
        pytest.param([1.0, 0.0], ["mle", "add-alpha"], inf, id="the model excludes a token"),
        pytest.param([0.5, 0.5], ["mle"], -inf, id="the n-gram models exclude it"),
        pytest.param([1.0, 0.0], ["mle"], 0.0, id="both exclude it"),
    ],
)
def test_heldout_excess_is_never_nan(row: list[float], smoothings: list[mg.Baseline], excess: float) -> None:
    """Training data of 0 alone, and a 1 held out: infinite surprise on one side or on both."""
    counts = [_counts(tokens, 2, 1) for tokens in ([0, 0, 0], [0, 1])]
    tried = mg.baselines(*counts, smoothings=smoothings)
    found = mg.compare_to_heldout(mg.chain_from_table([row, row]), *counts, tried=tried)
    assert found.everything.excess == found.seen.excess == excess
    assert found.unseen.excess == 0


def test_heldout_data_of_the_model_itself_are_its_entropy_rate_in_the_long_run() -> None:
    """The golden mean over 20,000 tokens: 2/3 of a bit, within three hundredths; an n-gram model comes near to it."""
    rng, tokens = np.random.default_rng(8), [0]
    for draw in rng.random(40_000):
        tokens.append(int(draw < 0.5) if tokens[-1] == 0 else 0)
    counts = [_counts(part, 2, 1) for part in (tokens[:20_000], tokens[20_000:])]
    found = mg.compare_to_heldout(mg.chain_from_table([[0.5, 0.5], [1.0, 0.0]]), *counts)
    assert found.everything.model_bits == pytest.approx(2 / 3, abs=0.03)
    assert abs(found.everything.excess) < 0.001
