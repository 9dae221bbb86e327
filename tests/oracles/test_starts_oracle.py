"""Where a chain begins, against pushing the chain of all lengths, and against writing out every text."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import markovgpt as mg

RULES = [
    pytest.param(mg.Decoding(), id="own law"),
    pytest.param(mg.Decoding(temperature=0.3, top_k=2), id="temperature and top-k"),
    pytest.param(mg.Decoding(greedy=True), id="greedy"),
]


def model_of(seed: int, *, vocab_size: int = 3, context_length: int = 3) -> mg.LanguageModel:
    """A law of its own after each context, the empty one included."""

    def law(contexts: np.ndarray) -> np.ndarray:
        return np.array(
            [np.random.default_rng([seed, 7, *c]).standard_normal(vocab_size) for c in (contexts + 1).tolist()]
        )

    return mg.from_callable(law, vocab_size=vocab_size, context_length=context_length)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("start", ["0", "1", "02", "22"])
def test_short_start_is_the_chain_of_all_lengths_pushed(rule: mg.Decoding, start: str) -> None:
    """From the short context, until it has 3 tokens."""
    model = model_of(1)
    every = mg.build_chain(model, lengths="all", decoding=rule)
    mu = np.zeros(every.n_states)
    mu[every.state(start)] = 1
    for _ in range(3 - len(start)):
        mu = every.push(mu)
    law = mg.start_distribution(model, mg.build_chain(model, decoding=rule), start)
    np.testing.assert_allclose(law, mu[-27:], rtol=1e-13, atol=0)


@pytest.mark.parametrize("rule", RULES)
def test_empty_start_is_what_the_model_writes(rule: mg.Decoding) -> None:
    """The product of three probabilities for each of 27 texts."""
    model = model_of(2)

    def p(*tokens: int) -> float:
        return float(rule.apply(model.next_logits(np.array([tokens[:-1]], dtype=np.int64)))[0, tokens[-1]])

    law = mg.start_distribution(model, mg.build_chain(model, decoding=rule), "")
    expected = [p(a) * p(a, b) * p(a, b, c) for a, b, c in product(range(3), repeat=3)]
    np.testing.assert_allclose(law, expected, rtol=1e-13, atol=0)


def test_empty_start_of_a_chain_of_all_lengths_is_the_first_token() -> None:
    """Three states of one token."""
    model = model_of(3)
    law = mg.start_distribution(model, mg.build_chain(model, lengths="all"), ())
    first = mg.Decoding().apply(model.next_logits(np.zeros((1, 0), dtype=np.int64)))[0]
    np.testing.assert_array_equal(law[:3], first)
    assert law[3:].sum() == 0


def test_empty_start_of_a_prefixed_model_is_what_follows_the_prefix() -> None:
    """``with_prompt``: nothing is written yet, but the prompt stands there."""
    model = model_of(4)
    behind = mg.with_prompt(model, "2")
    law = mg.start_distribution(behind, mg.build_chain(behind, lengths="all"), "")
    np.testing.assert_array_equal(law[:3], mg.Decoding().apply(model.next_logits(np.array([[2]])))[0])


def test_full_start_is_its_state_and_a_longer_one_its_end() -> None:
    """The last three tokens."""
    model = model_of(5)
    chain = mg.build_chain(model)
    for start in ("012", "2012", (2, 2, 0, 1, 2)):
        law = mg.start_distribution(None, chain, start)
        assert (law[chain.state("012")], law.sum()) == (1, 1)


@pytest.mark.parametrize("start", [5, np.int64(5)], ids=["int", "numpy"])
def test_start_by_its_number_is_that_state(start: int) -> None:
    """Not the context of one token 5."""
    chain = mg.build_chain(model_of(5))
    assert mg.start_distribution(None, chain, start).nonzero()[0].tolist() == [5]


def test_uniform_start_is_every_state_alike() -> None:
    """1/27."""
    chain = mg.build_chain(model_of(6))
    np.testing.assert_array_equal(mg.start_distribution(None, chain, "uniform"), np.full(27, 1 / 27))


def test_start_of_a_walk_is_one_of_its_states() -> None:
    """A context, the end, or, where the walk begins with one token, the empty context."""
    model = model_of(7)
    chain = mg.reachable_chain(model, "0", end=1)
    assert mg.start_distribution(None, chain, "0")[0] == 1
    assert mg.start_distribution(None, chain, "(end)")[-1] == 1


def test_absorption_from_a_short_start_is_that_of_all_lengths() -> None:
    """Two loops of greedy decoding share what 0 leads to."""
    model = model_of(8)
    rule = mg.Decoding(top_k=1)
    full, every = mg.build_chain(model, decoding=rule), mg.build_chain(model, lengths="all", decoding=rule)
    short = mg.absorption_probabilities(full, mg.start_distribution(model, full, "0"))
    long = mg.absorption_probabilities(every, "0")
    np.testing.assert_allclose(short.probabilities, long.probabilities, rtol=1e-12)


@pytest.mark.parametrize("start", [4, "012", "0", "", (2, 1), "uniform"], ids=repr)
def test_structure_and_long_run_begin_alike(start: int | str | tuple[int, ...]) -> None:
    """The same name, and the probabilities of the law of the start."""
    model = model_of(8)
    chain = mg.build_chain(model, decoding=mg.Decoding(top_k=1))
    ends = mg.absorption_probabilities(chain, mg.start_distribution(model, chain, start))
    structure = mg.chain_structure(chain, [start], model=model).absorption
    long_run = mg.stationary_report(chain, [start], model=model).ends
    assert len(ends.classes) > 1
    for ((name, found),) in (structure, long_run):
        assert name == {4: "011", (2, 1): "21"}.get(start, start)
        np.testing.assert_array_equal(found.probabilities, ends.probabilities)
