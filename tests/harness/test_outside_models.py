"""Are the checks right about what others wrote: layers of torch, copies with one scale for a batch, dropout?"""

from __future__ import annotations

import numpy as np
import pytest
import torch

import markovgpt as mg
from markovgpt.testing import assert_session_matches, check_model, run_check
from markovgpt.testing.findings import cause_of

V, K = 3, 3


class Recurrent(torch.nn.Module):
    """One of torch's recurrent layers between an embedding and a head."""

    def __init__(self, layer, *, seed, **options):
        super().__init__()
        torch.manual_seed(seed)
        self.embed = torch.nn.Embedding(V, 4)
        self.layer = layer(4, 8, **options)
        self.head = torch.nn.Linear(8, V)
        for parameter in self.parameters():
            torch.nn.init.normal_(parameter, 0, 0.7)

    def forward(self, tokens):
        return self.head(self.layer(self.embed(tokens))[0])


@pytest.mark.parametrize("layer", [torch.nn.RNN, torch.nn.GRU, torch.nn.LSTM])
@pytest.mark.parametrize("seed", range(5))
def test_recurrent_layer_of_torch_passes(layer, seed):
    """No false alarm: bits and laws of layers that nobody here wrote."""
    report = check_model(mg.from_module(Recurrent(layer, seed=seed, batch_first=True), context_length=K))
    assert report.counts == {"passed": 9, "skipped": 18}, str(report)


@pytest.mark.parametrize("layer", [torch.nn.RNN, torch.nn.GRU, torch.nn.LSTM])
def test_layer_that_takes_time_first_fails_as_rows_that_are_mixed(layer):
    """26 of 27 rows have another row before them; the report counts all 27, not a half."""
    message = run_check("batch_rows_independent", mg.from_module(Recurrent(layer, seed=0), context_length=K)).message
    assert "compared   all 27 contexts of length 3 (exhaustive)" in message
    assert "differ     26 of 27; none may differ" in message
    assert "time before batch" in message


class OneScale:
    """Its numbers are rounded to a grid that one number of the batch decides, as dynamic quantisation does."""

    vocab_size, context_length, name = V, K, "coarse"
    weights = np.random.default_rng(0).normal(size=(K, V, V))

    def next_logits(self, contexts):
        logits = self.weights[np.arange(contexts.shape[1]), contexts].sum(axis=1)
        step = abs(self.weights[0, contexts[:, 0]]).max() / 127  # of the input of one layer
        return np.round(logits / step) * step


def test_scale_of_the_batch_is_seen_though_half_a_batch_has_the_same_one():
    """Every half of all contexts has every first token, so the scale stays; in a batch of copies it does not."""
    result = run_check("batch_rows_independent", OneScale())
    assert result.outcome == "failed"
    assert "the scale of dynamic quantisation" in result.message


class Dropout:
    """Another answer every time."""

    vocab_size, context_length, name = V, K, "dropout"

    def __init__(self):
        self.rng = np.random.default_rng(0)

    def next_logits(self, contexts):
        return self.rng.normal(size=(len(contexts), V))


def test_failures_that_follow_from_dropout_say_so():
    """A cache that survives the call, say, is not likely where the same call answers differently."""
    results = {result.check: result for result in check_model(Dropout()).results}
    assert "dropout is left on" in results["deterministic"].message
    for name in ("no_state_leak", "batch_rows_independent", "batch_size_tolerance"):
        assert results[name].outcome == "failed"
        assert "  likely     deterministic fails, and this may follow from it" in results[name].message
        assert "cache" not in results[name].message
    alone = run_check("no_state_leak", Dropout())
    assert "deterministic fails" in alone.message  # whatever else was run before


class State:
    """A recurrent state; past ``longest`` tokens it cannot crop."""

    def __init__(self, batch, longest):
        self.sums, self.fed, self.longest = np.zeros(batch), 0, longest

    def feed(self, tokens):
        self.fed += 1
        if self.fed > self.longest:
            raise ValueError("crop takes a negative number")
        self.sums = 0.5 * self.sums + tokens
        return np.stack([np.zeros_like(self.sums), self.sums], axis=1)


class Sums:
    """The discounted sum of the last K tokens, with a session that forgets nothing."""

    vocab_size, context_length, name = 2, 3, "sums"

    def __init__(self, longest=100):
        self.longest = longest

    def next_logits(self, contexts):
        last = contexts[:, -self.context_length :]
        sums = last @ 0.5 ** np.arange(last.shape[1])[::-1]
        return np.stack([np.zeros(len(sums)), sums], axis=1)

    def session(self, batch):
        return State(batch, self.longest)


def test_session_that_raises_past_k_is_quoted():
    """A refusal and a crash in the line that crops look alike but for their text."""
    results = check_model(Sums(longest=3), only=["session_equals_recompute", "session_after_crop"]).results
    assert [result.outcome for result in results] == ["passed", "skipped"]
    for result in results:
        assert "the session takes no more than K=3 tokens (ValueError: crop takes a negative number)" in result.message


def test_state_that_is_carried_on_is_told_from_wrong_positions():
    """Its law depends on tokens that left the window, which that of stale positions alone does not."""
    with pytest.raises(AssertionError, match="tokens that left the window still matter: a state that is carried on"):
        assert_session_matches(Sums(), max_length=5)


class Explains(Sums):
    """It has no session, and knows why."""

    @property
    def session(self):
        raise AttributeError("sums has no session: its state is not kept.")


def test_method_that_is_missing_for_a_reason_is_skipped_with_it():
    """A property that raises AttributeError says why; a method that was never there does not."""
    assert (
        run_check("session_after_crop", Explains()).message == "no session: sums has no session: its state is not kept"
    )
    assert run_check("generate_greedy", Explains()).message == "no generate"


def test_cause_is_one_short_line():
    """Of a long text with lines, the beginning."""
    said = cause_of(RuntimeError("a\n  b " + "c" * 500))
    assert said.startswith("RuntimeError: a b ccc")
    assert said.endswith("...")
    assert len(said) < 150
    assert cause_of(IndexError()) == "IndexError"
