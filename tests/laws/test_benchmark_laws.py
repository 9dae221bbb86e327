"""Enumeration is measured in turns, by a clock that is known; what takes too long is left out, and nothing is lost."""

from __future__ import annotations

import json
from itertools import groupby

import numpy as np
import pytest
from clocked_models import PER_CALL, PER_READING, PER_TOKEN, Clock, clocked_models
from hypothesis import given
from hypothesis import strategies as st

import markovgpt as mg
from markovgpt.benchmarking import parse_sizes
from markovgpt.benchmarking.grid import default_context_lengths, targets_beyond
from markovgpt.benchmarking.memory import peak_bytes
from markovgpt.report.benching import benchmark_from_dict, benchmark_to_dict
from markovgpt.report.benching.sections import benchmark_sections

MIB = 2**20


def measured(clock=None, asked=None, **options):
    """``batched`` at K = 2, 3, 5 unless said otherwise, by the clock of the models."""
    clock = Clock() if clock is None else clock
    given = {"context_lengths": [2, 3, 5], "strategies": ["batched"], "runs": 3, "max_seconds": 1e9} | options
    return mg.benchmark_enumeration(clocked_models(clock, asked), clock=clock, **given)


def seconds_of(K, n_calls):
    """By the clock: the reading, the calls, and K tokens for each of 2^K states."""
    return PER_READING + n_calls * PER_CALL + PER_TOKEN * K * 2**K


@given(st.sets(st.integers(1, 40), min_size=1, max_size=20))
def test_sizes_are_read_back_from_their_list(sizes):
    """Numbers and commas, in any order."""
    assert parse_sizes(",".join(map(str, sizes)), what="sizes") == tuple(sorted(sizes))


@given(st.integers(1, 99), st.integers(0, 30))
def test_range_holds_both_ends(low, more):
    """Every number between them, once."""
    assert parse_sizes(f" {low} .. {low + more} ", what="sizes") == tuple(range(low, low + more + 1))


@pytest.mark.parametrize("vocab_size", [1, 2, 3, 5, 27, 150, 50_257])
def test_default_sizes_are_few_and_small(vocab_size):
    """One to five, ascending, none above 20,000 states unless one token of context has more already."""
    lengths = default_context_lengths(vocab_size)
    assert 1 <= len(lengths) <= 5
    assert list(lengths) == sorted(set(lengths))
    assert vocab_size ** lengths[-1] <= 20_000 or lengths == (1,)


def test_default_sizes_stay_within_the_model():
    """A model of four tokens of context is asked about no more."""
    assert default_context_lengths(2, longest=4) == (2, 4)


@pytest.mark.parametrize(("vocab_size", "measured_to"), [(2, 14), (3, 9), (27, 3), (50_257, 1)])
def test_targets_are_the_shortest_contexts_of_enough_states(vocab_size, measured_to):
    """Each has 2^16, 2^20, 2^24 or 2^32 states and the next shorter one has not; all are beyond what was measured."""
    targets = targets_beyond(vocab_size, measured_to)
    enough = {n for n in (2**16, 2**20, 2**24, 2**32) for K in targets if vocab_size ** (K - 1) < n <= vocab_size**K}
    assert all(measured_to < K for K in targets)
    assert 2**32 in enough


def test_run_takes_what_the_clock_says():
    """Every run of every size: a reading, one call, K tokens a state."""
    found = measured()
    assert [case.key for case in found.cases] == [(2, K, "batched") for K in (2, 3, 5)]
    for case, K in zip(found.cases, (2, 3, 5), strict=True):
        assert case.seconds == pytest.approx([seconds_of(K, 1)] * 3)
        assert case.first_seconds == pytest.approx(seconds_of(K, 1))
        assert (case.token_positions, case.check_positions) == (K * 2**K, 0)
        assert case.flops == 2 * 100 * K * 2**K  # two for each parameter
    assert not found.interrupted


def test_loop_is_measured_beside_batched():
    """One call a state: 2^K times 10 ms more, for the same tokens."""
    found = measured(strategies=["batched", "loop"])
    for case in found.cases:
        K, strategy = case.key[1:]
        assert case.spread.median == pytest.approx(seconds_of(K, 2**K if strategy == "loop" else 1))


def test_law_of_growth_is_that_of_the_clock():
    """10.1 ms + 1 ms a token, without residual; far beyond what was measured it is still that."""
    (growth,) = measured().growth
    assert (growth.quantity, growth.measured) == ("token positions", (2, 3, 5))
    assert growth.line.start == pytest.approx(PER_READING + PER_CALL)
    assert growth.line.rate == pytest.approx(PER_TOKEN)
    assert growth.line.residual == pytest.approx(0, abs=1e-9)
    assert growth.seconds[growth.context_lengths.index(20)] == pytest.approx(seconds_of(20, 1), rel=1e-6)


def test_rounds_go_to_and_fro():
    """First calls and the first round by size, then up, then down: the sizes in the order they are asked about."""
    asked: list[int] = []
    measured(asked=asked, context_lengths=[2, 3, 5], runs=3)
    assert [length for length, _ in groupby(asked)] == [2, 3, 5, 2, 3, 5, 3, 2]


def test_yardsticks_are_measured_with_every_size_in_every_round():
    """Three sizes, three rounds."""
    found = measured()
    assert len(found.sgemm_seconds) == len(found.copy_seconds) == 9
    assert found.sgemm_rate == pytest.approx(2 * 1024**3 / PER_READING)
    assert found.copy_rate == pytest.approx(2**26 / PER_READING)


def test_shares_are_times_of_the_yardsticks():
    """The operations by sgemm's rate, the table by the copy's, over the median."""
    found = measured()
    case = found.cases[-1]
    assert found.share_of_sgemm(case) == pytest.approx(case.flops / found.sgemm_rate / seconds_of(5, 1))
    assert found.share_of_copy(case) == pytest.approx(8 * 2**6 / found.copy_rate / seconds_of(5, 1))
    assert case.table_bytes == mg.build_chain(clocked_models(Clock()).at(2, 5)).probabilities.nbytes


def test_case_that_would_take_too_long_is_left_out():
    """By the law of the sizes before: K = 10 takes 10.25 s, more than 3."""
    found = measured(context_lengths=[2, 3, 5, 10], max_seconds=3)
    assert [case.key.context_length for case in found.cases] == [2, 3, 5]
    (skipped,) = found.skipped
    assert skipped.key == (2, 10, "batched")
    assert skipped.predicted_seconds == pytest.approx(seconds_of(10, 1), rel=1e-6)


def test_smallest_size_is_always_measured():
    """There is nothing to predict it by."""
    found = measured(max_seconds=1e-9)
    assert [case.key.context_length for case in found.cases] == [2]
    assert len(found.skipped) == 2
    assert found.growth == ()


def test_prediction_is_of_the_same_strategy():
    """The loop is left out where it is slow, and what is fast goes on."""
    found = measured(strategies=["loop", "batched"], context_lengths=[2, 3, 5, 8], max_seconds=2.5)
    assert [case.key for case in found.cases if case.key.context_length == 8] == [(2, 8, "batched")]
    assert [skipped.key for skipped in found.skipped] == [(2, 8, "loop")]


def test_several_vocabularies_have_a_law_each():
    """Sizes are ordered by their states."""
    found = measured(vocab_sizes=[2, 3], context_lengths=[2, 3])
    assert [case.n_states for case in found.cases] == [4, 8, 9, 27]
    assert [(growth.vocab_size, growth.strategy) for growth in found.growth] == [(2, "batched"), (3, "batched")]


class Interrupting(Clock):
    """Ctrl-C comes at a reading of the clock."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.left = at

    def __call__(self) -> float:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        return super().__call__()


@pytest.mark.parametrize("at", range(1, 81, 8))
def test_interrupt_keeps_what_was_measured(at):
    """Whenever it comes: cases have one to three right runs each, or it is raised since there are none."""
    try:
        found = measured(Interrupting(at))
    except KeyboardInterrupt:
        assert at < 12  # readings before the end of the first run
        return
    assert found.interrupted
    for case in found.cases:
        assert 1 <= len(case.seconds) <= 3
        assert case.seconds == pytest.approx([seconds_of(case.key.context_length, 1)] * len(case.seconds))
    assert benchmark_sections(found)[0].warnings == ("Interrupted: what was measured until then.",)


def test_interrupt_of_a_solve_is_an_interrupt(monkeypatch):
    """The solver would go on with the best so far."""
    from dataclasses import replace

    from markovgpt.benchmarking import rounds

    known = rounds.stationary_distributions
    monkeypatch.setattr(
        rounds, "stationary_distributions", lambda chain: [replace(pi, interrupted=True) for pi in known(chain)]
    )
    found = measured()
    assert found.interrupted
    assert [len(case.seconds) for case in found.cases] == [1]


def test_solve_of_a_chain_is_measured_with_its_size():
    """Uniform chains are irreducible: three runs each, by elimination."""
    found = measured()
    assert [(s.vocab_size, s.context_length, len(s.seconds), s.method) for s in found.solves] == [
        (2, K, 3, "gth") for K in (2, 3, 5)
    ]
    assert found.solve_of(found.cases[1]) is found.solves[1]


def test_document_is_read_back():
    """Every value, through JSON, with what was left out and laws of growth."""
    found = measured(context_lengths=[2, 3, 5, 10], max_seconds=3)
    document = json.loads(json.dumps(benchmark_to_dict(found), allow_nan=False))
    again = benchmark_from_dict(document)
    for name in ("model", "date", "machine", "runs", "seed", "max_seconds", "cases", "solves", "skipped"):
        assert getattr(again, name) == getattr(found, name), name
    assert (again.sgemm_seconds, again.copy_seconds) == (found.sgemm_seconds, found.copy_seconds)
    assert benchmark_to_dict(again) == benchmark_to_dict(found)


def test_document_with_more_keys_is_read():
    """A later program may write more within a version."""
    document = benchmark_to_dict(measured())
    document["cases"][0]["newer"] = document["machine"]["newer"] = document["newer"] = 1
    assert len(benchmark_from_dict(document).cases) == 3


def test_report_names_no_place_of_the_user(tmp_path, monkeypatch):
    """Neither the folder, nor the home, nor the machine's name."""
    import platform

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    text = json.dumps(benchmark_to_dict(measured()))
    assert str(tmp_path) not in text
    assert f'"{platform.node()}"' not in text


def test_peak_of_a_call_is_what_it_allocates_at_most():
    """64 MiB and then 32: the peak is 64, within what else a process does; nothing is 0."""

    def call():
        np.ones(64 * MIB // 8)
        np.ones(32 * MIB // 8)

    if peak_bytes(lambda: None) is None:
        pytest.skip("the system does not tell")
    assert peak_bytes(lambda: None) < 4 * MIB
    assert 56 * MIB < peak_bytes(call) < 80 * MIB
