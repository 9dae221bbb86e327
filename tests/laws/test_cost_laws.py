"""What is predicted is what happens: on a clock that models advance, so that nothing depends on this machine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from clocked import ClockedModel, ClockedPasses, ClockedSessions, true_seconds, with_clock
from fakes import FakeModel
from gpts import configs, random_gpt
from hypothesis import given
from hypothesis import strategies as st

import markovgpt as mg
from markovgpt import ModelError, StateSpace
from markovgpt.enumeration import STRATEGIES, cost
from markovgpt.enumeration.calibration import measured_seconds
from markovgpt.kernels.compiled import can_compile
from markovgpt.models.mingpt import MinGPTConfig

_KINDS = {"loop": ClockedModel, "batched": ClockedModel, "prefix": ClockedSessions, "passes": ClockedPasses}


@given(
    kind=st.sampled_from(sorted(_KINDS)),
    lengths=st.sampled_from(["full", "all"]),
    shape=st.sampled_from([(2, 10), (2, 13), (3, 8), (6, 5), (27, 3), (100, 2), (5000, 1)]),
    batch_size=st.sampled_from([64, 300, 2048]),
    token=st.sampled_from([0.0, 1e-9, 1e-6, 1e-4, 1e-2, 1.0]),
    call=st.sampled_from([0.0, 1e-6, 1e-3, 0.2, 3.0]),
)
def test_true_cost_is_between_the_bounds(
    kind: str, lengths: Any, shape: tuple[int, int], batch_size: int, token: float, call: float
) -> None:
    """Of a model that takes so long a call and so long a token, from nanoseconds to hours."""
    V, K = shape
    name = "prefix" if kind == "passes" else kind
    states = StateSpace(vocab_size=V, context_length=K, lengths=lengths)
    with pytest.MonkeyPatch.context() as patch:
        model = with_clock(patch, _KINDS[kind](vocab_size=V, context_length=K, call=call, token=token))
        found = measured_seconds(model, states, name, batch_size=batch_size, rule=None)
        true = true_seconds(model, STRATEGIES[name], states, batch_size)
    assert found.low * (1 - 1e-9) <= true <= found.high * (1 + 1e-9)
    assert found.low <= found.estimate <= found.high


@pytest.mark.parametrize("kind", sorted(_KINDS))
@pytest.mark.parametrize("token", [1e-6, 1e-3])
def test_estimate_is_exact_where_tokens_alone_take_time(
    monkeypatch: pytest.MonkeyPatch, kind: str, token: float
) -> None:
    """Positions times seconds, whatever the batches are; 2^12 contexts of 12 tokens."""
    model = with_clock(monkeypatch, _KINDS[kind](token=token))
    name = "prefix" if kind == "passes" else kind
    states = StateSpace(vocab_size=2, context_length=12)
    found = measured_seconds(model, states, name, batch_size=256, rule=mg.Decoding())
    positions = 2**13 - 2 if kind == "prefix" else 12 * 2**12
    assert found.estimate == pytest.approx(positions * token)
    assert found.startup == 0


@pytest.mark.parametrize("kind", sorted(_KINDS))
def test_first_call_is_told_apart(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """A compilation of 100 seconds is no part of what each context costs."""
    model = with_clock(monkeypatch, _KINDS[kind](token=1e-6))
    model.first = 100.0
    name = "prefix" if kind == "passes" else kind
    found = measured_seconds(model, StateSpace(vocab_size=2, context_length=12), name, batch_size=256, rule=None)
    assert found.startup == pytest.approx(100, abs=0.01)
    assert found.high < 1


@pytest.mark.parametrize("kind", sorted(_KINDS))
@pytest.mark.parametrize("K", [20, 40])
def test_few_contexts_are_asked_about_though_the_clock_stands_still(
    monkeypatch: pytest.MonkeyPatch, kind: str, K: int
) -> None:
    """2^20 or 2^40 contexts: hardly more than 2^18 are looked at, in at most 2^12 calls."""
    model = with_clock(monkeypatch, _KINDS[kind](context_length=K))
    name = "prefix" if kind == "passes" else kind
    measured_seconds(model, StateSpace(vocab_size=2, context_length=K), name, batch_size=2048, rule=None)
    assert model.contexts <= 2**18 + 4 * 2048


@pytest.mark.parametrize("kind", sorted(_KINDS))
def test_slow_models_are_called_three_times(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """A minute a token: one context, once more, and four, or the first three levels of the trie."""
    model = with_clock(monkeypatch, _KINDS[kind](token=60.0, context_length=20))
    name = "prefix" if kind == "passes" else kind
    measured_seconds(model, StateSpace(vocab_size=2, context_length=20), name, batch_size=2048, rule=None)
    assert model.contexts <= 2 + 4 + 8


def test_batches_that_take_as_long_as_one_context_are_tried_at_full_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second a call, however many contexts: 2^20 in batches of 2048 take 512 seconds, not 2^20."""
    model = with_clock(monkeypatch, ClockedModel(context_length=20, call=1.0))
    states = StateSpace(vocab_size=2, context_length=20)
    found = measured_seconds(model, states, "batched", batch_size=2048, rule=None)
    assert found.estimate == pytest.approx(512)
    assert found.high < 1000


def test_bounds_enclose_a_change_of_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches take 2 hundredths of a second, and 4 after a while: the 1024 of them take from 20 to 41 seconds."""
    model = with_clock(monkeypatch, ClockedModel(context_length=16, call=0.02))
    calm = model.take

    def slower(rows: int, length: int) -> np.ndarray:
        model.now += 0.02 * (model.now > 0.3)
        return calm(rows, length)

    monkeypatch.setattr(model, "take", slower)
    states = StateSpace(vocab_size=2, context_length=16)
    found = measured_seconds(model, states, "batched", batch_size=64, rule=None)
    assert found.low <= 1024 * 0.02 < found.estimate < 1024 * 0.04 <= found.high


@given(config=configs(most_states=300), lengths=st.sampled_from(["full", "all"]))
def test_costs_of_any_gpt_and_strategy_are_predicted(config: MinGPTConfig, lengths: Any) -> None:
    """Of any shape: counts are those of the state space, bytes and seconds are above 0, and text says them."""
    model = random_gpt(config)
    for name in ["auto", *STRATEGIES]:
        if name == "fused" and not can_compile():
            continue
        found = mg.predict_cost(model, lengths=lengths, strategy=name)
        states = StateSpace(vocab_size=config.vocab_size, context_length=config.context_length, lengths=lengths)
        assert found.states == states
        assert found.table_bytes == 8 * states.n_states * config.vocab_size
        assert found.peak_bytes == found.table_bytes + found.working_bytes
        assert 0 <= found.seconds_low <= found.seconds <= found.seconds_high
        assert str(found).startswith(
            f"{states.n_states:,} contexts by '{'batched' if name == 'auto' else name}': about"
        )


def test_prediction_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The chain is the same, bit for bit; what was predicted stands beside what it took."""
    model = random_gpt(MinGPTConfig(vocab_size=2, context_length=8))
    announced: list[mg.Cost] = []
    monkeypatch.setattr(cost, "_LONG_WORK_OF_TORCH", 0)
    chain = mg.build_chain(model, strategy="batched", announce=announced.append)
    plain = mg.build_chain(model, strategy="batched")
    np.testing.assert_array_equal(chain.probabilities, plain.probabilities)
    assert [found.seconds for found in announced] == [chain.origin.predicted_seconds]
    assert chain.origin.token_positions == plain.origin.token_positions == announced[0].token_positions
    assert plain.origin.predicted_seconds is None


def test_nothing_is_measured_where_nothing_takes_long() -> None:
    """The model is asked about its eight contexts, and no more: by a prediction they would be 20."""
    model = ClockedModel(context_length=3)
    announced: list[mg.Cost] = []
    mg.build_chain(model, announce=announced.append)
    assert (model.contexts, announced) == (8, [])


@pytest.mark.parametrize(
    ("model", "strategy"),
    [
        (ClockedModel(context_length=14), "batched"),  # it does not say how many parameters it has, and is called often
        (ClockedModel(context_length=10), "loop"),
        (ClockedSessions(context_length=10), "auto"),  # a billion parameters
    ],
    ids=["many calls", "loop", "many parameters"],
)
def test_what_may_take_long_is_announced_once(model: ClockedModel, strategy: str) -> None:
    """Before the enumeration, with the strategy that it will have."""
    announced: list[mg.Cost] = []
    chain = mg.build_chain(model, strategy=strategy, announce=announced.append)
    assert [found.strategy for found in announced] == [chain.origin.strategy]


def test_model_that_fails_says_so_as_in_an_enumeration() -> None:
    """Its own words, and the first context."""

    def fails(contexts: np.ndarray) -> np.ndarray:
        raise RuntimeError("no such device")

    with pytest.raises(ModelError, match=r"FakeModel failed on 1 contexts of length 2, .*RuntimeError: no such device"):
        mg.predict_cost(FakeModel(fails))
    with pytest.raises(ModelError, match="no such device"):
        mg.build_chain(FakeModel(fails), max_time=1)


def test_shortcut_that_fails_when_it_is_measured_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under ``auto`` as in the enumeration, ``batched`` it is, and the note says why. Asked for, it is an error."""
    model = ClockedSessions(context_length=8)
    calm = model.take

    def fails(rows: int, length: int) -> np.ndarray:
        if rows == 128:
            raise RuntimeError("128 rows")
        return calm(rows, length)

    monkeypatch.setattr(model, "take", fails)
    found = mg.predict_cost(model)
    assert found.strategy == "batched"
    assert "The strategy 'prefix' was not used. The session of ClockedSessions failed on 128 contexts" in found.note
    with pytest.raises(ModelError, match="failed on 128 contexts"):
        mg.predict_cost(model, strategy="prefix")


def test_space_that_cannot_be_numbered_is_refused() -> None:
    """50257^1024 contexts: nobody waits for the number of seconds."""
    model = ClockedModel(vocab_size=50_257, context_length=1024)
    with pytest.raises(mg.TooManyStatesError, match="a number of 4,815 digits"):
        mg.predict_cost(model)
    assert model.contexts == 0
