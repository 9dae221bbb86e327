"""Where and how exactly does a network compute, and how many contexts fit there at once?"""

from __future__ import annotations

import numpy as np
import pytest
import torch

import markovgpt as mg
from markovgpt import devices, suitable_settings
from markovgpt.enumeration.trie import walk_trie
from markovgpt.models import gpt_model
from markovgpt.models.session import GPTSession


@pytest.fixture
def small_gpu(monkeypatch):
    """``small_gpu(n)``: the processor passes for a device with n bytes of its own that are free."""

    def pretend(n_bytes):
        for module in (devices, gpt_model):
            monkeypatch.setattr(module, "free_bytes", lambda _: n_bytes)

    return pretend


@pytest.fixture
def model():
    return mg.load_model("mingpt", vocab_size=3, context_length=5, n_layer=2, n_embd=16)


def _batches_of(model, monkeypatch):
    """Sizes of the batches that reach the network."""
    sizes = []
    model.network.register_forward_pre_hook(lambda _, arguments: sizes.append(len(arguments[0])))
    return sizes


@pytest.mark.parametrize("name", ["cuda:99", "warp", "hpu"])
def test_find_device_refuses_what_is_not_here(name):
    """One sentence that names it, and why; the same by a model's option."""
    with pytest.raises(mg.ArgumentError, match=f"The device '{name}' cannot be used here: "):
        mg.find_device(name)
    with pytest.raises(mg.ArgumentError, match=f"The device '{name}' cannot be used here: "):
        mg.load_model("babygpt", device=name)


def test_find_device_finds_the_processor():
    """By its name, or as it is."""
    assert mg.find_device("cpu") == mg.find_device(torch.device("cpu")) == torch.device("cpu")


def test_rows_that_fit_are_a_quarter_of_what_is_free(small_gpu):
    """Of 4,000 bytes, 1,000: ten rows of 100, never more than asked for, never none."""
    cpu = torch.device("cpu")
    assert devices.rows_that_fit(cpu, 100, most=50) is None
    small_gpu(4000)
    assert [devices.rows_that_fit(cpu, size, most=50) for size in (100, 1, 5000)] == [10, 50, 1]


def test_free_bytes_are_those_of_the_driver_and_those_that_torch_keeps(monkeypatch):
    """1,000 that nobody has, and 500 of which torch uses 200."""
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (1000, 9000))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _: 500)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: 200)
    assert devices.free_bytes(torch.device("cuda")) == 1300
    assert devices.free_bytes(torch.device("cpu")) is None


def test_contexts_per_call_follow_the_memory_of_the_device(small_gpu, model):
    """Twice the memory, twice the contexts, up to a number that keeps any device busy; 2,048 on the processor."""
    assert model.contexts_per_call == 2048
    found = []
    for n_bytes in (0, 2**20, 2**21, 2**40):
        small_gpu(n_bytes)
        found.append(model.contexts_per_call)
    assert found[0] == 1
    assert found[2] == pytest.approx(2 * found[1], abs=1)
    assert found[3] == 2**18


def test_batch_is_cut_to_what_fits_and_the_chain_is_the_same(small_gpu, model, monkeypatch):
    """Also where a larger batch is asked for: no call of the network is larger than the device allows."""
    expected = mg.build_chain(model, strategy="batched", lengths="all").probabilities
    small_gpu(2**20)
    fitting = model.contexts_per_call
    sizes = _batches_of(model, monkeypatch)
    found = mg.build_chain(model, strategy="batched", lengths="all", batch_size=3**5).probabilities
    assert 1 < max(sizes) <= 3 * fitting < 3**5  # of short contexts more fit
    assert max(sizes) > 1
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_sessions_stay_within_the_memory_of_the_device(small_gpu, model, monkeypatch):
    """No session takes more than a K-th of a quarter of what is free, and the chain is the same."""
    expected = mg.build_chain(model, strategy="batched").probabilities
    free = 4 * 5 * 20_000
    small_gpu(free)
    largest = []
    feed = GPTSession.feed

    def measured(self, tokens):
        answer = feed(self, tokens)
        largest.append(self.n_bytes)
        return answer

    monkeypatch.setattr(GPTSession, "feed", measured)
    found = mg.build_chain(model, strategy="prefix").probabilities
    assert 20_000 / 3 < max(largest) <= 20_000
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_forks_and_adapters_pass_on_what_the_device_allows(small_gpu, model):
    """A fork of a session, a session on a few tokens, a model behind a prompt."""
    small_gpu(4000)
    assert model.session(2).fork([0]).memory == 1000
    part = mg.restrict_tokens(model, [0, 2])
    assert (part.session(2).memory, part.contexts_per_call) == (1000, model.contexts_per_call)
    assert mg.with_prompt(model, [0]).contexts_per_call == model.contexts_per_call


def test_enumeration_asks_for_as_many_contexts_as_suit_the_model(monkeypatch, model):
    """``contexts_per_call`` is the size of a batch where none is given."""
    monkeypatch.setattr(type(model), "contexts_per_call", 50)
    assert mg.build_chain(model, strategy="batched").origin.model_calls == 5
    assert mg.build_chain(model, strategy="batched", batch_size=81).origin.model_calls == 3


def test_compiled_walk_is_not_for_a_model_on_another_device(small_gpu, monkeypatch, model):
    """It would leave the device idle that was asked for."""
    small_gpu(10**9)
    monkeypatch.setattr(type(model), "device", torch.device("cuda:0"))
    with pytest.raises(mg.ArgumentError, match="'fused' cannot be used: mingpt is on the device cuda:0, and it is for"):
        mg.build_chain(model, strategy="fused")


def test_settings_are_suitable_and_put_back():
    """A program that allows less precise products gets its laws from precise ones, and its setting back."""
    torch.set_float32_matmul_precision("medium")
    threads = torch.get_num_threads()
    try:
        with suitable_settings(10):
            assert (torch.get_float32_matmul_precision(), torch.get_num_threads()) == ("highest", 1)
        with suitable_settings(10**9):
            assert (torch.get_float32_matmul_precision(), torch.get_num_threads()) == ("highest", threads)
        with pytest.raises(KeyError), suitable_settings(10):
            raise KeyError
        assert (torch.get_float32_matmul_precision(), torch.get_num_threads()) == ("medium", threads)
    finally:
        torch.set_float32_matmul_precision("highest")


@pytest.mark.parametrize("kind", ["batched", "prefix", "module"])
def test_laws_are_computed_with_precise_products(model, kind):
    """What the network sees while it computes, whatever the program has set."""
    seen = []
    module = model.network
    module.lm_head.register_forward_pre_hook(lambda *_: seen.append(torch.get_float32_matmul_precision()))
    torch.set_float32_matmul_precision("medium")
    try:
        if kind == "prefix":
            for _ in range(2):
                session = model.session(1)
                session.feed([[0, 1, 2, 0, 1, 2]])  # beyond K: whole windows, through the module
        elif kind == "module":
            mg.from_module(module, context_length=5, device="cpu").next_logits(np.zeros((1, 2), dtype=np.int64))
        else:
            model.next_logits(np.zeros((1, 2), dtype=np.int64))
    finally:
        torch.set_float32_matmul_precision("highest")
    assert seen
    assert set(seen) == {"highest"}


def test_walk_of_a_model_without_a_memory_of_its_own_is_as_before(model):
    """None of what a session says about memory: the usual bounds."""
    assert model.session(1).memory is None
    assert sum(len(level.numbers) for level in walk_trie(model, shortest=5, batch_size=100)) == 3**5


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("strategy", ["batched", "prefix"])
def test_chain_of_a_model_on_a_gpu_is_that_of_the_processor(strategy):
    """To 1e-5."""
    laws = [
        mg.build_chain(
            mg.load_model("mingpt", vocab_size=3, context_length=6, device=device), strategy=strategy
        ).probabilities
        for device in ("cpu", "cuda")
    ]
    np.testing.assert_allclose(laws[1], laws[0], rtol=0, atol=1e-5)
