"""Keys and values that are kept against networks that compute every context anew."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

import markovgpt as mg
from markovgpt.models.gpt_model import GPTModel
from markovgpt.models.mingpt import MinGPTConfig, new_network

SHAPES = {
    "babygpt": {"vocab_size": 2, "context_length": 7},
    "one layer, one head": {"vocab_size": 5, "context_length": 3, "n_layer": 1, "n_head": 1, "n_embd": 6},
    "biases": {"vocab_size": 3, "context_length": 5, "n_layer": 2, "n_head": 3, "n_embd": 12, "bias": True},
    "GPT-2's activation": {"vocab_size": 3, "context_length": 4, "n_layer": 2, "gelu": "tanh"},
    "head of its own": {"vocab_size": 4, "context_length": 4, "n_layer": 3, "n_head": 8, "tied": False},
    "letters": {"vocab_size": 27, "context_length": 2, "n_layer": 2, "n_embd": 32},
    "one position": {"vocab_size": 6, "context_length": 1, "n_layer": 1},
    "one token": {"vocab_size": 1, "context_length": 4, "n_layer": 1},
}


def _model(name: str, **changes: Any) -> GPTModel:
    """A network of that shape whose laws are far from uniform, and of which every weight matters."""
    config = MinGPTConfig(**{**SHAPES[name], **changes})
    network = new_network(config, seed=0).eval()
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.3 * torch.randn(parameter.shape, generator=generator)
    return GPTModel(name=name, network=network, vocabulary=mg.Vocabulary.numbered(config.vocab_size))


def _close(found: Tensor, expected: Tensor) -> None:
    np.testing.assert_allclose(found.softmax(-1).numpy(), expected.softmax(-1).numpy(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("batch_size", [2048, 6], ids=["breadth first", "depth first"])
@pytest.mark.parametrize("lengths", ["full", "all"])
@pytest.mark.parametrize("name", SHAPES)
def test_prefix_equals_batched(name: str, lengths: Any, batch_size: int) -> None:
    """Every probability to 1e-6, of laws that are no uniform ones."""
    model = _model(name)
    batched = mg.build_chain(model, lengths=lengths, strategy="batched")
    prefix = mg.build_chain(model, lengths=lengths, strategy="prefix", batch_size=batch_size)
    np.testing.assert_allclose(prefix.probabilities, batched.probabilities, rtol=0, atol=1e-6)
    if model.vocab_size > 1:
        assert np.ptp(batched.probabilities) > 0.1


@pytest.mark.parametrize("lengths", ["full", "all"])
@pytest.mark.parametrize("name", SHAPES)
def test_prefix_evaluates_every_beginning_once(name: str, lengths: Any) -> None:
    """Token positions that the embedding has seen: V + V^2 + ... + V^K, and those of the comparison; both are told."""
    model = _model(name)
    seen: list[int] = []
    hook = model.network.wte.register_forward_hook(lambda _, arguments, __: seen.append(arguments[0].numel()))
    origin = mg.build_chain(model, lengths=lengths, strategy="prefix", batch_size=20).origin
    hook.remove()
    V, K = model.vocab_size, model.context_length
    assert origin.token_positions == sum(V**length for length in range(1, K + 1))
    assert origin.token_positions + origin.check_positions == sum(seen)


def test_prefix_equals_batched_of_a_trained_network_of_twelve_tokens() -> None:
    """What auto does with babygpt of K=12: 8,190 token positions in place of 49,152, and few to compare."""
    data = "111101111011110" * 3
    model = mg.load_model("babygpt", context_length=12, data=data)
    batched, auto = (mg.build_chain(model, strategy=name) for name in ("batched", "auto"))
    np.testing.assert_allclose(auto.probabilities, batched.probabilities, rtol=0, atol=1e-6)
    origin = auto.origin
    assert (origin.strategy, origin.token_positions, batched.origin.token_positions) == ("prefix", 8190, 49152)
    assert origin.check_positions < 2000


@pytest.mark.parametrize("part", ["prompt", "tokens"])
def test_parts_of_a_network_equal_batched(part: str) -> None:
    """Behind a prompt of three tokens, and on two of three tokens with what is left out."""
    model = _model("biases", context_length=7)
    part_of = mg.with_prompt(model, [2, 0, 1]) if part == "prompt" else mg.restrict_tokens(model, [2, 0])
    batched, prefix = (mg.build_chain(part_of, strategy=name, batch_size=50) for name in ("batched", "prefix"))
    np.testing.assert_allclose(prefix.probabilities, batched.probabilities, rtol=0, atol=1e-6)
    if part == "tokens":
        np.testing.assert_allclose(prefix.cut, batched.cut, rtol=0, atol=1e-6)
        assert batched.cut.max() > 0.01


@pytest.mark.parametrize("name", SHAPES)
def test_session_equals_recomputation_at_every_length_and_past_k(name: str) -> None:
    """Beyond K tokens the window slides, and positions with it."""
    model = _model(name)
    K = model.context_length
    tokens = np.random.default_rng(0).integers(0, model.vocab_size, (3, K + 3))
    session = model.session(3)
    for length in range(1, K + 4):
        _close(session.feed(tokens[:, length - 1]), model.next_logits(tokens[:, max(0, length - K) : length]))
    np.testing.assert_array_equal(session.tokens, tokens)


@given(data=st.data(), several=st.booleans())
def test_forks_continue_the_chosen_rows_and_leave_the_session_as_it_is(data: st.DataObject, several: bool) -> None:
    """Any rows, any number of times, fed on in any order, before the first token and past K too."""
    model = _model("biases", n_layer=1)
    V, K = model.vocab_size, model.context_length
    known = [(model.session(3), np.empty((3, 0), dtype=np.int64))]
    for _ in range(data.draw(st.integers(1, 8))):
        which = data.draw(st.integers(0, len(known) - 1))
        session, contexts = known[which]
        if data.draw(st.booleans()):
            rows = data.draw(st.lists(st.integers(0, len(contexts) - 1), min_size=1, max_size=6))
            known.append((session.fork(rows), contexts[rows]))
            continue
        shape = (len(contexts), data.draw(st.integers(1, 2)) if several else 1)
        tokens = np.array(data.draw(st.lists(st.integers(0, V - 1), min_size=shape[0] * shape[1], max_size=20)))
        tokens = tokens[: shape[0] * shape[1]].reshape(shape)
        contexts = np.concatenate([contexts, tokens], axis=1)
        known[which] = session, contexts
        _close(session.feed(tokens if several else tokens[:, 0]), model.next_logits(contexts[:, -K:]))
    for session, contexts in known:
        np.testing.assert_array_equal(session.tokens, contexts)


@pytest.mark.parametrize("rows", [[0, 1, 2, 0, 1, 2], [1, 2, 1, 2], [0, 0, 1, 1, 2, 2], [2, 0, 2, 0], [1, 1, 1]])
def test_forks_that_share_keys_and_values_are_as_good(rows: list[int]) -> None:
    """Repeated neighbours share them, others are copied; both grow on."""
    model = _model("biases")
    tokens = np.array([[0, 1], [2, 0], [1, 1]])
    session = model.session(3)
    session.feed(tokens)
    twins = session.fork(rows)
    contexts = tokens[rows]
    for step in range(3):
        column = (np.arange(len(rows)) + step) % 3
        contexts = np.concatenate([contexts, column[:, None]], axis=1)
        _close(twins.feed(column), model.next_logits(contexts))
    _close(session.feed([0, 1, 2]), model.next_logits(np.concatenate([tokens, [[0], [1], [2]]], axis=1)))


def test_session_tells_its_memory() -> None:
    """Keys and values of 4 layers, 16 numbers of 4 bytes each: 512 bytes a token and row; none if the window slides."""
    model = _model("babygpt")
    session = model.session(3)
    assert session.n_bytes == 0
    session.feed(np.zeros((3, 2), dtype=np.int64))
    assert session.n_bytes == 3 * 2 * 512
    assert session.fork([0] * 5).n_bytes == 5 * 2 * 512
    session.feed(np.zeros((3, 6), dtype=np.int64))
    assert session.n_bytes == 0


def test_session_leaves_torch_as_it_was() -> None:
    """Logits are ordinary tensors without a gradient; the number of threads is put back."""
    model, threads = _model("babygpt"), torch.get_num_threads()
    logits = model.session(2).feed([0, 1])
    assert not logits.requires_grad
    assert not logits.is_inference()
    assert torch.get_num_threads() == threads
