"""What does a state cost? The notebook's loop against batches, on the babygpt architecture."""

import numpy as np
import pytest

import markovgpt as mg

CONTEXT_LENGTH = 8


@pytest.mark.benchmark(group="enumerate babygpt, K=8 (256 states)")
@pytest.mark.parametrize("strategy", ["loop", "batched"])
def test_enumeration(benchmark, strategy):
    model = mg.load_model("babygpt", context_length=CONTEXT_LENGTH, steps=0)
    chain = benchmark.pedantic(mg.build_chain, args=(model,), kwargs={"strategy": strategy}, rounds=5, warmup_rounds=1)
    assert chain.origin.token_positions == CONTEXT_LENGTH * 2**CONTEXT_LENGTH
    np.testing.assert_allclose(chain.probabilities.sum(axis=1), 1)
