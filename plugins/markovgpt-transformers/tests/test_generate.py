"""Does `generate` draw from the law that was asked for, whatever transformers and the checkpoint have as defaults?"""

from __future__ import annotations

import markovgpt as mg
import numpy as np
import pytest
import tiny
import torch
from scipy.stats import chi2
from transformers import GenerationConfig

import markovgpt_transformers as mt

N = 6000
ALPHA = 1e-6  # false alarms of one test; seeds are fixed

RULES = {
    "none": {},
    "temperature": {"temperature": 0.5},
    "top_k": {"top_k": 3},
    "top_p": {"top_p": 0.7},
    "all": {"temperature": 2.0, "top_k": 5, "top_p": 0.8},
}


def assert_drawn_from(counts, law):
    """A G-test of counts against probabilities; a draw of probability 0 fails at once."""
    counts, law = np.asarray(counts, dtype=float), np.asarray(law, dtype=float)
    assert not counts[law == 0].any(), f"drawn though impossible: {np.flatnonzero((law == 0) & (counts > 0))}"
    expected = law * counts.sum()
    large = expected >= 5
    seen = np.append(counts[large], counts[~large].sum())
    wanted = np.append(expected[large], expected[~large].sum())
    drawn = seen > 0
    g = 2 * (seen[drawn] * np.log(seen[drawn] / np.maximum(wanted[drawn], 1e-300))).sum()
    assert chi2.sf(g, max(1, large.sum())) > ALPHA, f"G = {g:.1f}\n{seen}\n{wanted}"


def test_the_test_of_samples_finds_a_wrong_law():
    """A planted error: the second token drawn a tenth more often."""
    law = np.array([0.5, 0.3, 0.2])
    assert_drawn_from([3000, 1800, 1200], law)
    with pytest.raises(AssertionError, match="G ="):
        assert_drawn_from([2700, 2100, 1200], law)
    with pytest.raises(AssertionError, match="drawn though impossible"):
        assert_drawn_from([1, 0], [0.0, 1.0])


@pytest.mark.parametrize("architecture", ["gpt2", "mistral", "mamba", "recurrent_gemma"])
@pytest.mark.parametrize("rule", RULES)
def test_one_token_is_drawn_from_the_law_under_the_rule(loaded, architecture, rule):
    """Against markovgpt's own temperature, top-k and top-p, in float64."""
    model, context = loaded(architecture), [3, 0, 5]
    law = mg.Decoding(**RULES[rule]).apply(model.next_logits([context]).double().numpy())[0]
    drawn = model.generate(np.tile(context, (N, 1)), 1, seed=7, **RULES[rule])[:, -1]
    assert_drawn_from(np.bincount(drawn, minlength=tiny.V), law)


@pytest.mark.parametrize("architecture", ["gpt2", "mistral", "mamba"])
def test_long_texts_are_drawn_from_the_chain(saved, architecture):
    """K = 2, six tokens behind one: every transition of a full state is judged; older tokens must not be seen."""
    model = mt.load(saved(architecture), context_length=2)
    chain = mg.build_chain(model)
    drawn = model.generate(np.full((2000, 1), 4), 6, seed=3)
    assert drawn.shape == (2000, 7)
    states, counts = drawn[:, :-2] * tiny.V + drawn[:, 1:-1], np.zeros((tiny.V**2, tiny.V))
    np.add.at(counts, (states, drawn[:, 2:]), 1)
    judged = np.flatnonzero(counts.sum(axis=1) >= 150)
    assert len(judged) >= 8
    for state in judged:
        assert_drawn_from(counts[state], chain.probabilities[state])


def test_settings_of_the_checkpoint_are_not_used(tmp_path):
    """generation_config.json asks for top-k 1, a penalty, a suppressed token and an end: none is the model's law."""
    folder = tiny.save(tmp_path, "llama")
    asked = {"do_sample": True, "temperature": 0.3, "top_k": 1, "repetition_penalty": 5.0, "suppress_tokens": [3]}
    GenerationConfig(**asked, eos_token_id=list(range(tiny.V)), pad_token_id=0).save_pretrained(folder)
    model = mt.load(folder, context_length=6)
    assert model.generation_defaults == asked
    law = model.next_logits([[3, 4]]).double().softmax(-1)[0].numpy()
    assert_drawn_from(np.bincount(model.generate([[3, 4]] * N, 1, seed=0)[:, -1], minlength=tiny.V), law)
    assert model.generate([[3, 4]], 9, seed=0).shape == (1, 11)
    assert model.pretrained.generation_config.repetition_penalty == 5.0


def test_more_than_fifty_tokens_are_drawn():
    """The hidden default of transformers is top-k 50: of 300 tokens with a flat law it draws 50, and we draw all."""
    network = tiny.network("gpt2", vocab_size=300)
    torch.nn.init.normal_(network.transformer.wte.weight, 0, 0.01)
    prompts = np.full((5000, 1), 4)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        theirs = network.generate(torch.from_numpy(prompts), do_sample=True, max_new_tokens=1, pad_token_id=0)[:, -1]
    ours = mt.from_transformers(network, context_length=2).generate(prompts, 1, seed=0)[:, -1]
    assert len(set(theirs.tolist())) == 50
    assert len(set(ours.tolist())) > 290


@pytest.mark.parametrize("architecture", ["gpt2", "llama", "mamba", "recurrent_gemma"])
def test_greedy_is_the_likeliest_token_of_the_window(loaded, architecture):
    """Temperature 0, past K = 6, with the padding token 0 in the prompt."""
    model = loaded(architecture)
    text = model.generate([[0, 5, 0, 7]], 8, seed=0, temperature=0)
    for end in range(4, 12):
        assert text[0, end] == int(model.next_logits(text[:, max(0, end - 6) : end]).argmax())


def test_whole_text_in_view_is_what_transformers_draws_alone(saved):
    """window=False, greedy: the same tokens as network.generate, which the window of K = 2 does not give."""
    model = mt.load(saved("gpt2"), context_length=2)
    prompt = np.array([[3, 9, 5]])
    theirs = model.pretrained.generate(torch.from_numpy(prompt), do_sample=False, max_new_tokens=12, pad_token_id=0)
    np.testing.assert_array_equal(model.generate(prompt, 12, seed=0, temperature=0, window=False), theirs.numpy())
    assert (model.generate(prompt, 12, seed=0, temperature=0) != theirs.numpy()).any()


def test_window_makes_no_difference_when_it_reaches_the_receptive_field(loaded):
    """Mistral with two layers of window 4 looks at 7 tokens, however long the text."""
    model = mt.from_transformers(loaded("mistral").pretrained, context_length=7)
    prompts = np.random.default_rng(0).integers(0, tiny.V, size=(4, 3))
    windowed = model.generate(prompts, 20, seed=0, temperature=0)
    np.testing.assert_array_equal(model.generate(prompts, 20, seed=0, temperature=0, window=False), windowed)


def test_prompt_is_in_view_and_not_in_the_answer(tmp_path):
    tokenizer = tiny.byte_level_bpe()
    folder = tiny.save(tmp_path, "llama", tokenizer=tokenizer, vocab_size=len(tokenizer))
    model = mt.load(folder, context_length=2, prompt="the cat")
    text = model.generate([[40], [50]], 4, seed=0, temperature=0)
    assert text.shape == (2, 5)
    for end in range(1, 5):
        np.testing.assert_array_equal(text[:, end], model.next_logits(text[:, max(0, end - 2) : end]).argmax(-1))


def test_seed_decides_the_draw_and_leaves_torch_as_it_was(loaded):
    model, prompts = loaded("gpt2"), np.full((50, 2), 3)
    torch.manual_seed(123)
    before = torch.get_rng_state()
    first = model.generate(prompts, 5, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(9)
    np.testing.assert_array_equal(model.generate(prompts, 5, seed=1), first)
    assert (model.generate(prompts, 5, seed=2) != first).any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": -1}, "The number of tokens to draw must be at least 0: got -1"),
        ({"temperature": -1.0}, "temperature must be a number above 0: got -1.0"),
        ({"top_k": 0}, "top_k must be a whole number of at least 1: got 0"),
        ({"top_p": 1.5}, "top_p must be above 0 and at most 1: got 1.5"),
        ({"n": 40, "window": False}, "gpt2 has 32 positions: 40 tokens in view, the prompt included, do not fit"),
    ],
    ids=["n", "temperature", "top_k", "top_p", "positions"],
)
def test_generate_refuses_what_is_impossible(loaded, arguments, message):
    with pytest.raises(mg.ArgumentError, match=message):
        loaded("gpt2").generate([[1]], **{"n": 1, "seed": 0, **arguments})


def test_nothing_is_drawn_when_nothing_is_asked_for(loaded):
    np.testing.assert_array_equal(loaded("gpt2").generate([[1, 2]], 0, seed=0), [[1, 2]])
