"""What does one step cost, and what a certified stationary distribution? Random chains of two tokens."""

import numpy as np
import pytest

import markovgpt as mg


def random_chain(context_length):
    logits = 3 * np.random.default_rng(0).standard_normal((2**context_length, 2))
    table = np.exp(logits)
    return mg.chain_from_table(table / table.sum(axis=1, keepdims=True))


@pytest.mark.benchmark(group="one push of 2^18 states")
@pytest.mark.parametrize("how", ["one array", "scipy CSR", "copy of the table (the floor)"])
def test_push(benchmark, how):
    chain = random_chain(18)
    mu = np.full(chain.n_states, 1 / chain.n_states)
    transposed = chain.to_scipy().T.tocsr()
    call = {
        "one array": lambda: chain.push(mu),
        "scipy CSR": lambda: transposed @ mu,
        "copy of the table (the floor)": chain.probabilities.copy,
    }[how]
    result = benchmark(call)
    if how != "copy of the table (the floor)":
        np.testing.assert_allclose(result, chain.push(mu))


@pytest.mark.benchmark(group="stationary distribution")
@pytest.mark.parametrize("context_length", [6, 8, 10, 12])
def test_stationary(benchmark, context_length):
    chain = random_chain(context_length)
    pi = benchmark.pedantic(mg.stationary_distribution, args=(chain,), rounds=1)
    assert pi.certified
    assert pi.error_bound < 1e-6
