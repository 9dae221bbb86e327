"""Does the assertion about samplers call them as promised, and report what is wrong with what they return?"""

from __future__ import annotations

import numpy as np
import pytest
import torch

import markovgpt as mg
from markovgpt.errors import ArgumentError
from markovgpt.testing import assert_samples_chain, assert_sequences_from
from markovgpt.testing.assertions.samples import prompts_for

MODEL = mg.load_model("babygpt", steps=10)
CHAIN = mg.build_chain(MODEL)


def failure_of(call):
    with pytest.raises(AssertionError) as failure:
        call()
    return str(failure.value)


RULES = [{}, {"temperature": 0.7}, {"top_k": 1}, {"temperature": 0}, {"top_p": 0.6}]


@pytest.mark.parametrize("decoding", RULES, ids=str)
def test_right_samplers_pass(decoding):
    assert_samples_chain(MODEL.generate, MODEL, n=2000, **decoding)
    assert_samples_chain(MODEL.generate, CHAIN, n=2000, **decoding)


def test_no_false_alarm_in_100_seeds():
    for seed in range(100):
        assert_samples_chain(MODEL.generate, CHAIN, n=400, seed=seed)


def test_sampler_may_return_tensors_or_lists_or_new_tokens_only():
    def tensor(prompts, n, *, seed):
        return torch.tensor(MODEL.generate(prompts, n, seed=seed))

    def only_new(prompts, n, *, seed):
        return MODEL.generate(prompts, n, seed=seed)[:, 3:].tolist()

    assert_samples_chain(tensor, CHAIN, n=500)
    assert_samples_chain(only_new, CHAIN, n=500)


def test_sampler_is_called_by_its_own_name():
    """Not by that of the test around it; a lambda has none."""

    def sampler(prompts, n, *, seed):
        return MODEL.generate(prompts, n, seed=seed, temperature=0.5)

    for generate, name in ((sampler, "sampler"), (lambda *args, seed: sampler(*args, seed=seed), "the sampler")):
        message = failure_of(lambda generate=generate: assert_samples_chain(generate, CHAIN, n=2000))
        assert message.startswith(f"{name} does not sample from the chain of babygpt")


def test_ignored_temperature_is_named_with_what_reproduces_it():
    def generate(prompts, n, *, seed, temperature):  # that is the fault
        return MODEL.generate(prompts, n, seed=seed)

    text = failure_of(lambda: assert_samples_chain(generate, MODEL, temperature=0.5, seed=3))
    assert "generate does not sample from the chain of babygpt" in text.splitlines()[0]
    assert "  options    temperature 0.5   seed=3" in text
    assert "80000 transitions drawn" in text
    assert "  likely     the temperature is ignored (that law is at mean TV" in text
    line = text.splitlines()[-1]
    assert line.startswith("  reproduce  assert_samples_chain(")
    assert "length=1, seed=3, temperature=0.5, prompts=['" in line


def test_reproduction_from_one_context_fails_as_well():
    """The call in the last line: prompts of the worst state only."""

    def biased(prompts, n, *, seed):
        sample = MODEL.generate(prompts, n, seed=seed)
        stuck = (sample[:, :3] == 1).all(axis=1)
        sample[stuck, 3:] = 1
        return sample

    assert "111" in failure_of(lambda: assert_samples_chain(biased, MODEL, n=4000))
    text = failure_of(lambda: assert_samples_chain(biased, MODEL, n=4000, length=1, prompts=["111"]))
    assert "1 of 1 states rejected" in text


def test_prompts_cover_every_context_or_few_of_them_often():
    prompts = prompts_for(CHAIN, 20, seed=0)
    assert len(np.unique(prompts[:8], axis=0)) == 8
    large = mg.from_callable(lambda c: np.zeros((len(c), 50)), vocab_size=50, context_length=30)
    many = prompts_for(large, 1600, seed=0)
    assert many.shape == (1600, 30)
    assert len(np.unique(many, axis=0)) == 20


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda sample: sample[:, :-1], "does not return 4 tokens a prompt"),
        (lambda sample: sample[:-1], "does not return 4 tokens a prompt"),
        (lambda sample: [row[: 3 + i % 5] for i, row in enumerate(sample.tolist())], "it stops at an end token"),
        (lambda sample: sample[::-1], "does not continue its prompts"),
        (lambda sample: sample / 1.0, "numbers of float64"),
    ],
    ids=["short", "rows lost", "ragged", "rows mixed", "floats"],
)
def test_what_does_not_continue_the_prompts_is_reported(change, message):
    def generate(prompts, n, *, seed):
        return change(MODEL.generate(prompts, n, seed=seed))

    assert message in failure_of(lambda: assert_samples_chain(generate, MODEL, n=50))


def test_prompts_are_not_changed_by_a_sampler_that_writes_to_them():
    def writes(prompts, n, *, seed):
        prompts[:] = 0
        return MODEL.generate(prompts, n, seed=seed)

    assert "begin with other tokens" in failure_of(lambda: assert_samples_chain(writes, MODEL, n=50))


def test_padded_vocabulary_is_named():
    def padded(prompts, n, *, seed):
        sample = MODEL.generate(prompts, n, seed=seed)
        sample[0, -1] = 2
        return sample

    text = failure_of(lambda: assert_samples_chain(padded, MODEL, n=50))
    assert "drawn numbers are no tokens (0..1), first 2" in text


def test_recorded_sequences():
    good = MODEL.generate(np.tile([[0, 1, 1]], (2000, 1)), 4, seed=0)
    assert_sequences_from(CHAIN, good)
    assert_sequences_from(MODEL, list(good))
    assert_sequences_from(CHAIN, MODEL.generate(good[:, :3], 4, seed=0, top_k=1), top_k=1)
    text = failure_of(lambda: assert_sequences_from(CHAIN, good, top_k=1))
    assert text.startswith("the recording does not sample from the chain of babygpt")
    assert "impossible" in text
    assert "likely     top_k is ignored; or top_k is off by one: k + 1 tokens are kept (that law" in text


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: assert_samples_chain(MODEL.generate, MODEL, n=0), "n is a whole number of at least 1: got 0"),
        (lambda: assert_samples_chain(MODEL.generate, MODEL, length=0), "length is a whole number"),
        (lambda: assert_samples_chain(MODEL.generate, MODEL, seed=-1), "seed is a whole number of at least 0: got -1"),
        (
            lambda: assert_samples_chain(MODEL.generate, MODEL, alpha=0, n=9),
            "alpha is the rate of false alarms, a number between 0 and 1: got 0",
        ),
        (lambda: assert_samples_chain(MODEL.generate, MODEL, topk=3), "There is no decoding option 'topk'"),
        (
            lambda: assert_samples_chain(MODEL.generate, MODEL, prompts=["01"]),
            r"3 tokens from 0..1: got \(0, 1\)",
        ),
        (lambda: assert_samples_chain(MODEL.generate, MODEL, prompts=[]), "got none"),
    ],
)
def test_sampling_assertions_refuse_wrong_use(call, message):
    with pytest.raises(ArgumentError, match=message):
        call()


@pytest.mark.parametrize("prompts", [5, "111", [1, 1, 1]])
def test_prompts_that_are_no_list_of_contexts_are_refused(prompts):
    """A number, one label, one row."""
    model = mg.load_model("babygpt", steps=0)
    with pytest.raises(ArgumentError, match="prompts is a list of contexts, each a label or a row of 3 tokens: got "):
        assert_samples_chain(model.generate, model, prompts=prompts)
