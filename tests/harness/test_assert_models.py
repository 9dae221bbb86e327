"""Do the assertions about models, sessions and their data find planted faults, and name them?"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from fakes import SessionModel, TableModel, TableSession
from gpts import random_gpt

import markovgpt as mg
from markovgpt.errors import ArgumentError
from markovgpt.models.mingpt import MinGPTConfig
from markovgpt.testing import (
    assert_causal,
    assert_deterministic,
    assert_matches_ngrams,
    assert_session_matches,
)

V, K = 2, 3
LOGITS = np.random.default_rng(0).normal(size=(V + V**2 + V**3, V))
GPT = random_gpt(
    MinGPTConfig(vocab_size=2, context_length=3, n_layer=2, n_head=2, n_embd=8, bias=True, tied=False, gelu="tanh"),
    spread=1.0,
)


class Windowed(TableSession):
    """Right: the last K tokens."""

    begin, end = -K, None

    def feed(self, tokens):
        self.contexts = np.column_stack([self.contexts, tokens])
        return self.model.next_logits(self.window())

    def window(self):
        return self.contexts[:, -K:]


class TooShort(Windowed):
    def window(self):
        return self.contexts[:, -K + 1 :]


class FirstTokens(Windowed):
    def window(self):
        return self.contexts[:, :K]


class OneBehind(Windowed):
    def window(self):
        return self.contexts[:, -K - 1 : -1] if self.contexts.shape[1] > 1 else self.contexts


class EmptyCache(Windowed):
    def window(self):
        return self.contexts[:, -1:]


class StaleAfterTwoSlides(Windowed):
    """Right until the window has slid twice."""

    def feed(self, tokens):
        logits = super().feed(tokens)
        return logits + (self.contexts.shape[1] >= K + 2) * np.array([0.3, 0.0])


class ForkMixesRows(Windowed):
    def fork(self, rows):
        return type(self)(self.model, self.contexts[np.sort(rows)])


class Fails(Windowed):
    def feed(self, tokens):
        if self.contexts.shape[1] == K:
            raise IndexError("position 3")
        return super().feed(tokens)


def model_with(kind):
    model = SessionModel(LOGITS, context_length=K)
    model.kind = kind
    return model


def test_session_that_is_right_passes():
    assert_session_matches(model_with(Windowed), max_length=7)
    assert_session_matches(GPT, max_length=7)


def test_session_of_a_large_model_is_sampled():
    config = MinGPTConfig(
        vocab_size=20, context_length=6, n_layer=1, n_head=1, n_embd=8, bias=True, tied=False, gelu="tanh"
    )
    model = random_gpt(config)
    assert_session_matches(model, max_length=9)


@pytest.mark.parametrize(
    ("kind", "first", "likely"),
    [
        (TooShort, 3, "the window is one token too short: 2 in place of K=3"),
        (FirstTokens, 4, "the first K tokens of the text are kept"),
        (OneBehind, 2, "one position behind: the newest token is not seen"),
        (EmptyCache, 2, "only the newest token is seen: nothing is kept"),
        (StaleAfterTwoSlides, 5, "when the window slides for the second time (it is right before), the keys that stay"),
    ],
)
def test_session_that_is_wrong_is_named(kind, first, likely):
    with pytest.raises(AssertionError, match="A session of SessionModel does not match next_logits") as failure:
        assert_session_matches(model_with(kind), max_length=7)
    text = str(failure.value)
    assert f"(fed one by one), first at length {first}" in text
    assert likely in text
    assert "all 128 texts (exhaustive) of 7 tokens, at every length from 1; K = 3" in text


def test_session_that_is_right_up_to_k_only_passes_up_to_k():
    assert_session_matches(model_with(StaleAfterTwoSlides), max_length=K + 1)
    assert_session_matches(model_with(Fails), max_length=K)


def test_fork_that_mixes_rows_is_found():
    with pytest.raises(AssertionError, match=r"\(after fork\)") as failure:
        assert_session_matches(model_with(ForkMixesRows), max_length=3)
    assert "fork mixes up rows" in str(failure.value)


def test_session_that_raises_is_a_failure_that_says_where():
    with pytest.raises(AssertionError, match="The session failed at token 4: IndexError: position 3"):
        assert_session_matches(model_with(Fails), max_length=5)


def test_what_reproduces_a_session_failure_does():
    """The worst text, fed again, gives the law that the message shows."""
    model = model_with(TooShort)
    with pytest.raises(AssertionError) as failure:
        assert_session_matches(model, max_length=4)
    text = str(failure.value)
    tokens = [int(c) for c in text.split("for t in [")[1].split("]")[0].split(", ")]
    logits = np.array([model.next_logits(np.array([tokens[-2:]]))[0], model.next_logits(np.array([tokens[-3:]]))[0]])
    laws = mg.Decoding().apply(logits)
    assert f"{laws[0, 0]:.6g}" in text
    assert f"{laws[1, 0]:.6g}" in text


class Ahead(TableModel):
    """The law at each position but the last looks one token ahead."""

    def all_logits(self, contexts):
        logits = super().all_logits(contexts)
        logits[:, :-1] += 0.2 * contexts[:, 1:, None] * np.array([1.0, 0.0])
        return logits


class Pooled(TableModel):
    def all_logits(self, contexts):
        return super().all_logits(contexts) + contexts[:, -1:, None] * np.array([0.1, 0.0]) * (contexts.shape[1] == K)


class Shifted(TableModel):
    def all_logits(self, contexts):
        return np.roll(super().all_logits(contexts), 1, axis=1) * 0 + super().all_logits(contexts)[:, :1]


class WrongShape(TableModel):
    def all_logits(self, contexts):
        return super().all_logits(contexts)[:, -1]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Ahead, "the causal mask is missing or off by one"),
        (Pooled, "normalisation or pooling over all positions"),
        (Shifted, "the last position of all_logits is not next_logits"),
        (WrongShape, r"expected \(8, 3, 2\): \(batch, length, V\)"),
    ],
)
def test_causal_finds_a_look_at_the_future(kind, message):
    with pytest.raises(AssertionError, match=message):
        assert_causal(kind(LOGITS, context_length=K))


def test_causal_names_position_and_later_token():
    with pytest.raises(AssertionError, match=r"the law at position [12] changes by 0\.0\d+ with the token at [23]"):
        assert_causal(Ahead(LOGITS, context_length=K))


def test_causal_models_pass():
    assert_causal(TableModel(LOGITS, context_length=K))
    assert_causal(GPT)


class Dropout(TableModel):
    def __init__(self):
        super().__init__(LOGITS, context_length=K)
        self.generator = torch.Generator().manual_seed(0)

    def next_logits(self, contexts):
        noise = torch.rand(len(contexts), V, generator=self.generator).numpy()
        return super().next_logits(contexts) + noise


class Remembers(TableModel):
    """The last row of a shorter call stays."""

    def __init__(self):
        super().__init__(LOGITS, context_length=K)
        self.offset = 0.0

    def next_logits(self, contexts):
        logits = super().next_logits(contexts) + self.offset * np.array([1.0, 0.0])
        self.offset += 0.25 * (contexts.shape[1] < K)
        return logits


def test_deterministic_tells_chance_from_memory():
    assert_deterministic(GPT)
    with pytest.raises(AssertionError, match="Dropout gives another answer to the same call") as failure:
        assert_deterministic(Dropout())
    assert "8 of 8 differ" in str(failure.value)
    with pytest.raises(AssertionError, match="Remembers remembers earlier calls"):
        assert_deterministic(Remembers())


CALLABLE = mg.from_callable(lambda c: np.zeros((len(c), 2)), vocab_size=2, context_length=1)
DATA = "0110101101101011"


def test_ngrams_pass_within_the_limit():
    """After 0 always 1; after 1: 0 five of ten times and 1 five: TV 0.1 from (0.4, 0.6)."""
    chain = mg.chain_from_table([[0, 1], [0.4, 0.6]])
    counts = mg.count_ngrams(chain.vocabulary.encode(DATA), vocab_size=2, context_length=1)
    zeros, ones = counts.after([1]).tolist()
    distance = abs(zeros / (zeros + ones) - 0.4)
    assert_matches_ngrams(chain, DATA, max_tv=distance + 1e-9)
    with pytest.raises(AssertionError, match="table does not follow its data") as failure:
        assert_matches_ngrams(chain, DATA, max_tv=distance - 1e-3)
    text = str(failure.value)
    assert f"TV {distance:.4g} at 1, which occurs {zeros + ones} times" in text
    assert "1 of 2 are farther" in text


def test_ngrams_in_kl_find_an_excluded_token():
    """KL is infinite where the law excludes what follows in the data."""
    with pytest.raises(AssertionError, match="KL inf at 1") as failure:
        assert_matches_ngrams(mg.chain_from_table([[0, 1], [0, 1]]), DATA, max_kl=1.0)
    assert "the law excludes tokens that follow in the data" in str(failure.value)


def test_ngrams_of_a_model_ask_for_contexts_in_the_data_only():
    """A trained babygpt follows its data; an untrained one does not."""
    model = mg.load_model("babygpt", steps=0)
    with pytest.raises(AssertionError, match="babygpt does not follow its data"):
        assert_matches_ngrams(model, model.training_tokens, max_tv=0.05)
    exact = mg.NgramModel(mg.count_ngrams(model.training_tokens, vocab_size=2, context_length=3))
    assert_matches_ngrams(exact, model.training_tokens, max_kl=1e-9)


def test_ngrams_leave_out_rare_contexts():
    chain = mg.chain_from_table([[0.5, 0.5], [0.5, 0.5]])
    data = [0] + [1, 1, 0, 0] * 50 + [0] * 3
    assert_matches_ngrams(chain, data, max_tv=0.1, min_count=20)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: assert_session_matches(TableModel(LOGITS, context_length=K), max_length=3), "has no session"),
        (lambda: assert_session_matches(GPT, max_length=0), "max_length is a whole number, at least 1"),
        (lambda: assert_causal(CALLABLE), "no all_logits"),
        (lambda: assert_deterministic(3), "A model needs"),
        (lambda: assert_matches_ngrams(GPT, "0101"), "Give one limit, max_kl"),
        (lambda: assert_matches_ngrams(GPT, "0101", max_tv=0.1, max_kl=0.1), "Give one limit, max_kl"),
        (lambda: assert_matches_ngrams(GPT, "0101", max_tv=0.1, min_count=5), "No context of 3 tokens occurs 5 times"),
    ],
)
def test_model_assertions_refuse_wrong_use(call, message):
    with pytest.raises(ArgumentError, match=message):
        call()
