"""Samplers as people write them: torch modules whose generate takes a tensor and no seed, functions without one."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from torch.nn import functional as F

import markovgpt as mg
from markovgpt.samplers import call_sampler, global_seed
from markovgpt.testing import assert_samples_chain, check_model

V, K = 3, 3


class Module(torch.nn.Module):
    """A small network with the generate of a training script."""

    vocab_size, context_length = V, K

    def __init__(self, *, top_k: int | None = None, dropout: float = 0.0) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.tokens, self.places = torch.nn.Embedding(V, 8), torch.nn.Embedding(K, 8)
            self.head = torch.nn.Linear(8, V)
        self.dropout = torch.nn.Dropout(dropout)
        self.default_top_k = top_k

    def forward(self, idx: torch.Tensor) -> torch.Tensor:
        x = self.tokens(idx) + self.places(torch.arange(idx.shape[1]))
        return self.head(self.dropout(x).cumsum(1).tanh())

    @torch.no_grad()
    def generate(self, idx: torch.Tensor, max_new_tokens: int, temperature: float = 1.0) -> torch.Tensor:
        for _ in range(max_new_tokens):
            logits = self(idx[:, -K:])[:, -1] / temperature
            if self.default_top_k is not None:
                logits[logits < logits.topk(self.default_top_k).values[:, -1:]] = -torch.inf
            idx = torch.cat([idx, torch.multinomial(F.softmax(logits, dim=-1), 1)], dim=1)
        return idx


class Protocol(Module):
    """The same with the method of the protocol."""

    @torch.no_grad()
    def next_logits(self, contexts: np.ndarray) -> torch.Tensor:
        return self(torch.as_tensor(contexts))[:, -1]


SAMPLING = ["generate_shape", "generate_seeded", "generate_default_is_chain", "generate_temperature"]


@pytest.mark.parametrize(
    "model",
    [Protocol(), mg.from_module(Module(), context_length=K)],
    ids=["with next_logits", "wrapped"],
)
def test_generate_of_a_torch_module_is_checked_as_it_is(model):
    """A tensor and no seed: nothing needs to be wrapped for its checks."""
    report = check_model(model, only=[*SAMPLING, "input_unchanged", "no_state_leak"], n=2000)
    assert report.counts == {"passed": 6}, str(report)


def test_hidden_top_k_of_a_torch_module_is_found():
    """What the text never shows."""
    report = check_model(mg.from_module(Module(top_k=2), context_length=K), only=SAMPLING)
    failed = {result.check: result.message for result in report.results if result.outcome == "failed"}
    assert set(failed) == {"generate_default_is_chain", "generate_temperature"}
    assert "a default top_k=2 is applied" in failed["generate_default_is_chain"]


def test_module_that_generates_in_training_mode_is_found():
    """next_logits runs in evaluation mode, generate as the module was left: dropout is on."""
    module = Module(dropout=0.5).train()
    report = check_model(mg.from_module(module, context_length=K), only=["generate_default_is_chain"])
    assert "likely     the network is in training mode and drops a share of 0.5 (in Dropout)" in str(report)
    assert module.training
    with pytest.raises(AssertionError, match="the network is in training mode"):
        assert_samples_chain(module.generate, mg.from_module(module, context_length=K))


def test_generate_that_takes_no_number_of_tokens_is_not_taken_for_one():
    """As of a library whose generate takes a configuration: it has a plugin of its own."""

    class Configured(Module):
        def generate(self, inputs=None, generation_config=None, **options):  # type: ignore[override]
            raise NotImplementedError

    report = check_model(mg.from_module(Configured(), context_length=K), only=["generate_shape", "logits_shape"])
    assert report.counts == {"passed": 1, "skipped": 1}
    assert report.results[1].message.startswith("no generate: Configured has no generate(tokens, number_of_new_tokens)")


def test_function_that_draws_from_the_random_numbers_of_numpy_is_judged():
    """It gets the array, and the process is seeded."""
    table = np.array([[0.9, 0.1], [0.3, 0.7]])
    calls = []

    def sampler(prompts, n):
        calls.append(type(prompts))
        rows = np.array(prompts)
        for _ in range(n):
            token = (np.random.random(len(rows)) < table[rows[:, -1], 1]).astype(np.int64)  # noqa: NPY002
            rows = np.concatenate([rows, token[:, None]], axis=1)
        return rows

    assert_samples_chain(sampler, mg.chain_from_table(table))
    with pytest.raises(AssertionError, match="does not sample from the chain of table"):
        assert_samples_chain(sampler, mg.chain_from_table(table[:, ::-1]))
    assert calls == [np.ndarray, np.ndarray]


def draws(prompts, n):
    return random.random(), np.random.random(), float(torch.rand(()))  # noqa: NPY002, S311


def test_random_numbers_of_the_process_are_seeded_and_put_back():
    """The same seed gives the same numbers; whoever draws afterwards notices nothing."""
    prompts = np.zeros((1, 1), dtype=np.int64)
    before = random.getstate(), np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    first, second = (call_sampler(draws, prompts, 1, seed=5) for _ in range(2))
    other = call_sampler(draws, prompts, 1, seed=6)
    assert first == second
    assert all(a != b for a, b in zip(first, other, strict=True))
    assert random.getstate() == before[0]
    assert (np.random.get_state()[1] == before[1]).all()  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), before[2])


def test_random_numbers_are_put_back_after_a_failure_and_for_any_seed():
    """Also seeds that NumPy alone would refuse."""
    state = torch.get_rng_state()
    with pytest.raises(ZeroDivisionError), global_seed(2**80):
        raise ZeroDivisionError
    assert torch.equal(torch.get_rng_state(), state)


def test_sampler_with_a_seed_is_left_to_its_own_random_numbers():
    """The seed is passed, and nothing else is touched."""

    def sampler(prompts, n, *, seed):
        return seed, random.getstate()

    state = random.getstate()
    assert call_sampler(sampler, np.zeros((1, 1), dtype=np.int64), 1, seed=9) == (9, state)
