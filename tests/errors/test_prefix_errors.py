"""Models that say another law by their shortcuts: found, named, and asked in the usual way instead."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from broken_sessions import BAD, LOGITS, ImpossibleToken, K, LooksAhead, OneAhead, V, broken_model
from fakes import FakeModel, SessionModel, TableModel, TableSession

import markovgpt as mg
from markovgpt import ArgumentError, ModelError


@pytest.mark.parametrize("lengths", ["full", "all"])
@pytest.mark.parametrize("kind", BAD)
def test_prefix_refuses_sessions_that_give_other_laws(kind: type, lengths: Any) -> None:
    """Before the long run: the context where laws differ most, by how much, and how many do."""
    model = broken_model(kind)
    with pytest.raises(
        ModelError, match=r"SessionModel gives other laws by session\(\)\.feed and \.fork than by next_logits: after "
    ) as caught:
        mg.build_chain(model, lengths=lengths, strategy="prefix")
    assert len(model.fed) < V**K
    context, gap = caught.value.facts["context"], caught.value.facts["difference"]
    assert repr("".join(map(str, context))) in str(caught.value)
    assert f"differ by {gap:.2g} (allowed: 1e-06" in str(caught.value)
    assert gap > 1e-6 or kind is ImpossibleToken


@pytest.mark.parametrize("kind", [LooksAhead, OneAhead])
def test_prefix_refuses_passes_that_give_other_laws(kind: type) -> None:
    """Where the shorter contexts are taken from them."""
    with pytest.raises(ModelError, match=f"{kind.__name__} gives other laws by all_logits than by next_logits: after"):
        mg.build_chain(broken_model(kind), lengths="all", strategy="prefix")


@pytest.mark.parametrize("kind", [*BAD, LooksAhead])
def test_auto_asks_whole_contexts_where_the_shortcut_gives_other_laws(kind: type) -> None:
    """The table is that of ``next_logits``, bit for bit, and the origin says why it took longer."""
    if kind is LooksAhead:  # two tokens, for which shorter contexts are worth it
        model, lengths = LooksAhead(np.random.default_rng(1).normal(size=(62, 2)), context_length=5), "all"
    else:
        model, lengths = broken_model(kind), "full"
    chain = mg.build_chain(model, lengths=lengths)  # type: ignore[arg-type]
    expected = mg.build_chain(model, lengths=lengths, strategy="batched")  # type: ignore[arg-type]
    np.testing.assert_array_equal(chain.probabilities, expected.probabilities)
    assert (chain.origin.strategy, expected.origin.note) == ("batched", "")
    assert chain.origin.note.startswith("The strategy 'prefix' was not used. ")
    assert "gives other laws" in chain.origin.note


def test_error_names_the_worst_context_and_the_largest_difference() -> None:
    """A law of (1/2, 1/2) but after 1111, where the session says (1, 0)."""

    class WrongOnce(TableSession):
        def feed(self, tokens: np.ndarray) -> np.ndarray:
            logits = super().feed(tokens)
            logits[(self.contexts == 1).all(axis=1) & (self.contexts.shape[1] == 4)] = [0, -1000]
            return logits

    model = SessionModel(np.zeros((30, 2)), context_length=4)
    model.kind = WrongOnce
    with pytest.raises(ModelError, match=r"after '1111' probabilities differ by 0\.5 \(allowed") as caught:
        mg.build_chain(model, strategy="prefix")
    assert caught.value.facts == {"context": (1, 1, 1, 1), "difference": 0.5}


@pytest.mark.parametrize(
    ("dtype", "scale", "error", "refused"),
    [
        pytest.param(np.float32, 20, 1e-5, False, id="some roundings of float32"),
        pytest.param(np.float64, 20, 1e-5, True, id="no rounding in float64"),
        pytest.param(np.float32, 20, 1e-3, True, id="more than roundings"),
        pytest.param(np.float32, 0.01, 1e-5, True, id="more than roundings of small logits"),
    ],
)
def test_differences_that_are_rounding_are_none(dtype: Any, scale: float, error: float, refused: bool) -> None:
    """Logits of 20 in float32 are known to 1e-6; by 32 such roundings they may differ, 4e-5 in all."""

    class Rounds(TableSession):
        def feed(self, tokens: np.ndarray) -> np.ndarray:
            return (super().feed(tokens) + error * np.array([2, 0, -2])).astype(dtype)

    model = SessionModel((scale * LOGITS / abs(LOGITS).max()).astype(dtype), context_length=K)
    model.kind = Rounds
    if not refused:
        assert mg.build_chain(model, strategy="prefix").origin.strategy == "prefix"
        return
    with pytest.raises(ModelError, match="gives other laws"):
        mg.build_chain(model, strategy="prefix")


class WrongInLargeBatches(TableSession):
    """Right for the few rows of a trial; wrong for more than forty."""

    def feed(self, tokens: np.ndarray) -> np.ndarray:
        logits = super().feed(tokens)
        return logits[::-1] if len(tokens) > 40 else logits


class FailsInLargeBatches(TableSession):
    """The same, with an error."""

    def feed(self, tokens: np.ndarray) -> np.ndarray:
        if len(tokens) > 40:
            raise RuntimeError("out of memory")
        return super().feed(tokens)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (WrongInLargeBatches, "gives other laws by the strategy 'prefix' than by next_logits"),
        (FailsInLargeBatches, r"The session of SessionModel failed on 81 contexts of length 4, .*: out of memory"),
    ],
)
def test_errors_that_no_trial_shows_are_found_in_the_end(kind: type, message: str) -> None:
    """Some states of the table itself are compared; auto begins again with whole contexts."""
    with pytest.raises(ModelError, match=message):
        mg.build_chain(broken_model(kind), strategy="prefix")
    reports: list[tuple[int, int]] = []
    model = broken_model(kind)
    chain = mg.build_chain(model, progress=lambda _, done, total: reports.append((done, total)))
    np.testing.assert_array_equal(chain.probabilities, mg.build_chain(model, strategy="batched").probabilities)
    assert chain.origin.strategy == "batched"
    assert reports[-1] == (V**K, V**K)


class Fails(TableSession):
    """An error in code that is not ours."""

    def feed(self, tokens: np.ndarray) -> np.ndarray:
        raise KeyError("cache" * bool(len(tokens)))


class Leaves(TableSession):
    """It ends the program."""

    def feed(self, tokens: np.ndarray) -> np.ndarray:
        sys.exit(len(tokens) * 0)


class NoLaw(TableSession):
    """NaN, after 2."""

    def feed(self, tokens: np.ndarray) -> np.ndarray:
        return np.where((tokens == 2)[:, None], np.nan, super().feed(tokens))


class AnotherShape(TableSession):
    """The logits of all positions."""

    def feed(self, tokens: np.ndarray) -> np.ndarray:
        return super().feed(tokens)[:, None]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Fails, r"The session of SessionModel failed on \d+ contexts of length 1, the first \(0,\): KeyError: 'cache'"),
        (Leaves, r"The session of SessionModel failed .*: the model ended the program: SystemExit\(0\)"),
        (NoLaw, r"Logits of SessionModel must be finite, .* got nan for token 0 at context \(.*2\)"),
        (AnotherShape, r"A session of SessionModel must return one row of 3 logits a context, shape \(\d+, 3\): got"),
    ],
)
def test_prefix_refuses_sessions_that_fail(kind: type, message: str) -> None:
    """What went wrong, and where; auto does without them."""
    with pytest.raises(ModelError, match=message):
        mg.build_chain(broken_model(kind), strategy="prefix")
    chain = mg.build_chain(broken_model(kind))
    assert chain.origin.strategy == "batched"
    assert chain.origin.note


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda c: np.zeros((len(c), V)), r"all_logits of .* must return 3 logits a position, shape .*: got shape"),
        (lambda c: len(c) / 0, r"all_logits of .* failed on .* of length 4, .*: ZeroDivisionError"),
        (lambda c: sys.exit(len(c)), r"all_logits of .* failed on .*: the model ended the program: SystemExit\(\d+\)"),
        (lambda c: f"{len(c)} logits", "all_logits of .* must return numbers"),
        (lambda c: np.full((len(c), K, V), np.nan), r"must be finite, .* got nan for token 0 at context"),
    ],
    ids=["shape", "error", "exit", "text", "nan"],
)
def test_prefix_refuses_passes_that_fail(answer: Any, message: str) -> None:
    """The same, for ``all_logits``."""
    model = TableModel(LOGITS, context_length=K)
    model.all_logits = answer  # type: ignore[method-assign]
    with pytest.raises(ModelError, match=message):
        mg.build_chain(model, strategy="prefix")


def test_prefix_refuses_a_model_that_cannot_show_its_beginnings() -> None:
    """A function of whole contexts; auto asks it about them."""
    model = FakeModel(lambda contexts: np.zeros((len(contexts), 2)))
    with pytest.raises(
        ArgumentError,
        match=r"The strategy 'prefix' cannot be used: FakeModel has neither session\(batch\) nor all_logits\(contexts\)"
        r"\. Use 'auto', or 'batched', which is for every model\.",
    ) as caught:
        mg.build_chain(model, strategy="prefix")
    assert caught.value.facts == {"strategy": "prefix"}
    assert mg.build_chain(model).origin.strategy == "batched"


def test_unknown_strategy_is_refused_with_those_that_there_are() -> None:
    """Before the model is asked."""
    with pytest.raises(ArgumentError, match=r"Strategies are auto, loop, batched, prefix.*: got 'trie'"):
        mg.build_chain(TableModel(LOGITS, context_length=K), strategy="trie")


@pytest.mark.parametrize("outside", [np.nan, -0.5, 1.5])
def test_sessions_that_leave_out_no_probability_are_refused(outside: float) -> None:
    """A restricted vocabulary tells the probability of other tokens: from 0 to 1."""

    class Restricted(TableSession):
        def feed_and_outside(self, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return super().feed(tokens), np.full(len(tokens), outside)

    model = broken_model(Restricted)
    with pytest.raises(ModelError, match=r"The probability of other tokens must be from 0 to 1: SessionModel has"):
        mg.build_chain(model, strategy="prefix")


def test_sessions_that_do_not_tell_what_is_left_out_are_refused() -> None:
    """The rest of the model says a half: the chain would not know."""
    model = broken_model(TableSession)
    model.next_logits_and_outside = lambda contexts: (model.next_logits(contexts), np.full(len(contexts), 0.5))
    with pytest.raises(ModelError, match=r"differ by 0\.5 \(allowed"):
        mg.build_chain(model, strategy="prefix")


def test_logits_that_are_no_law_are_found_behind_a_restriction() -> None:
    """NaN for a token that is left out."""

    class NotKept(TableSession):
        def feed(self, tokens: np.ndarray) -> np.ndarray:
            logits = super().feed(tokens)
            logits[:, 2] = np.nan
            return logits

    model = mg.restrict_tokens(broken_model(NotKept), [0, 1])
    with pytest.raises(ModelError, match=r"The probability of other tokens must be from 0 to 1: .* has nan"):
        mg.build_chain(model, strategy="prefix")


def test_interrupt_is_no_reason_to_begin_again() -> None:
    """Ctrl-C in the long run ends it."""
    model = broken_model(TableSession)

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mg.build_chain(model, progress=interrupt)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.session(0), "A session has at least one row: got 0"),
        (lambda m: m.session(2).feed([1, 1, 0]), r"has 2 rows and is fed \(rows,\) or \(rows, n\) .* got shape \(3,\)"),
        (lambda m: m.session(2).feed([[], []]), r"got shape \(2, 0\)"),
        (lambda m: m.session(2).feed([[[0]], [[0]]]), r"got shape \(2, 1, 1\)"),
        (lambda m: m.session(1).feed([2]), r"Tokens are 0\.\.1: got 2 to 2"),
        (lambda m: m.session(1).feed([-1]), r"Tokens are 0\.\.1: got -1 to -1"),
        (lambda m: m.session(2).fork([2]), r"Rows of this session are 0\.\.1: got \[2\]"),
        (lambda m: m.session(2).fork([-1]), r"Rows of this session are 0\.\.1: got \[-1\]"),
        (lambda m: m.session(2).fork([]), r"Rows of this session are 0\.\.1: got \[\]"),
    ],
    ids=[
        "no rows",
        "other rows",
        "no tokens",
        "no columns",
        "high",
        "low",
        "row too high",
        "row below 0",
        "empty fork",
    ],
)
def test_session_refuses_what_it_does_not_have(call: Any, message: str) -> None:
    """Wrong rows and tokens, before anything is computed."""
    with pytest.raises(ArgumentError, match=message):
        call(mg.load_model("babygpt", steps=0))
