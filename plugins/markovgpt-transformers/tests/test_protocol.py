"""Does every architecture keep the protocol, and is its law the one that transformers computes?"""

from __future__ import annotations

import dataclasses

import markovgpt as mg
import numpy as np
import pytest
import tiny
import torch
from hypothesis import given
from hypothesis import strategies as st
from markovgpt.testing import check_model

import markovgpt_transformers as mt
from markovgpt_transformers import model as model_module
from markovgpt_transformers.forward import Forward

every_architecture = pytest.mark.parametrize("architecture", sorted(tiny.CONFIGS))
K = 6


def contexts_of(length, *, rows=7, seed=0):
    return np.random.default_rng(seed).integers(0, tiny.V, size=(rows, length))


def plain_logits(network, contexts):
    """The oracle: transformers called as its manual says, one context at a time."""
    with torch.no_grad():
        return torch.stack([network(torch.tensor([context])).logits[0] for context in contexts.tolist()])


@every_architecture
def test_model_passes_every_conformance_check(loaded, architecture):
    report = check_model(loaded(architecture))
    assert report.ok, str(report)


@every_architecture
def test_next_logits_are_those_of_the_network_alone(loaded, architecture):
    """Batched, without a cache, at every length up to K."""
    model = loaded(architecture)
    for length in range(1, K + 1):
        contexts = contexts_of(length)
        expected = plain_logits(model.pretrained, contexts)  # (rows, length, V)
        torch.testing.assert_close(model.next_logits(contexts), expected[:, -1], atol=2e-5, rtol=1e-5)
        torch.testing.assert_close(model.all_logits(contexts), expected, atol=2e-5, rtol=1e-5)


@every_architecture
def test_network_loaded_by_name_is_the_one_that_was_saved(saved, architecture):
    """What `markovgpt analyze --model transformers -M path=FOLDER -M context_length=2` loads."""
    model = mg.load_model("transformers", path=str(saved(architecture)), context_length="2")
    original = tiny.network(architecture)
    contexts = contexts_of(2)
    assert (model.vocab_size, model.context_length, model.name) == (tiny.V, 2, architecture)
    assert model.n_parameters == sum(p.numel() for p in original.parameters())
    torch.testing.assert_close(model.next_logits(contexts), plain_logits(original, contexts)[:, -1], atol=2e-5, rtol=0)


def test_chain_of_a_loaded_model_is_the_softmax_of_its_logits(saved):
    """V^K = 121 states."""
    model = mg.load_model("transformers", path=saved("gpt2"), context_length=2)
    chain = mg.build_chain(model)
    logits = plain_logits(tiny.network("gpt2"), np.array([[s // tiny.V, s % tiny.V] for s in range(tiny.V**2)]))
    np.testing.assert_allclose(chain.probabilities, logits[:, -1].double().softmax(-1), atol=1e-5)
    assert mg.stationary_distribution(chain).certified


@pytest.mark.parametrize("architecture", ["gpt2", "mistral"])
def test_batches_that_are_cut_give_the_same_laws(loaded, architecture, monkeypatch):
    """Two rows a pass instead of seven."""
    model, contexts = loaded(architecture), contexts_of(K)
    whole = model.next_logits(contexts), model.all_logits(contexts)
    monkeypatch.setattr(model_module, "_MOST_POSITIONS", 2 * K)
    torch.testing.assert_close(model.next_logits(contexts), whole[0], atol=2e-5, rtol=0)
    monkeypatch.setattr(model_module, "_MOST_LOGITS", 1)
    torch.testing.assert_close(model.all_logits(contexts), whole[1], atol=2e-5, rtol=0)


@given(rows=st.integers(1, 9), length=st.integers(1, K), seed=st.integers(0, 99))
def test_a_row_is_the_same_alone_and_in_any_batch(loaded, rows, length, seed):
    model, contexts = loaded("llama"), contexts_of(length, rows=rows, seed=seed)
    alone = torch.cat([model.next_logits(context[None]) for context in contexts])
    torch.testing.assert_close(model.next_logits(contexts), alone, atol=2e-5, rtol=0)


@every_architecture
@pytest.mark.parametrize("start", ["none", "bos"])
def test_prompt_stands_in_front_of_every_context(tmp_path, architecture, start):
    """Law of context c behind prompt p = law of p + c without a prompt; p may or may not be cached."""
    tokenizer = tiny.byte_level_bpe()
    folder = tiny.save(tmp_path, architecture, tokenizer=tokenizer, vocab_size=len(tokenizer), bos_token_id=0)
    prompted = mt.load(folder, context_length=3, prompt="the cat", start=start)
    prefix = ([0] if start == "bos" else []) + tokenizer.encode("the cat")
    assert prompted.prefix == tuple(prefix)
    assert len(prefix) >= 2
    contexts = contexts_of(3)
    whole = np.concatenate([np.tile(prefix, (len(contexts), 1)), contexts], axis=1)
    expected = plain_logits(prompted.pretrained, whole)[:, len(prefix) :]
    torch.testing.assert_close(prompted.all_logits(contexts), expected, atol=5e-5, rtol=1e-5)
    torch.testing.assert_close(prompted.next_logits(contexts), expected[:, -1], atol=5e-5, rtol=1e-5)


def test_padding_token_in_a_context_is_a_token_like_any_other(saved):
    """The pad token is 0 here: a context of zeros has a law of its own, and transformers is silent about it."""
    model = mt.load(saved("llama"), context_length=3)
    same = model.next_logits([[0, 0, 5], [0, 5, 0], [5, 0, 0]])
    torch.testing.assert_close(
        same, plain_logits(model.pretrained, np.array([[0, 0, 5], [0, 5, 0], [5, 0, 0]]))[:, -1], atol=2e-5, rtol=0
    )
    assert (same[0] - model.next_logits([[5]])[0]).abs().max() > 1e-2


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [("float64", 1e-4), ("bfloat16", 0.5), ("float16", 0.05)], ids=lambda value: str(value)
)
def test_network_computes_in_the_chosen_type(saved, dtype, tolerance):
    """Logits come back as float32, those of float64 as they are, and near those of float32."""
    model = mt.load(saved("llama"), context_length=3, dtype=dtype)
    assert model.pretrained.dtype == getattr(torch, dtype)
    got = model.next_logits(contexts_of(3))
    assert got.dtype == (torch.float64 if dtype == "float64" else torch.float32)
    expected = mt.load(saved("llama"), context_length=3).next_logits(contexts_of(3))
    torch.testing.assert_close(got.float(), expected, atol=tolerance, rtol=0.05)


def test_fingerprint_tells_models_apart_and_nothing_else(saved, tmp_path):
    """Same weights, K and prefix: same fingerprint, wherever the folder lies; anything else changes it."""
    here = mt.load(saved("gpt2"), context_length=3)
    there = mt.load(tiny.save(tmp_path / "elsewhere", "gpt2"), context_length=3, name="other")
    assert here.fingerprint == there.fingerprint
    others = [
        mt.load(saved("gpt2"), context_length=2),
        dataclasses.replace(here, prefix=(1,)),
        mt.load(saved("gpt2"), context_length=3, dtype="bfloat16"),
        mt.load(tiny.save(tmp_path, "gpt2", seed=1), context_length=3),
        mt.load(tiny.save(tmp_path / "more", "gpt2", n_positions=30, seed=0), context_length=3),
        mt.load(tiny.save(tmp_path / "eps", "gpt2", layer_norm_epsilon=1e-3), context_length=3),
    ]
    assert len({here.fingerprint, *(model.fingerprint for model in others)}) == 1 + len(others)


def test_a_network_in_training_mode_is_put_into_evaluation_mode():
    """Otherwise dropout would be drawn at every call."""
    network = tiny.network("gpt2", attn_pdrop=0.5, resid_pdrop=0.5).train()
    model = mt.from_transformers(network, context_length=2)
    assert torch.equal(model.next_logits([[3, 4]]), model.next_logits([[3, 4]]))


def test_a_forward_pass_of_the_oldest_kind_is_enough():
    """No cache, no logits_to_keep: all logits come back, and the last are taken."""

    class Old(torch.nn.Module):
        def forward(self, input_ids):
            answer.logits = torch.nn.functional.one_hot(input_ids, 3).float()  # says each token again
            return answer

    answer = type("Answer", (), {})()
    logits = Forward(Old())(torch.tensor([[0, 1, 2], [2, 1, 0]]), last_only=True)
    assert logits.argmax(-1).tolist() == [[2], [0]]


def test_no_cache_is_filled_when_none_is_asked_for(saved, monkeypatch):
    """use_cache is on by default in transformers, and would cost memory for every context of a batch."""
    model, asked = mt.load(saved("gpt2"), context_length=3), []
    whole = model.pretrained.transformer.forward
    monkeypatch.setattr(
        model.pretrained.transformer, "forward", lambda *a, **k: asked.append(k["use_cache"]) or whole(*a, **k)
    )
    model.next_logits([[1, 2]])
    assert asked == [False]


def test_contexts_may_be_read_only_and_are_not_written_to(loaded):
    contexts = contexts_of(3)
    contexts.flags.writeable = False
    before = contexts.copy()
    loaded("gpt2").next_logits(contexts)
    np.testing.assert_array_equal(contexts, before)
