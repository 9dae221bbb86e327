"""What does a state cost when a GPT is walked as a trie? Against batches in torch, and against the machine's sgemm.

``--largest 20`` takes contexts of 20 tokens, a million states. Everything is measured in turns and the best of each
counts, so that a busy machine slows all alike: read the ratios, in the JSON that ``--benchmark-json`` writes.
"""

import time

import numpy as np
import pytest
import torch

from markovgpt import StateSpace, Vocabulary
from markovgpt.enumeration.fused import fused
from markovgpt.enumeration.operations import operations
from markovgpt.kernels.threads import usable_processors
from markovgpt.models.gpt_model import GPTModel
from markovgpt.models.mingpt import MinGPTConfig, new_network

ROUNDS = 5
SAMPLE = 2048  # contexts in a batch: the size that enumeration uses


@pytest.mark.benchmark(group="enumerate: fused beside the machine's sgemm")
@pytest.mark.parametrize("shape", ["babygpt", "characters"])
def test_fused(benchmark, request, shape):
    largest = request.config.getoption("largest")
    sizes = {
        "babygpt": {"vocab_size": 2, "context_length": largest, "n_embd": 16},
        "characters": {"vocab_size": 27, "context_length": 4 if largest >= 16 else 3, "n_embd": 64},
    }
    config = MinGPTConfig(n_layer=4, n_head=4, bias=False, **sizes[shape])
    network = new_network(config, seed=0).eval()
    model = GPTModel(name=shape, network=network, vocabulary=Vocabulary.numbered(config.vocab_size))
    space = StateSpace(vocab_size=config.vocab_size, context_length=config.context_length)
    contexts = torch.as_tensor(space.contexts(config.context_length, 0, min(SAMPLE, space.n_states)))
    square = np.random.default_rng(0).random((1024, 1024), dtype=np.float32)
    product = np.empty_like(square)
    before, best = torch.get_num_threads(), {}

    def measure(name, count, function, *arguments):
        started = time.perf_counter()
        function(*arguments)
        best[name] = min(best.get(name, np.inf), (time.perf_counter() - started) / count)

    def walk():
        for _ in fused(model, space, 0):
            pass

    def others():
        measure("sgemm", 2 * 1024**3, np.dot, square, square, product)
        for n_threads in (1, usable_processors()):
            torch.set_num_threads(n_threads)
            with torch.no_grad():
                measure(f"batched, {n_threads} threads", len(contexts), network, contexts)
        torch.set_num_threads(before)
        return (), {}

    walk()  # compiles
    benchmark.pedantic(walk, setup=others, rounds=ROUNDS)
    benchmark.extra_info |= {"method": f"fused, {shape}, V={config.vocab_size}, K={config.context_length}"}
    if not benchmark.stats:  # nothing was timed
        return
    seconds = benchmark.stats.stats.min / space.n_states
    rate = operations(model, space, "fused").flops / benchmark.stats.stats.min
    benchmark.extra_info.update(
        {"states": space.n_states, "µs a state": seconds * 1e6, "GFLOP/s": rate / 1e9}
        | {"share of sgemm": rate * best["sgemm"]}
        | {f"times faster than {name}": best[name] / seconds for name in best if name != "sgemm"}
    )
