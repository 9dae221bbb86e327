"""Medians, laws of growth and ratios, beside the standard library, numpy, known laws and counts by hand."""

from __future__ import annotations

import statistics
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from markovgpt.benchmarking import (
    CaseKey,
    EnumerationBenchmark,
    Machine,
    MeasuredCase,
    compare_benchmarks,
    spread_of,
)
from markovgpt.benchmarking.growth import Work, fit_line, growth_of
from markovgpt.report.benching.compared import comparison_section
from markovgpt.report.benching.sections import benchmark_sections

SECONDS = st.lists(st.floats(1e-6, 1e4), min_size=2, max_size=12)
MACHINE = Machine(processor="P", n_processors=2, memory_bytes=2**34, system="S", versions={"numpy": "2"})


def benchmark_of(runs: dict[CaseKey, list[float]], **changes) -> EnumerationBenchmark:
    """A measurement with these runs."""
    cases = tuple(
        MeasuredCase(
            key=key,
            seconds=tuple(seconds),
            first_seconds=9.0,
            token_positions=key.context_length * key.vocab_size**key.context_length,
            check_positions=0,
            flops=1000,
            peak_bytes=2**20,
        )
        for key, seconds in runs.items()
    )
    found = EnumerationBenchmark(
        model="m",
        date="2024-05-06T07:08:09+00:00",
        machine=MACHINE,
        runs=3,
        seed=0,
        max_seconds=1.0,
        cases=cases,
        solves=(),
        skipped=(),
        sgemm_seconds=(0.01, 0.02, 0.03),
        copy_seconds=(0.5, 0.5),
        growth=(),
    )
    return replace(found, **changes)


@given(SECONDS)
def test_spread_is_that_of_the_standard_library(seconds):
    """Median and quartiles, those of the data themselves (method "inclusive")."""
    spread = spread_of(seconds)
    quartiles = statistics.quantiles(seconds, n=4, method="inclusive")
    assert (spread.lower, spread.median, spread.upper) == pytest.approx(tuple(quartiles))
    assert spread.median == pytest.approx(statistics.median(seconds))
    assert (spread.n, spread.least, spread.most) == (len(seconds), min(seconds), max(seconds))


@pytest.mark.parametrize(("start", "rate"), [(0.0, 1e-6), (2.0, 0.0), (0.003, 2.5e-7), (1.0, 1e3)])
def test_law_that_is_a_line_is_found(start, rate):
    """Work over nine powers of ten."""
    x = np.array([1.0, 10, 1e3, 1e6, 1e9])
    line = fit_line(x, start + rate * x)
    assert (line.start, line.rate) == pytest.approx((start, rate), rel=1e-6, abs=1e-12)
    assert line.residual == pytest.approx(0, abs=1e-9)


@given(st.lists(st.floats(0.5, 2.0), min_size=4, max_size=6))
def test_line_through_noise_is_the_nearest(noise):
    """By a general minimiser, from many starts: no line has a smaller sum of squared relative deviations."""
    x = 4.0 ** np.arange(1, len(noise) + 1)
    seconds = (0.5 + 0.02 * x) * np.array(noise)
    line = fit_line(x, seconds)

    def distance(law):
        return float((((law[0] + law[1] * x) / seconds - 1) ** 2).sum())

    found = distance((line.start, line.rate))
    starts = [(a, b) for a in (0.0, 0.5, 2.0) for b in (0.0, 0.02, 0.2)]
    least = min(minimize(distance, start, bounds=[(0, None)] * 2, tol=1e-14).fun for start in starts)
    assert found <= least * (1 + 1e-6) + 1e-12
    assert line.residual == pytest.approx(np.sqrt(found / len(x)))
    assert min(line.start, line.rate) >= 0


def test_line_through_one_point_has_no_start():
    """6 seconds for 3 units are 2 a unit."""
    assert fit_line([3.0], [6.0]) == pytest.approx((0.0, 2.0, 0.0))


@pytest.mark.parametrize(
    ("law", "quantity"),
    [
        (lambda work: 0.01 + 1e-6 * work.positions, "token positions"),
        (lambda work: 0.01 + 1e-6 * work.states, "states"),
        (lambda work: 0.01 + 1e-9 * work.flops, "FLOPs"),
    ],
)
def test_quantity_that_seconds_grow_with_is_found(law, quantity):
    """Each of the three, when it is the truth; and the truth at K = 24 is within the range."""

    def work(K):
        return Work(2**K, K * 2**K, (100 * K + 30 * K**2) * 2**K)

    measured = [(K, spread_of([law(work(K))] * 3)) for K in (6, 8, 10, 12)]
    growth = growth_of(2, "s", measured=measured, work=work, longest=24)
    place = growth.context_lengths.index(24)
    assert growth.quantity == quantity
    assert growth.seconds[place] == pytest.approx(law(work(24)), rel=1e-6)
    assert growth.low[place] <= growth.seconds[place] <= growth.high[place]
    assert growth.low[place] < growth.high[place]


def test_range_holds_the_quartiles_of_the_runs():
    """Runs that are apart by a factor of 4 at every size: so is the range, at least, far beyond them."""

    def work(K):
        return Work(2**K, 2**K, None)

    measured = [(K, spread_of([1e-6 * 2**K * factor for factor in (1, 1, 2, 4, 4)])) for K in (6, 8, 10)]
    growth = growth_of(2, "s", measured=measured, work=work, longest=20)
    assert growth.high[-1] / growth.low[-1] >= 4 - 1e-9
    assert growth.seconds[-1] == pytest.approx(2e-6 * 2**20)


KEY, OTHER = CaseKey(2, 3, "batched"), CaseKey(2, 4, "batched")


@given(SECONDS, SECONDS)
def test_ratio_is_that_of_medians_and_its_range_that_of_quartiles(new, old):
    """In exact fractions, of what numpy says."""
    (case,) = compare_benchmarks(benchmark_of({KEY: new}), benchmark_of({KEY: old})).cases
    a, b = (np.quantile(seconds, (0.25, 0.5, 0.75)).tolist() for seconds in (new, old))
    assert case.ratio == pytest.approx(float(Fraction(a[1]) / Fraction(b[1])))
    assert (case.low, case.high) == pytest.approx((a[0] / b[2], a[2] / b[0]))
    enough = min(len(new), len(old)) >= 3
    assert case.is_slower == (enough and a[0] > b[2])
    assert case.is_faster == (enough and a[2] < b[0])


@pytest.mark.parametrize(
    ("now", "before", "limit", "fails"),
    [
        pytest.param([2.0, 2.1, 2.2], [1.0, 1.0, 1.0], 1.5, True, id="twice as long"),
        pytest.param([2.0, 2.1, 2.2], [1.0, 1.0, 1.0], 3.0, False, id="within the limit"),
        pytest.param([1.0, 2.1, 9.0], [1.0, 1.0, 4.0], 1.5, False, id="within the noise"),
        pytest.param([1.0, 1.0, 1.0], [2.0, 2.1, 2.2], 0.1, False, id="faster"),
    ],
)
def test_slower_is_above_the_limit_and_beyond_the_noise(now, before, limit, fails):
    """Both, or it is no finding."""
    found = compare_benchmarks(benchmark_of({KEY: now}), benchmark_of({KEY: before}))
    assert bool(found.slower_than(limit)) == fails


def test_comparison_names_what_is_not_the_same():
    """Cases of one only, another version, another processor, and how the machine itself did."""
    before = benchmark_of(
        {KEY: [1.0], CaseKey(3, 3, "loop"): [1.0]},
        machine=replace(MACHINE, processor="Q", versions={"numpy": "1"}),
        sgemm_seconds=(0.04,),
    )
    found = compare_benchmarks(benchmark_of({KEY: [1.0], OTHER: [1.0]}), before)
    assert (found.only_now, found.only_before) == ((OTHER,), (CaseKey(3, 3, "loop"),))
    assert (found.sgemm_ratio, found.copy_ratio) == pytest.approx((0.5, 1.0))
    assert found.differences == ("processor P, before Q", "numpy 2, before 1")
    section = comparison_section(found)
    assert section.warnings == ("Not the same: processor P, before Q; numpy 2, before 1.",)
    assert "The machine itself took 0.50 times as long for a product of matrices" in section.notes[1]
    assert section.notes[2:] == (
        "Measured only now: batched at V=2, K=4.",
        "Measured only before: loop at V=3, K=3.",
    )


def test_comparison_of_other_work_says_so():
    """The same case with fewer operations is no faster machine."""
    now, before = benchmark_of({KEY: [1.0] * 3}), benchmark_of({KEY: [2.0] * 3})
    fewer = replace(now, cases=(replace(now.cases[0], flops=500),))
    section = comparison_section(compare_benchmarks(fewer, before))
    assert section.table.rows[0][-1] == "faster, other work"


def test_tables_show_rates_and_shares_by_hand():
    """24 positions of 8 states in 2 ms: 250 µs a state; 128 bytes copied at 2^26 in 0.5 s are 0.95 µs of it."""
    found = benchmark_of({KEY: [1e-3, 2e-3, 3e-3]})
    _, seconds, work = benchmark_sections(found)
    assert seconds.table.rows == (
        ("2", "3", "8", "batched", "2 ms", "1.5 ms - 2.5 ms", "1 ms", "250", "4 thousand", "9 s", "-"),
    )
    assert work.table.rows == (
        ("2", "3", "8", "batched", "24", "0.001", "0.0005", "<0.01%", "0.048%", "128 bytes", "1 MiB"),
    )
    assert found.share_of_sgemm(found.cases[0]) == pytest.approx(1000 * 0.02 / 2**31 / 2e-3)


def test_what_cannot_be_stored_is_said_to_be_so():
    """16 GiB of memory, and 64 GiB of table at K = 32; K = 24 takes 256 MiB, and what the law says."""

    def work(K):
        return Work(2**K, K * 2**K, None)

    growth = growth_of(2, "s", measured=[(K, spread_of([1e-6 * 2**K])) for K in (8, 10, 12)], work=work, longest=32)
    beyond = benchmark_sections(benchmark_of({KEY: [1.0]}, growth=(growth,)))[-1]
    rows = {row[1]: row for row in beyond.table.rows}
    assert list(rows) == ["16", "20", "24", "32"]
    assert rows["24"][:6] == ("2", "24", "16,777,216", "256 MiB", "s", "16.8 s")
    assert rows["32"] == ("2", "32", "4,294,967,296", "64 GiB", "any", "cannot be stored", "-")
    assert "This machine has 16 GiB of memory, too little for V=2, K=32 (64 GiB)." in beyond.notes
    assert 10**4814 < 50_257**1024 < 10**4815
    assert beyond.notes[-1].endswith("50,257^1,024 = 10^4,814 states.")
