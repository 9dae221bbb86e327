"""What does one step cost, beside a copy of the memory it reads? Random chains."""

from functools import cache

import numpy as np
import pytest

import markovgpt as mg
from markovgpt import operators
from markovgpt.kernels import steps, threads

STEPS = {"push": steps.push, "pull": steps.pull}
COPIES = {"copy of the table, 1 thread": 1, "copy of the table, 2 threads": 2}
HOW = ["compiled", "compiled, new array each time", "numpy", "scipy CSR", *COPIES]


def random_chain(context_length, vocab_size=2):
    logits = 3 * np.random.default_rng(0).standard_normal((vocab_size**context_length, vocab_size))
    table = np.exp(logits)
    return mg.chain_from_table(table / table.sum(axis=1, keepdims=True))


@cache
def chain_and_vector(vocab_size, context_length):
    chain = random_chain(context_length, vocab_size)
    weights = np.random.default_rng(1).random(chain.n_states)
    return chain, weights / weights.sum()


def copy(source, target, n_threads):
    def piece(start, stop):
        target[start:stop] = source[start:stop]

    threads.run_in_pieces(piece, len(source), smallest=1, threads=n_threads)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize(("vocab_size", "context_length"), [(2, 22), (27, 4)])
@pytest.mark.parametrize("step", STEPS)
def test_step(benchmark, monkeypatch, step, vocab_size, context_length, how):
    """GB/s count each number of table, vector and result once (of a copy: the table read and written)."""
    chain, vector = chain_and_vector(vocab_size, context_length)
    out, target = np.zeros_like(vector), np.zeros_like(chain.probabilities)
    n_bytes = chain.probabilities.nbytes + vector.nbytes + out.nbytes
    if how in COPIES:
        arguments, call, n_bytes = (chain.probabilities, target, COPIES[how]), copy, 2 * target.nbytes
    elif how == "compiled":
        arguments, call = (chain.probabilities, vector), lambda table, vector: STEPS[step](table, vector, out=out)
    elif how == "scipy CSR":
        matrix = chain.to_scipy()
        arguments, call = (
            (matrix.T.tocsr() if step == "push" else matrix, vector),
            lambda matrix, vector: matrix @ vector,
        )
    else:
        arguments, call = (vector,), getattr(chain, step)
        if how == "numpy":
            monkeypatch.setattr(operators, "can_compile", lambda: False)
    benchmark.group = f"push: one {step}, V={vocab_size}, K={context_length}"
    benchmark.extra_info |= {"method": how, "reference": how == "compiled"}
    result = benchmark.pedantic(call, args=arguments, rounds=100, warmup_rounds=2)
    if benchmark.stats:
        benchmark.extra_info["GB/s"] = round(n_bytes / benchmark.stats.stats.min / 1e9, 1)
    if how in COPIES:
        np.testing.assert_array_equal(target, chain.probabilities)
    else:
        np.testing.assert_allclose(result, STEPS[step](chain.probabilities, vector), rtol=1e-12)
