"""Does a session give what running the window from zero gives, and does the chain come out the same?"""

from __future__ import annotations

import markovgpt as mg
import numpy as np
import pytest
import torch
from test_recurrent import load, parts

from markovgpt_recurrent import save_recurrent

K = 5


@pytest.fixture(params=["lstm", "gru"])
def model(request, tmp_path):
    return load(save_recurrent(tmp_path, **parts(request.param)), context_length=K)


def close(found, expected):
    torch.testing.assert_close(found.softmax(-1), expected.softmax(-1), rtol=0, atol=1e-6)


def test_session_equals_the_rerun_window_at_every_length_and_past_k(model):
    """From the sixth token on the oldest has no more influence."""
    tokens = np.random.default_rng(0).integers(0, 3, (4, K + 3))
    session = model.session(4)
    for length in range(1, K + 4):
        close(session.feed(tokens[:, length - 1]), model.next_logits(tokens[:, max(0, length - K) : length]))


def test_fork_continues_the_chosen_rows_and_leaves_the_session_as_it_is(model):
    """Rows 2, 0, 2 of three, several tokens at once, past K too."""
    tokens = np.random.default_rng(1).integers(0, 3, (3, 7))
    session = model.session(3)
    session.feed(tokens[:, :3])
    fork = session.fork([2, 0, 2])
    close(
        fork.feed([[0, 1], [2, 2], [1, 0]]), model.next_logits(np.c_[tokens[[2, 0, 2], :3], [[0, 1], [2, 2], [1, 0]]])
    )
    close(session.feed(tokens[:, 3]), model.next_logits(tokens[:, :4]))
    close(session.feed(tokens[:, 4:]), model.next_logits(tokens[:, -K:]))


@pytest.mark.parametrize("lengths", ["full", "all"])
def test_prefix_equals_batched(model, lengths):
    """3 + 9 + 27 + 81 + 243 token positions."""
    batched, prefix = (
        mg.build_chain(model, lengths=lengths, strategy=name, batch_size=40) for name in ("batched", "prefix")
    )
    np.testing.assert_allclose(prefix.probabilities, batched.probabilities, rtol=0, atol=1e-6)
    assert prefix.origin.token_positions == 363


def test_session_tells_its_memory(model):
    """Two layers of 5 numbers of 4 bytes a row, once for a GRU and twice for an LSTM."""
    session = model.session(3)
    assert session.n_bytes == 0
    session.feed([0, 1, 2])
    assert session.n_bytes in (3 * 2 * 5 * 4, 2 * 3 * 2 * 5 * 4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.session(0), "A session has at least one row: got 0"),
        (lambda m: m.session(2).feed([1, 1, 1]), r"tokens of 0\.\.2, and has 2 rows: got shape \(3,\), 1 to 1"),
        (lambda m: m.session(1).feed([3]), r"got shape \(1,\), 3 to 3"),
        (lambda m: m.session(1).feed([[]]), r"got shape \(1, 0\)\."),
        (lambda m: m.session(2).fork([2]), r"Rows of this session are 0\.\.1: got \[2\]"),
        (lambda m: m.session(2).fork([]), r"Rows of this session are 0\.\.1: got \[\]"),
    ],
    ids=["no-rows", "other-rows", "no-token", "nothing", "no-such-row", "empty-fork"],
)
def test_session_refuses_what_it_does_not_have(model, call, message):
    with pytest.raises(mg.ArgumentError, match=message):
        call(model)
