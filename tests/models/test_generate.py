"""Are generated tokens drawn from the law that they should be drawn from, and from nothing else?"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from fakes import TableModel
from gpts import random_gpt

import markovgpt as mg
from markovgpt.errors import ArgumentError, ModelError
from markovgpt.models.mingpt import MinGPTConfig
from markovgpt.testing import judge_samples

GPT = random_gpt(
    MinGPTConfig(vocab_size=3, context_length=3, n_layer=2, n_head=2, n_embd=8, bias=True, tied=False, gelu="tanh"),
    spread=1.5,
)
PROMPTS = np.random.default_rng(0).integers(0, 3, size=(2000, 3))
CALLS = {"sessions": GPT.generate, "next_logits": lambda *args, **options: mg.generate(GPT, *args, **options)}
RULES = [{}, {"temperature": 0.5}, {"top_k": 2}, {"temperature": 1.7, "top_p": 0.8}, {"top_k": 2, "top_p": 0.6}]


@pytest.fixture(params=CALLS)
def generate(request):
    return CALLS[request.param]


@pytest.mark.parametrize("options", RULES, ids=str)
def test_generated_tokens_are_drawn_from_the_decoded_chain(generate, options):
    """Judged against the enumerated chain; the window slides five times."""
    verdict = judge_samples(
        mg.build_chain(GPT), generate(PROMPTS, 8, seed=1, **options), decoding=mg.Decoding(**options)
    )
    assert verdict.ok, verdict


def test_prompts_shorter_and_longer_than_the_context(generate):
    """Rows grow from one token; of seven, the last three count."""
    chain = mg.build_chain(GPT, lengths="all")
    assert judge_samples(chain, generate(PROMPTS[:, :1], 5, seed=2), prompt_length=1).ok
    long = np.tile(PROMPTS, (1, 3))[:, :7]
    assert judge_samples(chain, generate(long, 2, seed=3), prompt_length=7).ok


def test_prompts_are_kept_and_n_tokens_follow(generate):
    sample = generate(PROMPTS[:5], 4, seed=0)
    assert sample.shape == (5, 7)
    assert sample.dtype == np.int64
    np.testing.assert_array_equal(sample[:, :3], PROMPTS[:5])
    np.testing.assert_array_equal(generate(PROMPTS[:5], 0, seed=0), PROMPTS[:5])


def test_same_seed_same_tokens_other_seed_others(generate):
    first, again, other = (generate(PROMPTS, 4, seed=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_sessions_and_whole_contexts_draw_the_same_tokens():
    """The logits differ in the last digit at most, the draws are those of the seed."""
    np.testing.assert_array_equal(CALLS["sessions"](PROMPTS, 6, seed=9), CALLS["next_logits"](PROMPTS, 6, seed=9))


def test_global_random_state_is_left_alone(generate):
    torch.manual_seed(3)
    np.random.seed(3)  # noqa: NPY002  # the state that must not be touched
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    generate(PROMPTS, 4, seed=5)
    assert torch.equal(before[0], torch.get_rng_state())
    np.testing.assert_array_equal(before[1], np.random.get_state()[1])  # noqa: NPY002


def test_temperature_zero_takes_the_likeliest_token(generate):
    """Step by step by argmax of the network's own logits."""
    rows = PROMPTS[:50]
    for _ in range(6):
        rows = np.column_stack([rows, GPT.next_logits(rows[:, -3:]).argmax(dim=1).numpy()])
    np.testing.assert_array_equal(generate(PROMPTS[:50], 6, seed=0, temperature=0), rows)
    np.testing.assert_array_equal(generate(PROMPTS[:50], 6, seed=1, temperature=0.0, top_k=2), rows)


def test_lowest_token_wins_a_tie_at_temperature_zero():
    model = TableModel(np.array([[0.0, 2.0, 2.0]] * 3), context_length=1)
    assert mg.generate(model, [[0], [2]], 3, seed=0, temperature=0).tolist() == [[0, 1, 1, 1], [2, 1, 1, 1]]


def test_top_k_keeps_ties_and_top_p_the_crossing_token():
    """Laws (1/4, 1/4, 1/2) and top_k = 2: three are drawn. (0.5, 0.3, 0.2) and top_p = 0.6: two."""
    tied = TableModel(np.log([[0.25, 0.25, 0.5]] * 3), context_length=1)
    assert set(mg.generate(tied, [[0]] * 200, 1, seed=0, top_k=2)[:, 1].tolist()) == {0, 1, 2}
    crossing = TableModel(np.log([[0.5, 0.3, 0.2]] * 3), context_length=1)
    assert set(mg.generate(crossing, [[0]] * 200, 1, seed=0, top_p=0.6)[:, 1].tolist()) == {0, 1}


def test_a_token_of_probability_zero_is_never_drawn():
    """First, middle and last token impossible in turn, a million draws of a law with one tiny entry."""
    with np.errstate(divide="ignore"):
        logits = np.log([[0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [1 - 1e-17, 1e-17, 0.0]])
    sample = mg.generate(TableModel(logits, context_length=1), [[0], [1], [2]] * 3000, 20, seed=0)
    pairs = set(zip(sample[:, :-1].ravel().tolist(), sample[:, 1:].ravel().tolist(), strict=True))
    assert not pairs & {(0, 0), (1, 1), (2, 2)}


def test_any_model_generates():
    """A plain class with lists for logits."""

    class Coin:
        vocab_size, context_length = 2, 1

        def next_logits(self, contexts):
            return [[0.0, 1.0] for _ in contexts]

    sample = mg.generate(Coin(), [[0]] * 3000, 2, seed=0)
    assert judge_samples(Coin(), sample).ok


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[0, 1, 9]], 1), r"Tokens are 0..2: the prompts have 0 to 9"),
        (([[0, -1, 1]], 1), "the prompts have -1 to 1"),
        (([0, 1, 1], 1), r"Prompts are rows .* got shape \(3,\)"),
        (([[0], [0, 1]], 1), "one length at a time"),
        (([[]], 1), "at least one token"),
        (([[0.5]], 1), "float64"),
        (([[0]], -1), "n is a number of tokens to draw, at least 0: got -1"),
        (([[0]], 1.5), "got 1.5"),
    ],
)
def test_generate_refuses_what_is_no_prompt(generate, arguments, message):
    with pytest.raises(ArgumentError, match=message):
        generate(*arguments, seed=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": -1}, "seed is a whole number"),
        ({"seed": None}, "seed is a whole number"),
        ({"seed": 0, "temperature": -1}, "temperature must be a number of at least 0; 0 always takes the likeliest"),
        ({"seed": 0, "top_k": 0}, "top_k must be"),
        ({"seed": 0, "top_p": 1.5}, "top_p must be"),
    ],
)
def test_generate_refuses_options_that_cannot_be(generate, options, message):
    with pytest.raises(ArgumentError, match=message):
        generate([[0]], 1, **options)


def test_generate_names_the_context_of_a_model_that_fails():
    class Broken:
        vocab_size, context_length = 2, 1

        def next_logits(self, contexts):
            raise KeyError(len(contexts))

    with pytest.raises(ModelError, match="Broken failed on 1 contexts of length 1"):
        mg.generate(Broken(), [[0]], 1, seed=0)
