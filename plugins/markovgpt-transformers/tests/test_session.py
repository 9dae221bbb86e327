"""Does a session give what computing the whole context gives: at every length, past K, and after forks?"""

from __future__ import annotations

import numpy as np
import pytest
import tiny
import torch
from markovgpt import ArgumentError

import markovgpt_transformers as mt

WITH_SESSION = sorted(set(tiny.CONFIGS) - set(tiny.NO_SESSION))
K = 6


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def close(got, expected):
    torch.testing.assert_close(got, expected, atol=5e-5, rtol=1e-5)


@pytest.mark.parametrize("architecture", WITH_SESSION)
def test_session_equals_recomputation_at_every_length_and_past_k(loaded, architecture, rng):
    """Ten tokens with K = 6: from the seventh on the window slides, and the oldest tokens have no more influence."""
    model = loaded(architecture)
    tokens = rng.integers(0, tiny.V, size=(3, 10))
    session = model.session(3)
    for length in range(1, 11):
        close(session.feed(tokens[:, length - 1]), model.next_logits(tokens[:, max(0, length - K) : length]))
    np.testing.assert_array_equal(session.tokens, tokens)


@pytest.mark.parametrize("architecture", WITH_SESSION)
def test_several_tokens_at_once_equal_one_at_a_time(loaded, architecture, rng):
    """Where the cache of transformers cannot do that, the session feeds them one by one."""
    model = loaded(architecture)
    tokens = rng.integers(0, tiny.V, size=(2, K))
    session = model.session(2)
    session.feed(tokens[:, :2])
    close(session.feed(tokens[:, 2:]), model.next_logits(tokens))


@pytest.mark.parametrize("architecture", WITH_SESSION)
def test_fork_continues_the_chosen_rows_and_leaves_the_session_as_it_is(loaded, architecture, rng):
    """Rows 2, 0, 2 of three; both branches are fed on, also past K, in either order."""
    model = loaded(architecture)
    tokens = rng.integers(0, tiny.V, size=(3, 8))
    session = model.session(3)
    session.feed(tokens[:, :4])
    rows = [2, 0, 2]
    fork = session.fork(rows)
    other = np.array([[1], [2], [3]])
    branched = np.concatenate([tokens[rows, :4], other], axis=1)  # (3, 5)
    close(fork.feed(other[:, 0]), model.next_logits(branched))
    close(session.feed(tokens[:, 4]), model.next_logits(tokens[:, :5]))
    again = fork.fork([1])
    close(again.feed([[4, 5]]), model.next_logits(np.append(branched[1], [4, 5])[None, -K:]))
    close(session.feed(tokens[:, 5:8]), model.next_logits(tokens[:, 2:8]))


def test_every_context_is_a_leaf_of_a_trie_of_forks(saved):
    """fork([row] * V).feed(range(V)), level by level, gives all V^2 contexts in the order of the states."""
    model = mt.load(saved("gpt2"), context_length=2)
    V = model.vocab_size
    level = model.session(1).fork([0] * V)
    level.feed(range(V))
    leaves = level.fork(np.repeat(np.arange(V), V))
    logits = leaves.feed(np.tile(np.arange(V), V))
    close(logits, model.next_logits([[s // V, s % V] for s in range(V * V)]))


@pytest.mark.parametrize("architecture", ["llama", "mistral", "jamba", "mamba", "mamba2"])
def test_session_begins_behind_the_prompt(tmp_path, architecture):
    """Two rows share one computed prompt; K = 2, so the third token slides the window but not the prompt."""
    tokenizer = tiny.byte_level_bpe()
    folder = tiny.save(tmp_path, architecture, tokenizer=tokenizer, vocab_size=len(tokenizer))
    model = mt.load(folder, context_length=2, prompt="the cat")
    session = model.session(2)
    tokens = np.array([[3, 4, 5], [6, 7, 8]])
    close(session.feed(tokens[:, 0]), model.next_logits(tokens[:, :1]))
    close(session.feed(tokens[:, 1]), model.next_logits(tokens[:, :2]))
    close(session.feed(tokens[:, 2]), model.next_logits(tokens[:, 1:]))


@pytest.mark.parametrize(
    ("architecture", "reason"),
    [("openai-gpt", "its forward pass takes no cache"), ("recurrent_gemma", "with its cache, logits are off by")],
)
def test_model_has_no_session_when_its_cache_cannot_be_trusted(loaded, architecture, reason):
    """Capabilities are found with hasattr."""
    model = loaded(architecture)
    assert not hasattr(model, "session")
    with pytest.raises(AttributeError, match=f"{architecture} has no session: {reason}"):
        _ = model.session


@pytest.mark.parametrize("architecture", WITH_SESSION)
def test_architectures_whose_cache_takes_one_token_at_a_time_are_told(loaded, architecture):
    """Seen in transformers 5.23: layers of Mamba start from nothing when several tokens come at once."""
    assert loaded(architecture).cache_use.several == (architecture not in tiny.ONE_AT_A_TIME)


def test_trying_the_cache_leaves_no_trace(saved):
    """RecurrentGemma keeps a state in its modules: answers before and after must be the same bits."""
    model = mt.load(saved("recurrent_gemma"), context_length=4)
    before = model.next_logits([[3, 4, 5, 6]])
    assert not model.cache_use.usable
    assert torch.equal(model.next_logits([[3, 4, 5, 6]]), before)


def test_a_wrong_cache_is_found():
    """A planted error: keys of the second token on are those of the first."""
    network = tiny.network("llama")
    attention = network.model.layers[0].self_attn
    correct = attention.k_proj.forward
    attention.k_proj.forward = lambda x: correct(x[:, :1].expand_as(x) if x.shape[1] > 1 else x)
    assert not hasattr(mt.from_transformers(network, context_length=4), "session")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.session(0), "A session has at least one row: got 0"),
        (lambda m: m.session(2).feed([1, 2, 3]), "This session has 2 rows: got tokens for 3"),
        (lambda m: m.session(1).feed([tiny.V]), f"Tokens of gpt2 are 0..{tiny.V - 1}: got {tiny.V} to {tiny.V}"),
        (lambda m: m.session(2).fork([2]), r"Rows of this session are 0..1: got \[2\]"),
        (lambda m: m.session(2).fork([-1]), r"Rows of this session are 0..1: got \[-1\]"),
        (lambda m: m.session(2).fork([]), r"Rows of this session are 0..1: got \[\]"),
    ],
    ids=["no-rows", "other-rows", "no-token", "row-too-high", "row-negative", "empty-fork"],
)
def test_session_refuses_what_it_does_not_have(loaded, call, message):
    with pytest.raises(ArgumentError, match=message):
        call(loaded("gpt2"))
