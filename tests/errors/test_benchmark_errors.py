"""What cannot be measured, fitted, read or compared is refused in one sentence that says what can."""

from __future__ import annotations

import json

import numpy as np
import pytest
from clocked_models import Clock, clocked_models

import markovgpt as mg
from markovgpt.benchmarking import parse_sizes, resizable, spread_of
from markovgpt.benchmarking.growth import Work, fit_line, growth_of
from markovgpt.errors import ArgumentError, ModelLoadError, TooManyStatesError
from markovgpt.report.benching import benchmark_from_dict, benchmark_to_dict


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"Context lengths are whole numbers, such as 8\.\.16 or 8,10,12: got '' in ''"),
        ("8,x", "got 'x' in '8,x'"),
        ("8-16", "got '8-16'"),
        ("8..", r"got '8\.\.'"),
        ("1.5", "got '1.5'"),
        ("²", "got '²'"),
        ("0..4", "are at least 1, and ranges go up: '0..4' is below 1"),
        ("16..8", "'16..8' goes down"),
        ("1..1000000000000", "At most 64 context lengths are measured at once"),
        ("1..40,50..90", "At most 64"),
    ],
)
def test_sizes_refuse_what_is_no_list_of_them(text, message):
    """The part that is wrong, in the whole."""
    with pytest.raises(ArgumentError, match=message):
        parse_sizes(text, what="Context lengths")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"runs": 0}, "at least one run, and a time above 0: got runs=0"),
        ({"max_seconds": 0.0}, "max_seconds=0"),
        ({"max_seconds": float("nan")}, "max_seconds=nan"),
        ({"strategies": ["quick"]}, "that can be measured are loop, batched, prefix, fused: got 'quick'"),
        ({"strategies": []}, "at least one strategy: got none"),
        ({"strategies": ["fused"]}, "The strategy 'fused' cannot be measured: clocked does not show the weights"),
        ({"context_lengths": []}, "at least one size: got no context_lengths"),
    ],
)
def test_measurement_refuses_what_it_cannot_do(options, message):
    """Before anything is asked."""
    asked: list[int] = []
    with pytest.raises(ArgumentError, match=message):
        mg.benchmark_enumeration(clocked_models(Clock(), asked), **options)
    assert asked == []


def test_grid_that_is_too_large_is_refused_before_anything_is_measured():
    """With the limit and what raises it; a smaller size of the same grid is not measured first."""
    asked: list[int] = []
    with pytest.raises(TooManyStatesError, match=r"2\^24 = 16,777,216 states.* --max-states 16777216"):
        mg.benchmark_enumeration(clocked_models(Clock(), asked), context_lengths=[2, 24])
    assert asked == []


def test_table_of_numbers_cannot_have_another_size():
    """Neither more tokens nor a longer context; shorter ones are measured."""
    models = resizable(mg.from_matrix([[0.5, 0.5], [0.9, 0.1]]))
    with pytest.raises(ArgumentError, match=r"cannot be built anew with 3 tokens.* measured with its own 2"):
        models.at(3, 1)
    with pytest.raises(
        ArgumentError, match=r"cannot be built anew with a context of 4 tokens.* --context-length 1\.\.1"
    ):
        models.at(2, 4)


def test_unknown_model_is_refused_as_ever():
    """With the nearest name."""
    with pytest.raises(ModelLoadError, match="Did you mean babygpt"):
        mg.load_resizable("babygpd")


def test_spread_of_nothing_is_refused():
    """Nor of what is no number."""
    with pytest.raises(ArgumentError, match=r"one or more finite numbers: got \[\]"):
        spread_of([])
    with pytest.raises(ArgumentError, match=r"got \[1.0, nan\]"):
        spread_of([1.0, float("nan")])


@pytest.mark.parametrize(("x", "seconds"), [([], []), ([1.0, 2.0], [1.0]), ([1.0], [0.0]), ([1.0], [float("nan")])])
def test_law_of_growth_refuses_what_is_no_measurement(x, seconds):
    """Points that are none."""
    with pytest.raises(ArgumentError, match="needs work and seconds above 0"):
        fit_line(x, seconds)


def test_law_of_growth_needs_two_sizes():
    """One says nothing about growth."""
    with pytest.raises(ArgumentError, match="two sizes or more: got 1"):
        growth_of(2, "s", measured=[(3, spread_of([1.0]))], work=lambda K: Work(2**K, 2**K, None), longest=9)


def test_plot_of_nothing_is_refused():
    """No case, no axes."""
    from dataclasses import replace

    found = mg.benchmark_enumeration(clocked_models(clock := Clock()), clock=clock, context_lengths=[2], runs=1)
    with pytest.raises(ArgumentError, match="at least one case: got none"):
        mg.plot_benchmark(replace(found, cases=()))
    with pytest.raises(ArgumentError, match=r"no case in common. Now: V=2 K=2 .* Before: "):
        mg.compare_benchmarks(found, replace(found, cases=()))


@pytest.fixture
def document():
    clock = Clock()
    return benchmark_to_dict(mg.benchmark_enumeration(clocked_models(clock), clock=clock, context_lengths=[2], runs=1))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda d: d.pop("kind"), "its kind is not 'enumeration benchmark'"),
        (lambda d: d.update(schema_version=99), "its schema_version is 99, not 1"),
        (lambda d: d.pop("machine"), "it has no 'machine'"),
        (lambda d: d["cases"][0].pop("flops"), "it has no 'flops'"),
        (lambda d: d["cases"][0].update(seconds=[]), "a case has no seconds"),
        (lambda d: d["cases"][0].update(seconds=[-1.0]), "must be above 0 and finite"),
        (lambda d: d["cases"][0].update(seconds=["soon"]), "could not convert"),
        (lambda d: d.update(cases=None), "NoneType"),
        (lambda d: d.update(cases=[3]), "int"),
        (lambda d: d.update(model="m"), "string indices"),
    ],
)
def test_document_that_is_spoilt_is_refused(document, spoil, message):
    """By name, with what is missing or wrong."""
    spoil(document)
    with pytest.raises(ArgumentError, match=f"old.json is no benchmark that markovgpt bench .*{message}"):
        benchmark_from_dict(document, name="old.json")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "it is no JSON"),
        (b"[]", "its kind is not"),
        (b'{"schema_version": 1, "states": {}}', "its kind is not"),
        (b"\xff\xfe", "cannot be read"),
        (("[" * 100_000).encode(), "it is no JSON"),
    ],
)
def test_file_that_is_another_is_refused(tmp_path, content, message):
    """Broken, foreign, of another command, no text, or nested without end."""
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(ArgumentError, match=message):
        mg.read_benchmark(path)


def test_file_that_is_not_there_is_refused(tmp_path):
    """In the system's words."""
    with pytest.raises(ArgumentError, match="cannot be read: No such file or directory"):
        mg.read_benchmark(tmp_path / "none.json")


def test_file_of_numbers_that_json_lacks_is_refused(tmp_path, document):
    """Infinity as a time."""
    document["cases"][0]["seconds"] = [np.inf]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ArgumentError, match="must be above 0 and finite"):
        mg.read_benchmark(path)
