"""Does a right model pass every check: whatever its kind, its shape, and its seed?"""

from __future__ import annotations

import numpy as np
import pytest
from clean_models import clean_model
from hypothesis import given
from hypothesis import strategies as st
from strategies import tables

import markovgpt as mg
from markovgpt.testing import check_model


@pytest.mark.parametrize("seed", range(12))
def test_clean_model_fails_no_check(seed):
    """Three of each kind; the benchmark takes 300."""
    report = check_model(clean_model(seed), seed=seed)
    assert report.ok, str(report)


@pytest.mark.parametrize("which", ["untrained", "babygpt"])
def test_babygpt_passes_what_applies(which, request):
    """The built-in model, before and after training."""
    report = check_model(request.getfixturevalue(which))
    assert report.counts == {"passed": 21, "skipped": 6}, str(report)


@given(data=st.data())
def test_table_passes_what_applies(data):
    """Zeros, ties and tiny probabilities, one token only."""
    shapes = [(1, 2), (2, 2), (3, 1)]
    space = data.draw(
        st.sampled_from([mg.StateSpace(vocab_size=v, context_length=k, lengths="all") for v, k in shapes])
    )
    report = check_model(mg.from_matrix(data.draw(tables(space)), lengths="all"))
    assert report.ok, str(report)


@pytest.mark.parametrize(
    "adapted",
    [
        pytest.param(lambda model: mg.restrict_tokens(model, [0, 2]), id="restricted"),
        pytest.param(lambda model: mg.with_prompt(model, [1]), id="behind a prompt"),
        pytest.param(
            lambda model: mg.from_callable(model.next_logits, vocab_size=3, context_length=2), id="function, cut to K=2"
        ),
    ],
)
def test_adapters_make_models_that_pass(adapted):
    """Of a GPT of three tokens, K = 4."""
    model = adapted(mg.load_model("mingpt", vocab_size=3, context_length=4, n_layer=1))
    report = check_model(model)
    assert report.ok, str(report)


def test_impossible_tokens_are_no_fault():
    """Minus infinity is probability 0."""
    model = mg.from_callable(lambda c: [[0.0, -np.inf]] * len(c), vocab_size=2, context_length=2)
    assert check_model(model).ok


def test_large_model_is_asked_about_a_sample_and_says_so():
    """V^K = 1000^5 contexts: the same in every run, and the report says that it is a sample."""
    seen = []

    def law(contexts):
        seen.append(contexts.copy())
        return np.zeros((len(contexts), 1000))

    model = mg.from_callable(law, vocab_size=1000, context_length=5)
    report = check_model(model)
    assert report.ok
    assert max(map(len, seen)) <= 64 * 7
    said = {result.check: result.message for result in report.results}
    assert "64 contexts of length 5 (a seeded sample, not all)" in said["batch_rows_independent"]
    first, seen[:] = list(seen), []
    check_model(model)
    assert all(np.array_equal(a, b) for a, b in zip(first, seen, strict=True))


def test_sampler_of_a_model_too_large_to_enumerate_is_judged_by_the_states_it_visits():
    """V^K = 50^4 states; a sampler that halves the logits is caught, a right one is not."""
    weights = np.random.default_rng(0).normal(size=(4, 50, 50))

    class Large:
        vocab_size, context_length, name, factor = 50, 4, "large", 1.0

        def next_logits(self, contexts):
            return weights[np.arange(contexts.shape[1]), contexts].sum(axis=1)

        def generate(self, prompts, n, *, seed, **options):
            law = mg.from_callable(
                lambda c: self.factor * self.next_logits(c), vocab_size=50, context_length=4, name="half"
            )
            return mg.generate(law, prompts, n, seed=seed, **options)

    right, wrong = Large(), Large()
    wrong.factor = 0.5
    only = ["generate_default_is_chain", "generate_top_k", "generate_greedy"]
    assert check_model(right, only=only, n=4000).ok
    found = {result.check: result for result in check_model(wrong, only=only, n=4000).results}
    assert found["generate_default_is_chain"].outcome == "failed"
    assert "computed, not sampled" in found["generate_default_is_chain"].message
