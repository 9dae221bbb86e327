"""States are contexts: one for one, in the order of base-V numbers, and a step appends a token."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from strategies import spaces

from markovgpt import StateSpace


def all_contexts(space: StateSpace) -> list[tuple[int, ...]]:
    """The definition: every tuple of tokens, shortest first, each length in lexicographic order."""
    tokens = range(space.vocab_size)
    return [c for length in range(space.shortest, space.context_length + 1) for c in product(tokens, repeat=length)]


@given(space=spaces())
def test_context_lists_all_contexts_in_order(space: StateSpace) -> None:
    """State 0, 1, ... are the contexts by length and then as base-V numbers."""
    assert [space.context(state) for state in range(space.n_states)] == all_contexts(space)


@given(space=spaces())
def test_index_inverts_context(space: StateSpace) -> None:
    """``index(context(s)) == s`` for every state."""
    assert [space.index(space.context(state)) for state in range(space.n_states)] == list(range(space.n_states))


@given(space=spaces())
def test_sizes_add_up_to_the_number_of_states(space: StateSpace) -> None:
    """``V + V^2 + ... + V^K``, or V^K alone."""
    assert sum(space.sizes) == space.n_states


@given(space=spaces())
def test_offset_counts_the_shorter_states(space: StateSpace) -> None:
    """The first state of a length comes after all shorter ones."""
    lengths = range(space.shortest, space.context_length + 1)
    expected = [sum(len(c) < length for c in all_contexts(space)) for length in lengths]
    assert [space.offset(length) for length in lengths] == expected


@given(space=spaces(), data=st.data())
def test_contexts_are_those_of_the_states_of_one_length(space: StateSpace, data: st.DataObject) -> None:
    """A block of ``contexts`` holds the tokens of the states ``start`` to ``stop`` of that length."""
    length = data.draw(st.integers(space.shortest, space.context_length))
    start = data.draw(st.integers(0, space.vocab_size**length))
    stop = data.draw(st.integers(start, space.vocab_size**length))
    expected = [space.context(space.offset(length) + number) for number in range(start, stop)]
    assert list(map(tuple, space.contexts(length, start, stop).tolist())) == expected


@given(space=spaces())
def test_successors_append_a_token_and_drop_the_oldest(space: StateSpace) -> None:
    """Token t leads from a context c to the last K tokens of c + (t,)."""
    found = space.successors(np.arange(space.n_states))  # (n, V)
    expected = [
        [space.index((*space.context(state), token)[-space.context_length :]) for token in range(space.vocab_size)]
        for state in range(space.n_states)
    ]
    assert found.tolist() == expected


@given(space=spaces(), data=st.data())
def test_states_of_indexes_every_window(space: StateSpace, data: st.DataObject) -> None:
    """The windows of a sequence, cut out and indexed one by one; none if the sequence is too short."""
    tokens = data.draw(st.lists(st.integers(0, space.vocab_size - 1), max_size=12))
    length = data.draw(st.integers(space.shortest, space.context_length))
    windows = [tokens[i : i + length] for i in range(len(tokens) - length + 1)]
    found = space.states_of(np.array(tokens, dtype=np.int64), length)
    assert found.tolist() == [space.index(window) for window in windows]


@given(vocab_size=st.integers(2, 100_000), context_length=st.integers(1, 2000))
def test_n_states_is_exact_beyond_any_memory(vocab_size: int, context_length: int) -> None:
    """V + ... + V^K = V (V^K - 1) / (V - 1), in whole numbers of any size."""
    space = StateSpace(vocab_size=vocab_size, context_length=context_length, lengths="all")
    assert space.n_states * (vocab_size - 1) == vocab_size * (vocab_size**context_length - 1)
