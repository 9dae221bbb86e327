"""Does a rejected sampler learn where it goes wrong, is its mistake named, and is no other one?"""

from __future__ import annotations

from itertools import product
from math import comb

import numpy as np
import pytest
from samplers import SLIPS, ColdStart, LatePositions, Presence, Sampler, Short, StaleKeys

import markovgpt as mg
from markovgpt.testing import assert_samples_chain, judge_samples, run_check
from markovgpt.testing.causes.diagnosis import Diagnosis, diagnose
from markovgpt.testing.causes.evidence import evidence_of
from markovgpt.testing.causes.randomness import same_at_every_step
from markovgpt.testing.causes.shifts import other_rows, prompts_of, windows_of
from markovgpt.testing.causes.steps import apart, chance_distance
from markovgpt.testing.judging import judge_sampler
from markovgpt.testing.samples.references import Reference


def lines(message, name):
    """What stands behind a name in a message, line by line."""
    return [line[13:] for line in message.splitlines() if line.startswith(f"  {name:<10} ")]


@pytest.mark.parametrize("kind", SLIPS)
def test_slip_in_a_loop_is_named(kind):
    """Each by its law, or by where it goes wrong."""
    message = run_check("generate_default_is_chain", kind(4, 3, seed=1)).message
    (likely,) = lines(message, "likely")
    assert likely.startswith(SLIPS[kind]) or SLIPS[kind] in likely


@pytest.mark.parametrize("kind", [Short, StaleKeys, LatePositions])
def test_cache_that_is_stale_is_right_at_the_first_token_and_wrong_from_the_second(kind):
    """Numbers of both, and what chance alone makes of them."""
    (steps,) = lines(run_check("generate_default_is_chain", kind(4, 3, seed=1)).message, "steps")
    assert steps.startswith("token 1 after the prompt is drawn rightly (mean TV 0.0")
    assert "; from token 2 on, in the same states, it is not (mean TV 0." in steps


def test_first_token_of_another_path_is_wrong_and_the_rest_right():
    """And it is the first whose law is compared with known mistakes."""
    message = run_check("generate_default_is_chain", ColdStart(4, 3, seed=1)).message
    (steps,) = lines(message, "steps")
    assert steps.startswith("token 1 after the prompt is drawn wrongly")
    assert "from token 2 on, in the same states, it is drawn rightly" in steps


def test_nothing_is_said_of_steps_where_all_are_wrong():
    """A penalty is there from the first token on."""
    assert not lines(run_check("generate_default_is_chain", Presence(4, 3, seed=1)).message, "steps")


def test_window_that_slides_wrongly_is_told_from_a_cache_that_is_wrong_at_once():
    """Prompts of one token leave room for two that are drawn before the window of three slides."""
    sliding = lines(run_check("generate_default_is_chain", StaleKeys(4, 3, seed=1)).message, "window")
    assert len(sliding) == 1
    assert sliding[0].startswith(
        "after prompts of 1 token, tokens are drawn rightly while the text fits into K=3 tokens (mean TV 0.0"
    )
    at_once = lines(run_check("generate_default_is_chain", LatePositions(4, 3, seed=1)).message, "window")
    assert at_once == [
        "after prompts of 1 token, token 2 is drawn wrongly already, while the text fits into K=3 tokens"
    ]


def failure_of(sampler, model, **options):
    with pytest.raises(AssertionError) as failure:
        assert_samples_chain(sampler, model, **options)
    return str(failure.value)


def test_assertion_and_command_say_the_same_as_the_check():
    """A callable of the user, and the method of a model."""
    model = StaleKeys(4, 3, seed=1)
    asserted = failure_of(model.generate, model, n=8000)
    _, said = judge_sampler(model, length=4, n=8000)
    for message in (asserted, said):
        assert lines(message, "steps")[0].startswith("token 1 after the prompt is drawn rightly")
        assert "once the window slides" in lines(message, "window")[0]
        assert lines(message, "likely")[0].startswith("the key-value cache when the window slides")


@pytest.mark.parametrize("error", [ValueError("at least K tokens"), TypeError("a bug"), KeyboardInterrupt])
def test_sampler_that_takes_no_short_prompts_is_not_asked_to(error):
    """Then the steps are all that is known; what it raises is not shown, but for an interrupt."""
    model = StaleKeys(4, 3, seed=1)

    def generate(prompts, n, *, seed):
        if prompts.shape[1] < 3:
            raise error
        return model.generate(prompts, n, seed=seed)

    if error is KeyboardInterrupt:
        with pytest.raises(KeyboardInterrupt):
            assert_samples_chain(generate, model, n=8000)
        return
    message = failure_of(generate, model, n=8000)
    assert lines(message, "steps")
    assert not lines(message, "window")
    assert lines(message, "likely")[0].startswith("what a step leaves behind: the key-value cache")


def test_chain_without_its_model_is_enough_for_the_steps():
    """There are no laws of shorter contexts then."""
    model = StaleKeys(4, 3, seed=1)
    message = failure_of(model.generate, mg.build_chain(model), n=8000)
    assert lines(message, "steps")
    assert not lines(message, "window")


def test_recording_with_prompts_is_diagnosed_as_well():
    """No sampler is asked again: what was recorded is enough."""
    model = Short(4, 3, seed=1)
    prompts = np.resize(np.array(list(product(range(4), repeat=3))), (8000, 3))
    verdict = judge_samples(model, model.generate(prompts, 4, seed=0))
    assert verdict.likely.rule == "the window is one token too short: 2 in place of K=3"
    assert verdict.facts[0][0] == "steps"


class Random(Sampler):
    """Every state has its own wrong logits: no known mistake."""

    size = 1.0

    def changed(self, logits, text, _step):
        K, V = self.context_length, self.vocab_size
        wrong = np.random.default_rng(V).normal(size=(V**K, V))
        return logits + self.size * wrong[text[:, -K:] @ V ** np.arange(K - 1, -1, -1)]


@pytest.mark.parametrize("size", [0.3, 1.0])
@pytest.mark.parametrize("seed", range(4))
def test_mistake_that_is_not_known_is_not_named(seed, size):
    """Numbers alone: a wrong name sends its reader to the wrong line."""
    model = Random([3, 3, 4, 5][seed], [2, 3, 2, 2][seed], seed=seed)
    model.size = size
    message = run_check("generate_default_is_chain", model, seed=seed).message
    assert "does not sample from the chain" in message
    assert not lines(message, "likely")
    assert not lines(message, "steps")


@pytest.mark.parametrize("seed", range(20))
def test_right_draws_are_never_explained_by_a_mistake(seed):
    """The diagnosis of draws that should not have been rejected is empty, whatever the shape of the model."""
    V, K = [(3, 1), (3, 3), (4, 2), (5, 2), (3, 4)][seed % 5]
    model = Sampler(V, K, seed=seed)
    for options in ({}, {"temperature": 0.5}, {"top_k": 2}):
        prompts = np.random.default_rng([seed, 1]).integers(0, V, (3000, K))  # not the numbers that are drawn with
        drawn = model.generate(prompts, 4, seed=seed, **options)
        reference = Reference(mg.build_chain(model), mg.Decoding(**options))
        evidence = evidence_of(reference, drawn, 4, model=model)
        found = diagnose(evidence, 1e-6, again=lambda p, n: model.generate(p, n, seed=0), n=1000)
        assert found == Diagnosis(), (options, found)


class OneToken:
    """V = 1: nothing can be wrong."""

    vocab_size, context_length, name = 1, 2, "one token"

    def next_logits(self, contexts):
        return np.zeros((len(contexts), 1))

    def generate(self, prompts, n, *, seed):  # noqa: ARG002  # nothing is random
        return np.zeros((len(prompts), prompts.shape[1] + n), dtype=np.int64)


class Coin:
    """V = 2, K = 1, drawn with another coin."""

    vocab_size, context_length, name = 2, 1, "coin"

    def next_logits(self, contexts):
        return np.zeros((len(contexts), 2))

    def generate(self, prompts, n, *, seed):
        drawn = np.random.default_rng(seed).random((len(prompts), n)) < 0.7
        return np.column_stack([prompts, drawn.astype(np.int64)])


class Large:
    """V = 3,000 and K = 12: a law of its own after each token, and a sampler that takes the likeliest."""

    vocab_size, context_length, name = 3000, 12, "large"
    contexts_per_call = 64

    def next_logits(self, contexts):
        return np.sin(np.arange(3000) * (1 + contexts[:, -1:]))

    def generate(self, prompts, n, *, seed):  # noqa: ARG002  # nothing is random
        text = prompts
        for _ in range(n):
            text = np.column_stack([text, self.next_logits(text).argmax(axis=1)])
        return text


def test_models_of_any_size_are_diagnosed_without_an_error():
    """One token, one token of context, thousands of tokens."""
    assert run_check("generate_default_is_chain", OneToken(), n=100).outcome == "passed"
    coin = run_check("generate_default_is_chain", Coin())
    assert coin.outcome == "failed"
    assert "not made" not in coin.message
    large = run_check("generate_default_is_chain", Large(), n=500)
    assert "likely     the likeliest token is always taken (greedy)" in large.message


def test_model_that_fails_when_it_is_asked_again_is_rejected_all_the_same():
    """It answers about K tokens only, and its sampler is wrong."""

    class Picky(StaleKeys):
        def next_logits(self, contexts):
            if contexts.shape[1] != 3:
                raise ZeroDivisionError("only K tokens")
            return super().next_logits(contexts)

    model = Picky(4, 3, seed=1)
    message = failure_of(model.generate, model, n=8000)
    assert lines(message, "steps")
    assert lines(message, "likely")[0].startswith("what a step leaves behind")


def test_tokens_that_are_none_end_a_row_of_evidence():
    """What follows them cannot be judged."""
    reference = Reference(mg.chain_from_table(np.full((3, 3), 1 / 3)))
    evidence = evidence_of(reference, np.array([[0, 1, 7, 1], [0, 1, 2, 0]]), 3)
    assert evidence.tokens.tolist() == [1, 1, 2, 0]
    assert evidence.steps.tolist() == [0, 0, 1, 2]


def test_mean_distance_by_chance_is_that_of_all_outcomes():
    """Every sequence of up to 5 draws of three tokens, with its probability."""
    law = np.array([0.5, 0.3, 0.2])
    for n in range(1, 6):
        expected = 0.0
        for outcome in product(range(3), repeat=n):
            counts = np.bincount(outcome, minlength=3)
            expected += np.prod(law**counts) * abs(counts / n - law).sum() / 2
        assert chance_distance(np.array([n]), law[None])[0] == pytest.approx(expected)


def test_mean_distance_by_chance_of_many_draws_is_that_of_the_binomial_law():
    """Two tokens, n = 1,000: the mean absolute deviation, summed by definition."""
    n, p = 1000, 0.3
    weights = [comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]
    expected = sum(w * abs(k / n - p) for k, w in enumerate(weights))
    assert chance_distance(np.array([n]), np.array([[p, 1 - p]]))[0] == pytest.approx(expected)


def test_sides_are_not_called_apart_on_a_few_draws():
    """Nine of ten wrong draws, but four right ones: that could be chance. With 400 it could not."""
    law, rows = np.array([[0.5, 0.5]]), np.array([True])
    assert apart(np.array([[2, 2]]), np.array([[900, 100]]), law, rows) is None
    near, far = apart(np.array([[200, 200]]), np.array([[900, 100]]), law, rows)
    assert near.seen == 0
    assert far.seen == pytest.approx(0.4)


@pytest.mark.parametrize("race", [False, True], ids=["inversion", "race"])
def test_law_of_a_second_draw_with_the_same_random_numbers(race):
    """Against a million pairs that were drawn so: each frequency within five standard deviations."""
    rng, m = np.random.default_rng(5), 10**6
    table = rng.dirichlet(np.ones(4), size=4)
    table[2] = [0.0, 0.5, 0.25, 0.25]
    start = rng.integers(0, 4, m)
    numbers = rng.exponential(size=(m, 4)) if race else rng.random(m)

    def drawn(laws):
        with np.errstate(divide="ignore"):
            return (
                (numbers / laws).argmin(axis=1) if race else (np.cumsum(laws, axis=1) <= numbers[:, None]).sum(axis=1)
            )

    first = drawn(table[start])
    second = drawn(table[first])
    evidence = evidence_of(Reference(mg.chain_from_table(table)), np.column_stack([start, first, second])[:100_000], 2)
    prediction = list(same_at_every_step(evidence))[int(race)]
    keys = start * 16 + first * 4  # the second state is the first token
    for group in range(len(prediction.laws)):
        row = prediction.evidence.rows[np.argmax(prediction.groups == group)]
        same = keys == keys[row]
        for token in range(4):
            p = prediction.laws[group, token]
            tolerance = 5 * np.sqrt(max(p * (1 - p), 1e-9) / same.sum()) + 1e-9
            assert abs((second[same] == token).mean() - p) <= tolerance


def test_windows_and_prompts_are_cut_as_their_names_say():
    """A text of seven tokens, whose first five are the prompt, and K = 3."""
    text = np.array([[1, 2, 3, 4, 5, 6, 7]])
    cut = [look(text, 5)[0].tolist() for look in (*windows_of(3).values(), *prompts_of(3).values())]
    assert cut == [
        [6, 7],
        [4, 5, 6, 7],
        [*range(1, 8)],
        [1, 2, 3],
        [4, 5, 6],
        [7],
        [6, 7, 7],
        [3, 6, 7],
        [3, 4, 5],
        [5, 6, 7],
    ]


def test_other_rows_are_those_of_the_same_call():
    """Two calls of three rows and two."""
    assert {which: rows.tolist() for which, rows in other_rows(np.array([0, 0, 0, 1, 1])).items()} == {
        "the row after it": [1, 2, 0, 4, 3],
        "the row before it": [2, 0, 1, 4, 3],
        "the first row": [0, 0, 0, 3, 3],
    }
