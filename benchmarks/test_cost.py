"""Is the predicted cost of an enumeration what it then takes? Models of several kinds, each predicted, then run.

``--largest 20`` takes contexts of up to 20 tokens, and runs of seconds to minutes; read the ratios, in the JSON that
``--benchmark-json`` writes. On a machine with other work a ratio says as much about that work.
"""

import numpy as np
import pytest
import torch

import markovgpt as mg
from markovgpt.models.gpt_model import GPTModel
from markovgpt.models.mingpt import MinGPTConfig, new_network

CASES = {  # strategy, V, K less than the largest (or K, of more tokens), and what the model is
    "babygpt, loop": ("loop", 2, -7, "gpt"),
    "babygpt, batched": ("batched", 2, -3, "gpt"),
    "babygpt, batched, all lengths": ("batched", 2, -4, "gpt"),
    "babygpt, prefix": ("prefix", 2, -1, "gpt"),
    "babygpt, fused": ("fused", 2, 2, "gpt"),
    "27 characters, 64 wide, batched": ("batched", 27, 3, "gpt"),
    "27 characters, 64 wide, prefix": ("prefix", 27, 3, "gpt"),
    "27 characters, 64 wide, fused": ("fused", 27, 3, "gpt"),
    "LSTM": ("batched", 2, -1, "lstm"),
    "LSTM, all positions": ("prefix", 2, -1, "lstm"),
    "function in Python": ("batched", 2, 0, "function"),
}


class LSTM(torch.nn.Module):
    """One layer, 32 wide: (batch, length) tokens to (batch, length, V) logits."""

    def __init__(self, vocab_size):
        super().__init__()
        self.embedding = torch.nn.Embedding(vocab_size, 32)
        self.lstm = torch.nn.LSTM(32, 32, batch_first=True)
        self.head = torch.nn.Linear(32, vocab_size)

    def forward(self, tokens):
        return self.head(self.lstm(self.embedding(tokens))[0])


def made(kind, V, K):
    """An untrained model: its weights do not change how long it takes."""
    if kind == "gpt":
        config = MinGPTConfig(vocab_size=V, context_length=K, n_embd=16 if V == 2 else 64)
        return GPTModel(name="GPT", network=new_network(config, seed=0).eval(), vocabulary=mg.Vocabulary.numbered(V))
    if kind == "lstm":
        torch.manual_seed(0)
        return mg.from_module(LSTM(V).eval(), vocab_size=V, context_length=K, name="LSTM")

    def votes(contexts):
        return [[-float(sum(row)), sum(token / (1 + i) for i, token in enumerate(row))] for row in contexts.tolist()]

    return mg.from_callable(votes, vocab_size=V, context_length=K, name="function")


@pytest.fixture(autouse=True)
def _one_thread():
    """Two that wait for each other on a busy machine take as long as they like."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.benchmark(group="predict: the cost of an enumeration")
@pytest.mark.parametrize("case", CASES)
def test_cost(benchmark, request, case):
    strategy, V, K, kind = CASES[case]
    largest = request.config.getoption("largest")
    K = max(largest + K, 2) if V == 2 else K + (largest >= 16)
    model = made(kind, V, K)
    cost = mg.predict_cost(model, strategy=strategy, lengths="all" if "all lengths" in case else "full")
    run = {"strategy": strategy, "lengths": cost.states.lengths, "max_states": cost.n_states}
    chain = benchmark.pedantic(mg.build_chain, args=(model,), kwargs=run, rounds=1)
    assert chain.origin.token_positions == cost.token_positions
    np.testing.assert_allclose(chain.probabilities.sum(axis=1), 1)
    seconds = chain.origin.seconds
    benchmark.extra_info |= {
        "method": case,
        "states": f"{V}^{K} = {cost.n_states:,}" if cost.states.lengths == "full" else f"{cost.n_states:,}",
        "predicted": str(cost),
        "seconds": round(seconds, 3),
        "predicted / seconds": round(cost.seconds / seconds, 3),
        "within its bounds": bool(cost.seconds_low <= seconds <= cost.seconds_high),
    }
    if cost.flops is not None:
        benchmark.extra_info["GFLOP/s"] = round(cost.flops / seconds / 1e9, 2)
