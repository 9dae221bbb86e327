"""What does it cost to ask a GPT about every context? By each strategy, and as a user would without them.

``--largest 16`` for longer contexts. The alternatives have the same weights and give the same table.
"""

from functools import cache, partial

import numpy as np
import pytest
from alternatives import BATCH, by_hand, notebook_loop, transformers_network, with_transformers

import markovgpt as mg
from markovgpt.models.gpt_model import GPTModel
from markovgpt.models.mingpt import MinGPTConfig, new_network
from markovgpt.torch_settings import suitable_settings

CASES = {
    "babygpt, K=8": {"vocab_size": 2, "context_length": 8},
    "babygpt, K=12": {"vocab_size": 2, "context_length": 12},
    "babygpt, K=16": {"vocab_size": 2, "context_length": 16},
    "64 wide, V=27, K=3": {"vocab_size": 27, "context_length": 3, "n_embd": 64},
}
ONE_BY_ONE = 4096  # states: more take minutes
OURS = ("fused", "prefix", "batched", "loop")
METHODS = (*OURS, "the notebook's loop", "batches by hand", "transformers, one by one", "transformers, batches")


@cache
def model_of(case):
    config = MinGPTConfig(**CASES[case])
    network = new_network(config, seed=0).eval()
    return GPTModel(name=case, network=network, vocabulary=mg.Vocabulary.numbered(config.vocab_size))


def positions(strategy, V, K):
    """Tokens that go through the network, by definition; None where it depends on the number of processors."""
    return {"loop": K * V**K, "batched": K * V**K, "prefix": sum(V**n for n in range(1, K + 1))}.get(strategy)


def call_of(method, model):
    if method in OURS:
        return lambda: mg.build_chain(model, strategy=method).probabilities
    if method.startswith("transformers"):
        pytest.importorskip("transformers")
        other = transformers_network(model.network)
        return partial(with_transformers, other, batch=BATCH if method.endswith("batches") else 1)
    return partial(notebook_loop if method == "the notebook's loop" else by_hand, model.network)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("case", CASES)
def test_enumeration(benchmark, request, case, method):
    model = model_of(case)
    V, K = model.vocab_size, model.context_length
    slow = method in ("loop", "the notebook's loop", "transformers, one by one")
    if V == 2 and max(12, request.config.getoption("largest")) < K:
        pytest.skip("longer than --largest")
    if slow and V**K > ONE_BY_ONE:
        pytest.skip("takes minutes")
    call = call_of(method, model)
    benchmark.group = f"enumerate: {case} ({V**K:,} states)"
    benchmark.extra_info |= {"method": method, "reference": method == "fused"}
    with suitable_settings(model.n_parameters):  # for the alternatives, too: more threads only wait for each other
        table = benchmark.pedantic(call, rounds=2 if slow else 5, warmup_rounds=0 if slow else 1)
    np.testing.assert_allclose(table, mg.build_chain(model, strategy="batched").probabilities, atol=2e-6)
    if method in OURS:
        origin = mg.build_chain(model, strategy=method).origin
        assert positions(method, V, K) in (None, origin.token_positions)
        benchmark.extra_info["token positions"] = origin.token_positions
    if benchmark.stats:
        benchmark.extra_info["µs a state"] = benchmark.stats.stats.median / V**K * 1e6
