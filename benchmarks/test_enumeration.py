"""What does a state cost? One context a call, whole contexts in batches, every beginning once."""

import numpy as np
import pytest

import markovgpt as mg
from markovgpt.models.gpt_model import GPTModel
from markovgpt.models.mingpt import MinGPTConfig, new_network

CASES = {
    "babygpt, K=8": {"vocab_size": 2, "context_length": 8},
    "babygpt, K=12": {"vocab_size": 2, "context_length": 12},
    "babygpt, K=14": {"vocab_size": 2, "context_length": 14},
    "babygpt, K=16": {"vocab_size": 2, "context_length": 16},
    "64 wide, V=27, K=3": {"vocab_size": 27, "context_length": 3, "n_embd": 64},
}
LOOPED = 4096  # states: more take minutes one by one


@pytest.mark.parametrize("strategy", ["loop", "batched", "prefix"])
@pytest.mark.parametrize("case", CASES)
def test_enumeration(benchmark, case, strategy):
    config = MinGPTConfig(**CASES[case])
    V, K = config.vocab_size, config.context_length
    if strategy == "loop" and V**K > LOOPED:
        pytest.skip("takes minutes")
    network = new_network(config, seed=0).eval()
    model = GPTModel(name=case, network=network, vocabulary=mg.Vocabulary.numbered(V))
    rounds = 1 if strategy == "loop" else 5
    benchmark.group = f"enumerate {case} ({V**K:,} states)"
    chain = benchmark.pedantic(mg.build_chain, args=(model,), kwargs={"strategy": strategy}, rounds=rounds)
    origin = chain.origin
    whole = K * V**K
    assert origin.token_positions == (sum(V**n for n in range(1, K + 1)) if strategy == "prefix" else whole)
    np.testing.assert_allclose(chain.probabilities.sum(axis=1), 1)
    benchmark.extra_info |= {"token positions": origin.token_positions, "to compare": origin.check_positions}
    if benchmark.stats:
        benchmark.extra_info["microseconds a state"] = round(benchmark.stats.stats.min / V**K * 1e6, 2)
