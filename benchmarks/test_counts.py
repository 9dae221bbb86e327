"""What must not grow unseen? Token positions and bytes, counted: they are the same on every machine, however busy."""

import importlib
import tracemalloc

import numpy as np
import pytest

import markovgpt as mg
from markovgpt.enumeration.operations import operations
from markovgpt.kernels.compiled import load_compiler
from markovgpt.models.gpt_model import GPTModel
from markovgpt.models.mingpt import MinGPTConfig, new_network

KIB = 2**10


def model_of(context_length):
    config = MinGPTConfig(vocab_size=2, context_length=context_length)
    return GPTModel(name="babygpt", network=new_network(config, seed=0).eval(), vocabulary=mg.Vocabulary.numbered(2))


def peak_of(call):
    """Bytes that NumPy and Python had at most at once, beyond what they had before; torch's are not among them."""
    call()  # what is loaded, compiled and kept
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        call()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("strategy", "positions"), [("loop", 8 * 2**8), ("batched", 8 * 2**8), ("prefix", 2**9 - 2)])
def test_token_positions_of_enumeration(strategy, positions):
    """K V^K of whole contexts, V + ... + V^K of beginnings."""
    assert mg.build_chain(model_of(8), strategy=strategy).origin.token_positions == positions


def test_token_positions_of_fused_are_about_those_of_beginnings():
    """Some beginnings are computed once for each processor's share: less than a tenth more at K = 14."""
    found = mg.build_chain(model_of(14), strategy="fused").origin.token_positions
    assert 2**15 - 2 <= found < 1.1 * 2**15
    states = mg.StateSpace(vocab_size=2, context_length=14)
    assert found == operations(model_of(14), states, "fused").token_positions


@pytest.mark.parametrize(("strategy", "most"), [("batched", 4), ("prefix", 4), ("fused", 7)])
def test_bytes_of_enumeration_are_a_few_tables(monkeypatch, strategy, most):
    """K = 15, a table of 512 KiB: that, one batch of contexts, and what two processors have ready for it."""
    monkeypatch.setattr(importlib.import_module("markovgpt.enumeration.fused"), "usable_processors", lambda: 2)
    load_compiler()
    assert peak_of(lambda: mg.build_chain(model_of(15), strategy=strategy)) <= most * 512 * KIB


@pytest.mark.parametrize("step", ["push", "pull"])
def test_bytes_of_a_step_are_those_of_its_result(step):
    """One vector of 2^16 numbers, and 16 KiB for whatever Python needs."""
    rng = np.random.default_rng(0)
    table = rng.random((2**16, 2))
    chain = mg.chain_from_table(table / table.sum(axis=1, keepdims=True))
    vector = rng.random(2**16)
    vector /= vector.sum()
    got = peak_of(lambda: getattr(chain, step)(vector))
    assert got <= 2**19 + 16 * KIB


def test_bytes_of_a_solve_are_a_few_vectors():
    """2^16 states: solution, proof and what they need."""
    rng = np.random.default_rng(0)
    table = rng.random((2**16, 2))
    chain = mg.chain_from_table(table / table.sum(axis=1, keepdims=True))
    got = peak_of(lambda: mg.stationary_distribution(chain))
    assert got <= 20 * 2**19
