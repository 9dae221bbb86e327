"""The compiled walk against torch and against float64, and its functions against their definitions."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from gpts import all_logits, configs, contexts_of, random_gpt
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

import markovgpt as mg
from markovgpt import StateSpace
from markovgpt.enumeration.batched import batched
from markovgpt.enumeration.fused import can_fuse, fused
from markovgpt.enumeration.rounding import float64_logits, rounding_error
from markovgpt.kernels.compiled import compiled
from markovgpt.models.gpt_model import GPTModel
from markovgpt.models.mingpt import MinGPTConfig

pytest.importorskip("numba", reason="without numba nothing is compiled")

SHAPES = {
    "babygpt": MinGPTConfig(vocab_size=2, context_length=9),
    "characters": MinGPTConfig(vocab_size=27, context_length=2, n_layer=4, n_embd=64),
    "many tokens": MinGPTConfig(vocab_size=65, context_length=1, n_layer=6, n_embd=24, bias=True, tied=False),
    "heads of one feature": MinGPTConfig(vocab_size=3, context_length=4, n_layer=2, n_head=8, n_embd=8),
    "heads of three features": MinGPTConfig(vocab_size=3, context_length=4, n_layer=2, n_head=3, n_embd=9, bias=True),
    "one odd head": MinGPTConfig(vocab_size=5, context_length=3, n_layer=1, n_head=1, n_embd=11, gelu="tanh"),
    "one token": MinGPTConfig(vocab_size=1, context_length=6, n_layer=2, n_embd=8),
    "long": MinGPTConfig(vocab_size=2, context_length=11, n_layer=1, n_head=2, n_embd=8, gelu="tanh"),
}


def _softmax(logits: np.ndarray) -> np.ndarray:
    return np.asarray(special.softmax(logits, axis=1))


def _exact_logits(model: GPTModel) -> np.ndarray:
    """By torch in float64, lengths 1..K one after another."""
    space = StateSpace(vocab_size=model.vocab_size, context_length=model.context_length, lengths="all")
    network = model.network.double()
    with torch.no_grad():
        rows = [network(torch.as_tensor(contexts))[:, -1].numpy() for contexts in contexts_of(space).values()]
    model.network.float()
    return np.concatenate(rows)


@pytest.mark.parametrize("name", SHAPES)
def test_fused_equals_batched(name: str) -> None:
    """Logits to 1e-5, probabilities to 1e-6, of every context of every length."""
    model = random_gpt(SHAPES[name])
    found, expected = all_logits(fused, model, "all"), all_logits(batched, model, "all")
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    np.testing.assert_allclose(_softmax(found), _softmax(expected), rtol=0, atol=1e-6)


@settings(max_examples=60)
@given(config=configs(), seed=st.integers(0, 2**20), lengths=st.sampled_from(["full", "all"]))
def test_fused_equals_batched_for_random_architectures(config: MinGPTConfig, seed: int, lengths: Any) -> None:
    """The same for layers, heads, widths, biases, activations, vocabularies and lengths of any kind."""
    model = random_gpt(config, seed=seed)
    found, expected = all_logits(fused, model, lengths), all_logits(batched, model, lengths)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    np.testing.assert_allclose(_softmax(found), _softmax(expected), rtol=0, atol=1e-6)


@settings(max_examples=20)
@given(config=configs(most_states=200), seed=st.integers(0, 2**20), spread=st.sampled_from([0.1, 1.0, 3.0]))
def test_fused_is_as_accurate_as_torch(config: MinGPTConfig, seed: int, spread: float) -> None:
    """Whatever the weights amplify: the error is not far from that of torch in float32, both against float64."""
    model = random_gpt(config, seed=seed, spread=spread)
    exact = _exact_logits(model)
    found, torch_found = all_logits(fused, model, "all"), all_logits(batched, model, "all")
    assert abs(found - exact).max() <= 5 * abs(torch_found - exact).max() + 1e-6 * max(1, abs(exact).max())


def test_fused_computes_the_trained_babygpt(babygpt: GPTModel) -> None:
    """Weights that were trained, not drawn."""
    found, expected = all_logits(fused, babygpt, "all"), all_logits(batched, babygpt, "all")
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6)


@settings(max_examples=15)
@given(config=configs(most_states=200), seed=st.integers(0, 2**20))
def test_float64_logits_are_those_of_torch_in_float64(config: MinGPTConfig, seed: int) -> None:
    """Two forward passes in double precision agree to 1e-11."""
    model = random_gpt(config, seed=seed, spread=1.0)
    space = StateSpace(vocab_size=config.vocab_size, context_length=config.context_length, lengths="all")
    weights = model.gpt_weights()
    found = np.concatenate([float64_logits(weights, contexts) for contexts in contexts_of(space).values()])
    np.testing.assert_allclose(found, _exact_logits(model), rtol=1e-11, atol=1e-11)


def test_rounding_error_measures_what_differs() -> None:
    """Of exact logits 0, whatever is added to a row; of one logit that is off by 1e-3, nearly that."""
    model = random_gpt(SHAPES["heads of three features"])
    contexts = StateSpace(vocab_size=3, context_length=4).contexts(4, 0, 81)
    exact = float64_logits(model.gpt_weights(), contexts)
    assert rounding_error(model.gpt_weights(), contexts, exact + 7).logits < 1e-14
    wrong = exact.copy()
    wrong[5, 1] += 1e-3
    p = _softmax(exact)[5, 1]
    error = rounding_error(model.gpt_weights(), contexts, wrong)
    assert error.logits == pytest.approx(1e-3 * max(p, 1 - p), rel=1e-2)
    assert error.probabilities == pytest.approx(1e-3 * p * (1 - p), rel=1e-2)


def test_rounding_error_of_the_walk_is_that_of_float32() -> None:
    """On contexts drawn at random, as a report would: below 1e-5 in logits, 1e-6 in probabilities."""
    model = random_gpt(SHAPES["babygpt"])
    space = StateSpace(vocab_size=2, context_length=9)
    states = np.random.default_rng(0).choice(space.n_states, 64, replace=False)
    contexts = np.array([space.context(int(state)) for state in states])
    error = rounding_error(model.gpt_weights(), contexts, all_logits(fused, model)[states])
    assert 0 < error.logits < 1e-5
    assert 0 < error.probabilities < 1e-6


def _lanewise(name: str) -> Any:
    from markovgpt.kernels import trie_lanes

    function, load, store, width = getattr(trie_lanes, name), trie_lanes.load, trie_lanes.store, trie_lanes.WIDTH

    @compiled
    def apply(x: Any, y: Any) -> None:
        for i in range(0, len(x), width):
            store(y, i, function(load(x, i)))

    def run(x: np.ndarray) -> np.ndarray:
        padded = np.concatenate([x, np.zeros(-len(x) % width)]).astype(np.float32)
        y = np.empty_like(padded)
        apply(padded, y)
        return y[: len(x)].astype(np.float64)

    return run


_WIDE = np.concatenate([np.linspace(-12, 12, 200_001), np.geomspace(1e-30, 1e3, 999), -np.geomspace(1e-30, 1e3, 999)])
_EXACT = _WIDE.astype(np.float32).astype(np.float64)


def test_exp2_has_the_error_that_it_states() -> None:
    """2.5e-7 of the result from -126 to 126; below, as at -126; NaN stays."""
    x = np.linspace(-126, 126, 400_001).astype(np.float32).astype(np.float64)
    exp2 = _lanewise("exp2")
    assert abs(exp2(x) / 2.0**x - 1).max() <= 2.5e-7
    np.testing.assert_array_equal(exp2(np.array([-127.0, -1e30, -np.inf])), exp2(np.full(3, -126.0)))
    assert exp2(np.array([-126.0]))[0] <= 2e-38
    assert np.isnan(exp2(np.array([np.nan]))).all()


def test_gelu_has_the_error_that_it_states() -> None:
    """1e-6 for |x| up to 12, and 2e-7 of x beyond; 0 and x far out."""
    gelu = _lanewise("gelu")
    error = abs(gelu(_EXACT) - _EXACT * special.ndtr(_EXACT))
    assert (error <= np.maximum(1e-6, 2e-7 * abs(_EXACT))).all()
    np.testing.assert_array_equal(gelu(np.array([-6.0, -1e30])), 0)
    np.testing.assert_allclose(gelu(np.array([6.0, 1e30])), [6.0, 1e30], rtol=2e-7)
    assert np.isnan(gelu(np.array([np.nan, -np.inf]))).all()


def test_gelu_tanh_has_the_error_that_it_states() -> None:
    """1e-6 for |x| up to 12, and 2e-7 of x beyond; 0 and x far out."""
    gelu = _lanewise("gelu_tanh")
    expected = _EXACT * (1 + np.tanh(np.sqrt(2 / np.pi) * (_EXACT + 0.044715 * _EXACT**3))) / 2
    assert (abs(gelu(_EXACT) - expected) <= np.maximum(1e-6, 2e-7 * abs(_EXACT))).all()
    np.testing.assert_allclose(gelu(np.array([-20.0, 20.0])), [0, 20], rtol=2e-7, atol=1e-30)
    assert np.isnan(gelu(np.array([np.nan]))).all()


def test_fused_computes_the_same_for_any_processor() -> None:
    """Compiled for the least processor of the kind, vectors are narrower: the logits differ by rounding only."""
    program = (
        "import sys; sys.path.insert(0, 'tests'); from gpts import *; import numpy as np;"
        "from markovgpt.enumeration.batched import batched; from markovgpt.enumeration.fused import fused;"
        "from markovgpt.models.mingpt import MinGPTConfig; from markovgpt.kernels.trie_lanes import WIDTH;"
        "m = random_gpt(MinGPTConfig(vocab_size=3, context_length=5, n_layer=2, n_head=2, n_embd=10, bias=True));"
        "print(WIDTH, abs(all_logits(fused, m, 'all') - all_logits(batched, m, 'all')).max())"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "NUMBA_CPU_NAME": "generic"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    width, difference = ran.stdout.split()
    assert (int(width), float(difference) <= 1e-5) == (8, True), ran.stdout


def test_built_in_models_can_be_fused(babygpt: GPTModel) -> None:
    """Nothing stands in the way."""
    assert can_fuse(babygpt) == ""


def test_chain_says_how_far_float32_is_from_float64() -> None:
    """The first and the last state are in the sample; none is farther off than the farthest, by torch in float64."""
    model = random_gpt(MinGPTConfig(vocab_size=3, context_length=4), spread=3.0)
    chain = mg.build_chain(model, lengths="all", strategy="fused")
    errors = abs(chain.probabilities - _softmax(_exact_logits(model))).max(axis=1)
    assert chain.origin.rounding is not None
    assert 0 < errors[[0, -1]].max() * 0.99 <= chain.origin.rounding <= errors.max() * 1.01
    assert mg.build_chain(model, lengths="all", strategy="batched").origin.rounding is None
