"""What enumeration is said to need beside its table, against what Python counts while it runs."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from clocked import ClockedModel, ClockedPasses, ClockedSessions
from gpts import random_gpt

import markovgpt as mg
from markovgpt.enumeration.memory import table_bytes, working_bytes
from markovgpt.kernels.compiled import can_compile
from markovgpt.models.mingpt import MinGPTConfig

_SHAPES = [(2, 13), (20, 4), (300, 2), (2000, 1)]


def _beyond_table(model: Any, strategy: str) -> tuple[int, int]:
    """Bytes beyond the table: the most that there were, and what is predicted."""
    states = mg.StateSpace(vocab_size=model.vocab_size, context_length=model.context_length)
    tracemalloc.start()
    try:
        mg.build_chain(model, strategy=strategy)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return peak - table_bytes(states), working_bytes(model, states, strategy, 2048)


@pytest.mark.parametrize("kind", [ClockedModel, ClockedPasses, ClockedSessions])
@pytest.mark.parametrize(("V", "K"), _SHAPES)
def test_enumeration_works_in_what_was_predicted(kind: type[ClockedModel], V: int, K: int) -> None:
    """Not more, and at least a quarter of it, with models that need nothing themselves. There is no second table."""
    strategy = "batched" if kind is ClockedModel else "prefix"
    mg.build_chain(kind(context_length=2), strategy=strategy)  # everything is imported
    beyond, predicted = _beyond_table(kind(vocab_size=V, context_length=K), strategy)
    assert predicted / 4 <= beyond <= predicted


@pytest.mark.skipif(not can_compile(), reason="without numba nothing is compiled")
@pytest.mark.parametrize(("V", "K"), [(2, 15), (20, 4), (100, 2)])
def test_compiled_walk_works_in_what_was_predicted(V: int, K: int) -> None:
    """As many pieces as may wait, and what the threads work in."""
    mg.build_chain(random_gpt(MinGPTConfig(vocab_size=2, context_length=3)), strategy="fused")
    beyond, predicted = _beyond_table(random_gpt(MinGPTConfig(vocab_size=V, context_length=K)), "fused")
    assert predicted / 8 <= beyond <= predicted
