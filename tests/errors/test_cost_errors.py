"""Enumerations that would take too much memory or time: refused before they begin, with what would fit."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clocked import ClockedModel, ClockedSessions, with_clock
from fakes import FakeModel

import markovgpt as mg
from markovgpt import ArgumentError, CostLimitError, StateSpace
from markovgpt.enumeration import check_memory, memory, refusals


def _never(contexts: np.ndarray) -> np.ndarray:
    raise AssertionError("the model was asked")


def test_table_that_does_not_fit_is_refused_before_the_model_is_asked() -> None:
    """3^10 = 59,049 rows of 3 float64 are 1.35 MiB. 1 MiB holds 3^9 (461 KiB), and 2^10 contexts of two tokens."""
    pattern = (
        r"^Too much memory: 3\^10 = 59,049 states are a table of 1\.35 MiB\. The limit is 1 MiB \(max_memory\); raise "
        r"it with --max-memory 258M \(max_memory='258M'\)\. Or: --store FILE keeps the table in a file; "
        r"context_length=9 fits \(461 KiB\); so do 2 of the 3 tokens \(--tokens\)\.$"
    )
    with pytest.raises(CostLimitError, match=pattern) as caught:
        mg.build_chain(FakeModel(_never, vocab_size=3, context_length=10), max_memory="1M")
    assert caught.value.facts == {"n_bytes": 59_049 * 24, "limit": 2**20}


def test_what_is_said_to_fit_fits() -> None:
    """The limit that the message names, and the context, are accepted; a token or a byte more is not."""
    space = StateSpace(vocab_size=3, context_length=10)
    for fitting in (space, StateSpace(vocab_size=3, context_length=9), StateSpace(vocab_size=2, context_length=10)):
        n_bytes = 8 * fitting.vocab_size * fitting.n_states
        check_memory(fitting, max_memory=n_bytes)
        with pytest.raises(CostLimitError):
            check_memory(fitting, max_memory=n_bytes - 1)


def test_memory_counts_what_enumeration_works_in() -> None:
    """The table fits into the limit; with blocks of 2,048 contexts, 6 rows of 3 and 3 contexts of 8, it does not."""
    model = ClockedModel(vocab_size=3, context_length=8)
    with pytest.raises(
        CostLimitError, match=r"a table of 154 KiB, and enumeration needs 736 KiB beside it\. The limit"
    ):
        mg.build_chain(model, max_memory="200K")
    assert model.contexts == 0
    assert mg.build_chain(model, max_memory="890K").n_states == 6561


def test_memory_under_several_rules_is_that_of_two_tables() -> None:
    """Logits stay, and probabilities are made of them: 2 x 128 bytes for babygpt's eight states, however many rules."""
    rules = [mg.Decoding(temperature=t) for t in (1, 2, 3)]
    model = FakeModel(_never, context_length=3)
    with pytest.raises(CostLimitError, match=r"a table of 256 bytes\. The limit is 255 bytes"):
        next(mg.build_chains(model, rules, max_memory=255))


def test_default_limit_of_memory_is_a_share_of_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 100 KiB, three quarters: a table of 96 KiB is refused, one of 48 is not."""
    monkeypatch.setattr(memory, "available_memory", lambda: 100 * 1024)
    with pytest.raises(
        CostLimitError, match=r"The limit is 75 KiB \(75% of the memory that is free\); raise it with --max"
    ):
        check_memory(StateSpace(vocab_size=3, context_length=7), working_bytes=50_000)
    check_memory(StateSpace(vocab_size=2, context_length=11))


def test_memory_has_no_default_limit_where_the_system_does_not_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then only max_states is in the way."""
    monkeypatch.setattr(memory, "available_memory", lambda: None)
    check_memory(StateSpace(vocab_size=2, context_length=50))


def test_available_memory_is_read_where_linux_says_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is free on the machine, or left in the control group where that is less; copies of files count as free."""
    meminfo, group = tmp_path / "meminfo", tmp_path / "cgroup"
    monkeypatch.setattr(memory, "_MEMINFO", meminfo)
    monkeypatch.setattr(memory, "_GROUPS", group)
    meminfo.write_text("MemTotal:  900 kB\nMemAvailable:   500 kB\n", encoding="ascii")
    assert memory.available_memory() == 500 * 1024
    group.mkdir()
    (group / "memory.max").write_text("max\n", encoding="ascii")
    (group / "memory.current").write_text("300000\n", encoding="ascii")
    assert memory.available_memory() == 500 * 1024
    (group / "memory.max").write_text("400000\n", encoding="ascii")
    assert memory.available_memory() == 100_000
    (group / "memory.stat").write_text("anon 1\ninactive_file 50000\n", encoding="ascii")
    assert memory.available_memory() == 150_000
    (group / "memory.current").write_text("500000\n", encoding="ascii")
    assert memory.available_memory() == 0


def test_run_that_takes_too_long_is_refused_before_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """A millisecond a token: 3^8 contexts of 8 tokens take 52 seconds. 10 hold 3^6 of 6 (4.4), and 2^8 of 8 (2)."""
    model = with_clock(monkeypatch, ClockedModel(vocab_size=3, context_length=8, token=1e-3))
    pattern = (
        r"^Too long: 6,561 contexts by 'batched': about 52 seconds \(.* to .*\), table of 154 KiB\. The limit is 10 "
        r"seconds \(max_time\); raise it with --max-time \d+s \(max_time='\d+s'\)\. "
        r"Or: context_length=6 fits \(about 4\.4 seconds\); 2 of the 3 tokens fit \(--tokens\)\.$"
    )
    with pytest.raises(CostLimitError, match=pattern) as caught:
        mg.build_chain(model, max_time="10s")
    assert caught.value.facts == {"seconds": pytest.approx(52.488), "limit": 10}
    assert model.contexts < 3**8


def test_refusal_names_a_strategy_that_computes_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model has sessions, and whole contexts were asked for: 8 x 256 positions instead of 2 + 4 + ... + 256."""
    model = with_clock(monkeypatch, ClockedSessions(context_length=8, token=1.0))
    with pytest.raises(
        CostLimitError, match=r"Or: --strategy prefix computes 510 token positions, not 2,048; context_le"
    ):
        mg.build_chain(model, strategy="batched", max_time=60)
    with pytest.raises(CostLimitError) as caught:
        mg.build_chain(model, strategy="prefix", max_time=60)
    assert "--strategy" not in str(caught.value)


def test_refusal_says_so_where_nothing_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two contexts of one token already take longer."""
    model = with_clock(monkeypatch, ClockedModel(context_length=3, token=1.0))
    with pytest.raises(CostLimitError, match=r"\. No shorter context fits\.$"):
        mg.build_chain(model, max_time=0.5)


def test_run_within_its_time_is_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """24 tokens of a second each, and the chain says what was predicted."""
    model = with_clock(monkeypatch, ClockedModel(context_length=3, token=1.0))
    assert mg.build_chain(model, max_time=25).origin.predicted_seconds == pytest.approx(24)


def test_every_reason_to_refuse_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """States, memory and time, of one prediction; none where all is allowed."""
    model = with_clock(monkeypatch, ClockedModel(context_length=6, token=1.0))
    found = mg.predict_cost(model)
    limits: dict[str, Any] = {"max_states": 63, "max_memory": 1000, "max_time": 383}
    texts = [str(error) for error in refusals(model, found, asked="auto", **limits)]
    assert [text.partition(":")[0] for text in texts] == ["Too many states", "Too much memory", "Too long"]
    generous: dict[str, Any] = {"max_states": 64, "max_memory": "1M", "max_time": 385}
    assert refusals(model, found, asked="auto", **generous) == []


@pytest.mark.parametrize("call", [mg.build_chain, mg.analyze], ids=["build_chain", "analyze"])
@pytest.mark.parametrize("limit", ["max_memory", "max_time"])
@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf, "", "4X", True])
def test_limits_that_are_none_are_refused(call: Any, limit: str, value: Any) -> None:
    """Before the model is asked, with an example of what is one."""
    with pytest.raises(ArgumentError, match=rf"^{limit} is an? (amount of memory|duration) above 0, such as "):
        call(FakeModel(_never), **{limit: value})


def test_prediction_refuses_what_an_enumeration_refuses() -> None:
    """A strategy that there is not, or that the model does not allow; an empty batch; something that is no model."""
    model: Any = FakeModel(_never)
    with pytest.raises(ArgumentError, match="Strategies are auto, loop"):
        mg.predict_cost(model, strategy="magic")
    with pytest.raises(ArgumentError, match="cannot be used: FakeModel has neither session"):
        mg.predict_cost(model, strategy="prefix")
    with pytest.raises(ArgumentError, match="batch_size must be a whole number of at least 1: got 0"):
        mg.predict_cost(model, batch_size=0)
    with pytest.raises(ArgumentError, match="A model needs `vocab_size`"):
        mg.predict_cost(object())  # type: ignore[arg-type]
