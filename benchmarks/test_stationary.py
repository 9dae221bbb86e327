"""What does a certified stationary distribution cost, beside methods that certify nothing?

``--largest 22`` for the table of docs/performance.md, up to 24 for all chains and 26 for the easy ones; the
other methods stop where they take minutes.
"""

import resource
import sys

import numpy as np
import pytest
from benchmark_chains import KINDS, chain_of
from scipy.sparse.linalg import eigs

import markovgpt as mg

pytestmark = pytest.mark.timeout(0)  # a run that is killed takes the results of all others with it

LENGTHS = [10, 12, 14, 16, 18, 20, 22, 24, 26]
LIMITS = {"a loop of pushes": 22, "scipy eigs": 16}
HARD_LIMITS = {"markovgpt, certified": 24, "a loop of pushes": 16, "scipy eigs": 14}


def _markovgpt(chain, _):
    return mg.stationary_distribution(chain)


def _pushes(chain, P):
    """Six lines that anyone would write; at most 10,000 pushes."""
    transposed = P.T.tocsr()
    mu = np.full(len(chain.probabilities), 1 / len(chain.probabilities))
    for _ in range(10_000):
        mu, before = transposed @ mu, mu
        if abs(mu - before).sum() < 1e-12:
            break
    return mu


def _eigs(chain, P):
    start = np.random.default_rng(0).random(chain.n_states)
    q = abs(eigs(P.T, k=1, which="LM", v0=start)[1][:, 0].real)
    return q / q.sum()


METHODS = {"markovgpt, certified": _markovgpt, "a loop of pushes": _pushes, "scipy eigs": _eigs}


@pytest.fixture(scope="module", autouse=True)
def compiled():
    """The loops are compiled, or read from disk, before anything is timed."""
    for kind in KINDS:
        mg.stationary_distribution(chain_of(kind, 13))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("context_length", LENGTHS)
def test_stationary_distribution(benchmark, request, context_length, kind, method):
    if context_length > request.config.getoption("--largest"):
        pytest.skip("longer than --largest")
    limits = LIMITS if kind == "random" else HARD_LIMITS
    if context_length > limits.get(method, 99):
        pytest.skip("takes minutes")
    chain = chain_of(kind, context_length)
    P = None if method == "markovgpt, certified" else chain.to_scipy()
    rounds = 3 if context_length <= 20 and method == "markovgpt, certified" else 1
    benchmark.group = f"solve: {kind} chain of 2^{context_length} states"
    benchmark.extra_info |= {"method": method, "reference": method == "markovgpt, certified"}
    found = benchmark.pedantic(METHODS[method], args=(chain, P), rounds=rounds)
    if method == "markovgpt, certified":
        assert found.error_bound <= 1e-8
        benchmark.extra_info |= {"error bound": found.error_bound, "solver": found.method, "cycles": found.iterations}
        if sys.platform == "linux":
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            benchmark.extra_info["peak memory so far, GB"] = round(peak / 2**20, 2)
    else:
        error = abs(found - mg.stationary_distribution(chain).probabilities).sum()
        benchmark.extra_info["L1 error"] = float(error)
