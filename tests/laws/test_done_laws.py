"""What is done already is not computed again, and what is computed does not depend on it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fakes import SessionModel, TableModel
from gpts import random_gpt
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import spaces

from markovgpt import StateSpace
from markovgpt.enumeration import STRATEGIES
from markovgpt.enumeration.done import Done
from markovgpt.kernels.compiled import can_compile
from markovgpt.models.mingpt import MinGPTConfig

_WAYS = ["loop", "batched", "sessions", "passes"]
NETWORK = random_gpt(MinGPTConfig(vocab_size=3, context_length=5, n_layer=2, n_head=2, n_embd=8))


class CountedModel(TableModel):
    """By passes; ``asked`` are the rows that it was asked about."""

    asked = 0

    def next_logits(self, contexts: np.ndarray) -> np.ndarray:
        self.asked += len(contexts)
        return super().next_logits(contexts)


def _model(way: str, space: StateSpace) -> Any:
    every = StateSpace(vocab_size=space.vocab_size, context_length=space.context_length, lengths="all")
    logits = np.random.default_rng(0).normal(size=(every.n_states, every.vocab_size))
    return (SessionModel if way == "sessions" else CountedModel)(logits, context_length=space.context_length)


def _table(strategy: str, model: Any, space: StateSpace, batch_size: int, done: Done) -> tuple[np.ndarray, np.ndarray]:
    """What a strategy gives, NaN where it gives nothing, and how often it gives each state."""
    table, times = np.full((space.n_states, space.vocab_size), np.nan), np.zeros(space.n_states, dtype=int)
    for block in STRATEGIES[strategy](model, space, batch_size, done):
        here = slice(block.start, block.start + len(block.logits))
        table[here] = block.logits
        times[here] += 1
    return table, times


@st.composite
def done_ranges(draw: st.DrawFn, space: StateSpace) -> list[tuple[int, int]]:
    """Some ranges of states, in any order; they may overlap, or be everything."""
    ends = st.integers(0, space.n_states)
    return draw(st.lists(st.tuples(ends, ends).map(lambda pair: (min(pair), max(pair))), max_size=4))


@given(space=spaces(), data=st.data(), batch_size=st.integers(1, 20), way=st.sampled_from(_WAYS))
def test_strategy_gives_what_is_not_done_as_ever(
    space: StateSpace, data: st.DataObject, batch_size: int, way: str
) -> None:
    """Each state that is not done once, bit for bit as in a run from the beginning."""
    ranges = data.draw(done_ranges(space))
    strategy = way if way in STRATEGIES else "prefix"
    whole, _ = _table(strategy, _model(way, space), space, batch_size, Done())
    part, times = _table(strategy, _model(way, space), space, batch_size, Done(ranges))
    left = np.ones(space.n_states, dtype=bool)
    for start, stop in ranges:
        left[start:stop] = False
    assert (times[left] == 1).all()
    assert (times <= 1).all()
    np.testing.assert_array_equal(part[left], whole[left])


@pytest.mark.parametrize(
    "strategy",
    [
        "loop",
        "batched",
        "prefix",
        pytest.param("fused", marks=pytest.mark.skipif(not can_compile(), reason="without numba nothing is compiled")),
    ],
)
@pytest.mark.parametrize("lengths", ["full", "all"])
@settings(max_examples=10)  # each asks the network about all contexts twice
@given(data=st.data(), batch_size=st.sampled_from([1, 7, 30, 1000]))
def test_network_gives_what_is_not_done_as_ever(
    strategy: str, lengths: Any, data: st.DataObject, batch_size: int
) -> None:
    """The same of arithmetic in float32: batches are cut in the same places, whatever is left out."""
    space = StateSpace(vocab_size=3, context_length=5, lengths=lengths)
    ranges = data.draw(done_ranges(space))
    whole, _ = _table(strategy, NETWORK, space, batch_size, Done())
    part, times = _table(strategy, NETWORK, space, batch_size, Done(ranges))
    left = np.ones(space.n_states, dtype=bool)
    for start, stop in ranges:
        left[start:stop] = False
    assert (times[left] == 1).all()
    np.testing.assert_array_equal(part[left], whole[left])


@pytest.mark.parametrize("way", _WAYS)
@pytest.mark.parametrize("lengths", ["full", "all"])
def test_nothing_is_asked_where_all_is_done(way: str, lengths: Any) -> None:
    """No call of the model at all."""
    space = StateSpace(vocab_size=3, context_length=4, lengths=lengths)
    model = _model(way, space)
    strategy = way if way in STRATEGIES else "prefix"
    assert list(STRATEGIES[strategy](model, space, 8, Done([(0, space.n_states)]))) == []
    assert len(getattr(model, "fed", ())) + getattr(model, "asked", 0) == 0


def test_half_of_the_trie_is_left_out() -> None:
    """Contexts that begin with 0 are done: 1 + 1 contexts of length 1, then 2 + ... + 2^9 that begin with 1."""
    space = StateSpace(vocab_size=2, context_length=10)
    model = _model("sessions", space)
    list(STRATEGIES["prefix"](model, space, 1, Done([(0, 512)])))
    assert len(model.fed) == 1 + sum(2**length for length in range(1, 10))
    assert all(context[0] == 1 for context in model.fed)


@given(data=st.data())
def test_done_covers_what_the_ranges_cover(data: st.DataObject) -> None:
    """By definition: every state of the range is in one of the ranges."""
    space = StateSpace(vocab_size=2, context_length=5)
    ranges = data.draw(done_ranges(space))
    start, stop = sorted(data.draw(st.tuples(st.integers(0, 32), st.integers(0, 32))))
    within = {state for first, after in ranges for state in range(first, after)}
    assert Done(ranges).covers(start, stop) == (set(range(start, stop)) <= within)


@given(space=spaces(), data=st.data())
def test_done_covers_what_begins_with_a_context(space: StateSpace, data: st.DataObject) -> None:
    """By definition: every state whose first tokens are one of the contexts."""
    ranges = data.draw(done_ranges(space))
    V, length = space.vocab_size, data.draw(st.integers(1, space.context_length))
    start = data.draw(st.integers(0, V**length - 1))
    stop = data.draw(st.integers(start + 1, V**length))
    begun = {tuple(context) for context in space.contexts(length, start, stop).tolist()}
    below = {state for state in range(space.n_states) if space.context(state)[:length] in begun}
    within = {state for first, after in ranges for state in range(first, after)}
    if ranges:  # where nothing is done, nobody asks
        assert Done(ranges).covers_below(space, length, start, stop) == (below <= within)
