"""Learning curves against models that were trained for so many steps, and against the definitions, step by step."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from math import log2

import numpy as np
import pytest

import markovgpt as mg
from markovgpt import Decoding, LearningCurve

STEPS = (0, 1, 2, 5, 13)
SMALL = {"n_layer": 1, "n_embd": 8, "n_head": 1}
DATA = "111101111011110"
WINDOWS = [(DATA[i : i + 3], DATA[i + 3]) for i in range(12)]


@pytest.fixture(scope="module")
def curve() -> LearningCurve:
    """A small babygpt, watched at some of 20 steps."""
    watch = mg.LearningWatch(STEPS)
    mg.load_model("babygpt", steps=20, checkpoint=watch, **SMALL)
    return watch.curve()


def _rounds(wrong: list[float], *, tokens: list[int]) -> LearningCurve:
    """A model of two tokens that says the other one but for these shares of the time, one a step."""
    counts = mg.count_ngrams(tokens, vocab_size=2, context_length=1)
    watch = mg.LearningWatch(range(len(wrong)), counts=counts)
    for step, w in enumerate(wrong):
        watch(step, mg.from_matrix([[w, 1 - w], [1 - w, w]]))
    return watch.curve()


@pytest.mark.parametrize("place", range(len(STEPS)))
def test_learning_step_is_the_model_that_was_trained_for_so_long(curve: LearningCurve, place: int) -> None:
    """Looking on changes nothing: the same numbers as of a model that was trained for so many steps and no longer."""
    model = mg.load_model("babygpt", steps=STEPS[place], **SMALL)
    chain, step = mg.build_chain(model), curve.steps[place]
    pi = mg.stationary_distribution(chain)
    counts = mg.count_ngrams(model.training_tokens, vocab_size=2, context_length=3)
    alone = mg.compare_to_data(chain, counts, correction=None)
    assert (step.step, step.name) == (STEPS[place], str(STEPS[place]))
    assert (step.comparison.cross_entropy, step.comparison.excess) == (alone.cross_entropy, alone.excess)
    np.testing.assert_array_equal(step.comparison.total_variation, alone.total_variation)
    assert step.entropy_rate == mg.entropy_rate(chain, pi)
    assert step.unseen_mass == pytest.approx(sum(pi.probabilities[s] for s in (0, 1, 2, 4)), abs=1e-15)
    assert step.certified


def test_learning_curve_has_the_arrows_of_the_data(curve: LearningCurve) -> None:
    """Every context and the token after it, once, with how often, and which share of the context's."""
    often, left = Counter(WINDOWS), Counter(context for context, _ in WINDOWS)
    expected = sorted(often)
    assert curve.arrows.tolist() == [[int(context, 2), int(token)] for context, token in expected]
    assert curve.counts.tolist() == [often[arrow] for arrow in expected]
    assert curve.shares.tolist() == [often[arrow] / left[arrow[0]] for arrow in expected]
    assert (curve.context_length, curve.vocabulary.tokens) == (3, ("0", "1"))


def test_learning_curve_has_the_probabilities_of_the_arrows(curve: LearningCurve) -> None:
    """Those of the chain, at each step."""
    for place, steps in enumerate(STEPS):
        chain = mg.build_chain(mg.load_model("babygpt", steps=steps, **SMALL))
        expected = [chain.row(int(context))[token] for context, token in curve.arrows]
        assert curve.probabilities[place].tolist() == expected
    assert curve.numbers.tolist() == list(STEPS)


def test_what_is_told_and_what_is_missing_are_differences(curve: LearningCurve) -> None:
    """Of the entropies of the data, from one bit on, and of the excess by order, from nothing on."""
    entropies = [1.0, *curve.steps[0].comparison.data_entropies]
    np.testing.assert_allclose(curve.told, [a - b for a, b in pairwise(entropies)], atol=1e-15)
    assert curve.told.sum() == pytest.approx(1 - 0.5, abs=1e-12)
    for missing, step in zip(curve.missing, curve.steps, strict=True):
        by_order = step.comparison.excess_by_order
        np.testing.assert_allclose(np.cumsum(missing), by_order, atol=1e-15)
        assert missing.sum() == pytest.approx(step.comparison.excess, abs=1e-12)


def test_an_order_is_learned_from_the_step_on_after_which_it_stays_learned() -> None:
    """Of 0101...0 half are 1s, which tells nothing; the last token tells the whole bit, learned but for a tenth at 4.

    With a share w of wrong tokens -log2(1 - w) bits are missing: .152 for 1/10, .093 for 1/16, .046 for 1/32. At step 2
    that is below a tenth already, but not at step 3.
    """
    wrong = [0.5, 0.1, 1 / 32, 0.1, 1 / 16, 1 / 64]
    curve = _rounds(wrong, tokens=[0, 1] * 50 + [0])
    for missing, w in zip(curve.missing, wrong, strict=True):
        assert missing.tolist() == pytest.approx([0, -log2(1 - w)], abs=1e-12)
    assert curve.learned_at() == (None, 4)
    assert curve.learned_at(share=0.5) == (None, 1)
    assert curve.learned_at(share=0.99) == (None, None)


def test_an_arrow_arrives_from_the_step_on_after_which_it_stays_near() -> None:
    """Within .05 of a share of 1 at w = 1/32 and 1/64; within .2 at 1/10 as well."""
    curve = _rounds([0.5, 0.1, 1 / 32, 0.1, 1 / 16, 1 / 64], tokens=[0, 1] * 50 + [0])
    assert curve.arrived_at() == (5, 5)
    assert curve.arrived_at(close=0.2) == (1, 1)
    assert curve.arrived_at(close=0.001) == (None, None)
    assert curve.arrived_share().tolist() == [0, 0, 1, 0, 0, 1]


def test_arrived_share_weighs_arrows_by_how_often_they_are_gone() -> None:
    """0 0 0 1 0, and a fair coin: 2/3 and 1/3 after 0 are within .2 of a half, 1 after 1 is not: 3 of 4 tokens."""
    curve = _rounds([0.5], tokens=[0, 0, 0, 1, 0])
    assert curve.shares.tolist() == pytest.approx([2 / 3, 1 / 3, 1])
    assert curve.arrived_share(close=0.2).tolist() == [3 / 4]


def test_watch_compares_with_the_counts_that_it_is_given() -> None:
    """Or with those that a function makes of the model; else with those of the model's own data."""
    model = mg.load_model("babygpt", steps=0, **SMALL)
    counts = mg.count_ngrams([0, 1, 0, 0, 0, 1, 1], vocab_size=2, context_length=3)
    own = mg.count_ngrams(model.training_tokens, vocab_size=2, context_length=3)
    for given, expected in ((counts, counts), (lambda asked: counts if asked is model else None, counts), (None, own)):
        watch = mg.LearningWatch([0], counts=given)
        watch(0, model)
        found = watch.curve().steps[0].comparison
        assert found.cross_entropy == mg.compare_to_data(mg.build_chain(model), expected, correction=None).cross_entropy


def test_watch_looks_at_its_own_steps_only() -> None:
    """Of 0, 1, ..., 4 those that were asked for, in order, each once; steps that never come are left out."""
    watch = mg.LearningWatch([9, 3, 1, 3])
    mg.load_model("babygpt", steps=4, checkpoint=watch, **SMALL)
    assert watch.curve().numbers.tolist() == [1, 3]


def test_watch_asks_the_chain_that_a_decoding_rule_makes() -> None:
    """The rows are those of the chain at that temperature."""
    model, rule = mg.load_model("babygpt", steps=0, **SMALL), Decoding(temperature=0.25)
    watch = mg.LearningWatch([0], decoding=rule)
    watch(0, model)
    chain = mg.build_chain(model, decoding=rule)
    expected = [chain.row(int(context))[token] for context, token in watch.curve().arrows]
    assert watch.curve().probabilities[0].tolist() == expected
    assert watch.curve().steps[0].entropy_rate == mg.entropy_rate(chain, mg.stationary_distribution(chain))


def test_watch_does_without_a_chain_where_there_are_too_many_states() -> None:
    """The model is asked about the contexts that occur: the same bits, and nothing of the long run."""
    model = mg.load_model("babygpt", steps=0, **SMALL)
    steps = []
    for most in (7, 8):
        watch = mg.LearningWatch([0], max_states=most)
        watch(0, model)
        steps.append(watch.curve().steps[0])
    few, every = steps
    assert (few.entropy_rate, few.unseen_mass, few.certified) == (None, None, False)
    assert few.comparison.cross_entropy == pytest.approx(every.comparison.cross_entropy, abs=1e-12)
    np.testing.assert_allclose(few.probabilities, every.probabilities, atol=1e-12)


def test_watch_knows_no_long_run_of_several_classes() -> None:
    """Two islands."""
    watch = mg.LearningWatch([0], counts=mg.count_ngrams([0, 0, 1, 1], vocab_size=2, context_length=1))
    watch(0, mg.from_matrix(np.eye(2)))
    (step,) = watch.curve().steps
    assert (step.entropy_rate, step.unseen_mass, step.certified) == (None, None, False)
    assert step.comparison.excess == np.inf


def test_watch_tells_how_far_it_is() -> None:
    """Looks, of all that are wanted."""
    told = []
    watch = mg.LearningWatch([0, 2], progress=lambda *words: told.append(words))
    mg.load_model("babygpt", steps=2, checkpoint=watch, **SMALL)
    assert told == [("looking at the model", 1, 2), ("looking at the model", 2, 2)]


def test_watch_calls_steps_by_the_names_that_it_is_given() -> None:
    """Of saved models; numbers with commas otherwise."""
    model = mg.load_model("babygpt", steps=0, **SMALL)
    watch = mg.LearningWatch([0, 1000])
    watch(1000, model)
    watch(0, model, name="the first")
    assert [step.name for step in watch.curve().steps] == ["the first", "1,000"]


def test_learning_curve_cannot_be_changed(curve: LearningCurve) -> None:
    """Its arrays are read-only."""
    arrays = [curve.arrows, curve.shares, curve.counts, *(step.probabilities for step in curve.steps)]
    assert not any(array.flags.writeable for array in arrays)
