"""What is told and what is missing of each order add up, whatever the model; what was learned stays learned."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import spaces, tables

import markovgpt as mg
from markovgpt import LearningCurve, MarkovChain, NgramCounts

CONTEXTS = spaces(lengths=st.just("full")).filter(lambda space: space.vocab_size > 1)


@st.composite
def courses(draw: st.DrawFn) -> tuple[list[MarkovChain], NgramCounts]:
    """Some chains over the same contexts, and counts of these."""
    space = draw(CONTEXTS)
    V, K = space.vocab_size, space.context_length
    tokens = draw(st.lists(st.integers(0, V - 1), min_size=K + 1, max_size=30))
    chains = [mg.chain_from_table(draw(tables(space))) for _ in range(draw(st.integers(1, 4)))]
    return chains, mg.count_ngrams(tokens, vocab_size=V, context_length=K, circular=draw(st.booleans()))


def _curve(chains: list[MarkovChain], counts: NgramCounts) -> LearningCurve:
    watch = mg.LearningWatch(range(len(chains)), counts=counts)
    for step, chain in enumerate(chains):
        watch(step, mg.from_matrix(chain.probabilities))
    return watch.curve()


@given(course=courses())
def test_what_the_orders_tell_adds_up(course: tuple[list[MarkovChain], NgramCounts]) -> None:
    """``log2 V`` less the entropy given all K tokens; none tells less than nothing."""
    (chain, *_), counts = course
    found = mg.compare_to_data(chain, counts, correction=None)
    assert (found.told >= 0).all()
    assert found.told.sum() == pytest.approx(np.log2(counts.vocab_size) - found.conditional_entropy, abs=1e-9)


@given(course=courses())
def test_what_is_missing_adds_up_to_the_excess(course: tuple[list[MarkovChain], NgramCounts]) -> None:
    """KL is convex, so no order is missing less than nothing; infinite from some order on, never undefined."""
    (chain, *_), counts = course
    found = mg.compare_to_data(chain, counts, correction=None)
    assert (found.missing >= -1e-9).all()
    assert found.missing.sum() == pytest.approx(found.excess, abs=1e-9)
    infinite = np.isinf(found.missing)
    assert (infinite[1:] >= infinite[:-1]).all()
    np.testing.assert_array_equal(infinite, np.isinf(found.excess_by_order))


@given(course=courses())
def test_learning_curve_is_never_nan(course: tuple[list[MarkovChain], NgramCounts]) -> None:
    """Infinite bits are; probabilities and shares stay on their scale."""
    curve = _curve(*course)
    assert not np.isnan(curve.missing).any()
    for values in (curve.probabilities, curve.shares, curve.arrived_share()):
        assert ((values >= 0) & (values <= 1 + 1e-12)).all()


@given(course=courses(), share=st.floats(0, 1))
def test_orders_are_learned_by_the_definition(course: tuple[list[MarkovChain], NgramCounts], share: float) -> None:
    """The least step with all later ones at most ``1 - share`` of what is told; none where nothing is."""
    curve = _curve(*course)
    for j, found in enumerate(curve.learned_at(share=share)):
        told, missing = curve.told[j], [step.comparison.missing[j] for step in curve.steps]
        learned = [
            s for s in range(len(missing)) if told >= 1e-9 and all(bits <= (1 - share) * told for bits in missing[s:])
        ]
        assert found == (learned[0] if learned else None)


@given(course=courses(), close=st.floats(0, 1))
def test_arrows_arrive_by_the_definition(course: tuple[list[MarkovChain], NgramCounts], close: float) -> None:
    """The least step with all later ones within ``close`` of the share; and the share of those within, step by step."""
    curve = _curve(*course)
    near = abs(curve.probabilities - curve.shares) <= close
    for arrow, found in enumerate(curve.arrived_at(close=close)):
        arrived = [s for s in range(len(near)) if near[s:, arrow].all()]
        assert found == (arrived[0] if arrived else None)
    for s, share in enumerate(curve.arrived_share(close=close)):
        assert share == pytest.approx(sum(curve.counts[near[s]]) / sum(curve.counts), abs=1e-12)


@given(course=courses())
def test_a_model_of_the_frequencies_has_learned_everything(course: tuple[list[MarkovChain], NgramCounts]) -> None:
    """The lower end of the scale: nothing is missing of any order, all arrows have arrived, from the first step on."""
    _, counts = course
    model = mg.NgramModel(counts)
    curve = _curve([mg.build_chain(model)], counts)
    np.testing.assert_allclose(curve.missing, 0, atol=1e-9)
    assert curve.arrived_share(close=1e-9).tolist() == [1]
    assert set(curve.learned_at(share=0.99)) <= {0, None}


@given(course=courses(), held=st.data())
def test_heldout_parts_make_up_the_whole(course: tuple[list[MarkovChain], NgramCounts], held: st.DataObject) -> None:
    """Shares add up to 1, and the surprises of the parts, by their shares, to those of everything."""
    (chain, *_), training = course
    V, K = training.vocab_size, training.context_length
    tokens = held.draw(st.lists(st.integers(0, V - 1), min_size=K + 1, max_size=20))
    found = mg.compare_to_heldout(chain, training, mg.count_ngrams(tokens, vocab_size=V, context_length=K))
    parts = (found.seen, found.unseen)
    assert sum(part.n_tokens for part in parts) == found.everything.n_tokens == len(tokens) - K
    assert sum(part.share for part in parts) == pytest.approx(found.everything.share, abs=1e-12) == 1
    for name in ("model_bits", "baseline_bits"):
        total = sum(part.share * getattr(part, name) for part in parts if part.n_tokens)
        assert total == pytest.approx(getattr(found.everything, name), abs=1e-9)
    assert not any(np.isnan(part.excess) for part in (*parts, found.everything))


@given(course=courses(), held=st.data())
def test_heldout_excess_of_the_best_ngram_model_is_0(
    course: tuple[list[MarkovChain], NgramCounts], held: st.DataObject
) -> None:
    """The model beside itself, in every part; and no other n-gram model is better."""
    _, training = course
    V, K = training.vocab_size, training.context_length
    tokens = held.draw(st.lists(st.integers(0, V - 1), min_size=K + 1, max_size=20))
    heldout = mg.count_ngrams(tokens, vocab_size=V, context_length=K)
    best = min(mg.baselines(training, heldout), key=lambda row: row.heldout_bits)
    model = mg.NgramModel(training, order=best.order, smoothing=best.smoothing)
    chain = mg.build_chain(model)
    chain = mg.lift(chain, K) if chain.context_length < K else chain
    found = mg.compare_to_heldout(chain, training, heldout)
    for part in (found.everything, found.seen, found.unseen):
        assert part.excess == pytest.approx(0, abs=1e-9)
