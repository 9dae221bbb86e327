"""What an enumeration will cost is counted without running it, and it is what running it then counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fakes import FakeModel, SessionModel, TableModel
from gpts import configs, random_gpt
from hypothesis import given
from hypothesis import strategies as st
from strategies import spaces

import markovgpt as mg
from markovgpt import StateSpace
from markovgpt.enumeration import STRATEGIES
from markovgpt.enumeration import fused as fused_module
from markovgpt.enumeration.operations import operations
from markovgpt.kernels.compiled import can_compile
from markovgpt.models.mingpt import MinGPTConfig

_LENGTHS = st.sampled_from(["full", "all"])


@given(config=configs(most_states=300), lengths=_LENGTHS, strategy=st.sampled_from(sorted(STRATEGIES)))
def test_token_positions_are_those_of_a_run(config: MinGPTConfig, lengths: Any, strategy: str) -> None:
    """Of a GPT, by every strategy, as the chain tells afterwards."""
    if strategy == "fused" and not can_compile():
        pytest.skip("without numba nothing is compiled")
    model = random_gpt(config)
    counted = operations(model, mg.build_chain(model, lengths=lengths, strategy=strategy).states, strategy)
    chain = mg.build_chain(model, lengths=lengths, strategy=strategy)
    assert counted.token_positions == chain.origin.token_positions


@given(space=spaces(), sessions=st.booleans(), batch_size=st.integers(1, 70))
def test_token_positions_of_prefix_are_those_of_sessions_or_of_passes(
    space: StateSpace, sessions: bool, batch_size: int
) -> None:
    """By sessions each beginning once; by ``all_logits`` K tokens of each context; however it is cut into batches."""
    kind = SessionModel if sessions else TableModel
    every = StateSpace(vocab_size=space.vocab_size, context_length=space.context_length, lengths="all")
    model = kind(np.zeros((every.n_states, every.vocab_size)), context_length=space.context_length)
    chain = mg.build_chain(model, lengths=space.lengths, strategy="prefix", batch_size=batch_size)
    assert operations(model, space, "prefix").token_positions == chain.origin.token_positions


@given(V=st.integers(1, 6), K=st.integers(1, 20), lengths=_LENGTHS, threads=st.integers(1, 64))
def test_token_positions_of_fused_are_those_of_its_pieces(V: int, K: int, lengths: Any, threads: int) -> None:
    """Spaces of any size, for any number of processors: the sum over the pieces that would be walked."""
    space = StateSpace(vocab_size=V, context_length=min(K, 8 if V > 2 else K), lengths=lengths)
    model = FakeModel(_never, vocab_size=V, context_length=space.context_length)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fused_module, "usable_processors", lambda: threads)
        counted = operations(model, space, "fused")
    pieces = sum(fused_module._positions(piece, V) for piece in fused_module._pieces(space, threads))
    assert counted.token_positions == pieces


def test_flops_of_full_passes_are_counted_by_hand() -> None:
    """Two layers, C = 2, V = 3, K = 2: a layer's weights 12 C^2 = 48 products, attention of token p 4 C p, logits 12.

    A context of two tokens takes 2 (2 x 48 x 2 + 8 + 16) + 2 x 12 = 456, there are 9; one of one token 2 (96 + 8) + 12.
    """
    model = random_gpt(MinGPTConfig(vocab_size=3, context_length=2, n_layer=2, n_head=1, n_embd=2))
    for strategy in ("batched", "loop"):
        assert operations(model, StateSpace(vocab_size=3, context_length=2), strategy).flops == 9 * 456
        every = StateSpace(vocab_size=3, context_length=2, lengths="all")
        assert operations(model, every, strategy).flops == 9 * 456 + 3 * 220


def test_flops_of_prefix_count_every_beginning_once() -> None:
    """The same network: 3 first tokens of 2 (96 + 8) + 12 = 220, and 9 second ones of 2 (96 + 16) + 12 = 236."""
    model = random_gpt(MinGPTConfig(vocab_size=3, context_length=2, n_layer=2, n_head=1, n_embd=2))
    assert operations(model, StateSpace(vocab_size=3, context_length=2), "prefix").flops == 3 * 220 + 9 * 236


def test_flops_of_fused_leave_out_what_nobody_asks_for() -> None:
    """So few contexts are walked from length 2 on: of 9 first tokens one layer, keys and values of the next (4 C^2).

    9 (96 + 8 + 16) + 9 x 236. Of all lengths, the 3 contexts of one token are walked by themselves: 3 x 220 more.
    """
    model = random_gpt(MinGPTConfig(vocab_size=3, context_length=2, n_layer=2, n_head=1, n_embd=2))
    full = StateSpace(vocab_size=3, context_length=2)
    every = StateSpace(vocab_size=3, context_length=2, lengths="all")
    assert operations(model, full, "fused").flops == 9 * 120 + 9 * 236
    assert operations(model, every, "fused").flops == 9 * 120 + 9 * 236 + 3 * 220


def test_flops_of_other_models_are_two_for_a_parameter_at_a_position() -> None:
    """Eight contexts of three tokens, 100 parameters; nothing is known of a model that does not say how many."""
    model, space = FakeModel(_never, context_length=3), StateSpace(vocab_size=2, context_length=3)
    assert operations(model, space, "batched") == (24, None)
    model.n_parameters = 100
    assert operations(model, space, "batched") == (24, 2 * 100 * 24)


def test_operations_are_exact_for_spaces_that_no_machine_holds() -> None:
    """50257^1024 contexts of 1024 tokens: a number of 4,818 digits, to the last of them."""
    space = StateSpace(vocab_size=50_257, context_length=1024)
    model = FakeModel(_never, vocab_size=50_257, context_length=1024)
    assert operations(model, space, "batched").token_positions == 1024 * 50_257**1024


def test_operations_are_known_of_every_strategy_and_of_no_other() -> None:
    """``auto`` is not one: it stands for another."""
    model, space = FakeModel(_never), StateSpace(vocab_size=2, context_length=2)
    assert all(operations(model, space, name).token_positions >= 4 for name in STRATEGIES)
    with pytest.raises(mg.ArgumentError, match=r"operations of 'auto' are not known"):
        operations(model, space, "auto")


def _never(contexts: np.ndarray) -> np.ndarray:
    raise AssertionError("the model was asked")
