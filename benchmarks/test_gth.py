"""What does elimination cost, in double and in extended precision? Dense random chains."""

import numpy as np
import pytest

from markovgpt.solvers.extended import extended_gth
from markovgpt.solvers.gth import gth


def dense(n):
    weights = np.random.default_rng(0).random((n, n))
    return weights / weights.sum(axis=1, keepdims=True)


@pytest.mark.benchmark(group="solve: elimination in double precision")
@pytest.mark.parametrize("n", [1024, 4096])
def test_gth(benchmark, n):
    found = benchmark.pedantic(gth, args=(dense(n),), rounds=3)
    benchmark.extra_info |= {"method": f"{n:,} states", "relative error": found.relative_error}
    assert found.relative_error < 1e-7


@pytest.mark.benchmark(group="solve: elimination in extended precision")
@pytest.mark.parametrize("n", [64, 256])
def test_extended_gth(benchmark, n):
    found = benchmark.pedantic(extended_gth, args=(dense(n),), rounds=3, warmup_rounds=1)
    benchmark.extra_info |= {"method": f"{n:,} states", "relative error": found.relative_error}
    assert found.relative_error < 1e-24
