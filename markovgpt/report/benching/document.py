"""How is a measurement written for programs, and read again?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Any

from markovgpt.benchmarking import (
    BenchmarkComparison,
    CaseKey,
    ComparedCase,
    EnumerationBenchmark,
    Growth,
    Machine,
    MeasuredCase,
    MeasuredSolve,
    SkippedCase,
)
from markovgpt.benchmarking.growth import Line
from markovgpt.benchmarking.machine import COPIED_BYTES, SGEMM_FLOPS
from markovgpt.errors import ArgumentError
from markovgpt.report.machine import SCHEMA_VERSION, program_head

__all__ = ["KIND", "benchmark_from_dict", "benchmark_json", "benchmark_to_dict", "read_benchmark"]

KIND = "enumeration benchmark"
"""Says what the document is."""

_GROWTH = ("vocab_size", "strategy", "quantity", "measured", "context_lengths", "seconds", "low", "high")
_RUNS = ("seconds", "first_seconds", "token_positions", "check_positions", "flops", "peak_bytes")


def benchmark_to_dict(found: EnumerationBenchmark, *, comparison: BenchmarkComparison | None = None) -> dict[str, Any]:
    """Every run of a measurement, as JSON holds it, and how it compares with an earlier one."""
    machine = asdict(found.machine)
    return program_head() | {
        "kind": KIND,
        "versions": machine.pop("versions"),
        "date": found.date,
        "interrupted": found.interrupted,
        "model": {"name": found.model},
        "options": {"runs": found.runs, "max_seconds": found.max_seconds, "seed": found.seed},
        "machine": machine,
        "sgemm": {"flops": SGEMM_FLOPS, "seconds": list(found.sgemm_seconds), "flops_per_second": found.sgemm_rate},
        "copy": {"bytes": COPIED_BYTES, "seconds": list(found.copy_seconds), "bytes_per_second": found.copy_rate},
        "cases": [_case(found, case) for case in found.cases],
        "solves": [asdict(solve) | {"seconds": list(solve.seconds)} for solve in found.solves],
        "skipped": [case.key._asdict() | {"predicted_seconds": case.predicted_seconds} for case in found.skipped],
        "growth": [_growth(growth) for growth in found.growth],
        "comparison": None if comparison is None else _comparison(comparison),
    }


def benchmark_json(found: EnumerationBenchmark, *, comparison: BenchmarkComparison | None = None) -> str:
    """:func:`benchmark_to_dict` as a JSON document."""
    document = benchmark_to_dict(found, comparison=comparison)
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def read_benchmark(path: str | PathLike[str]) -> EnumerationBenchmark:
    """A measurement from the file that ``markovgpt bench -o FILE.json`` wrote.

    Raises
    ------
    ArgumentError
        The file cannot be read, or is another.
    """
    place = Path(path)
    try:
        document = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise ArgumentError(f"The benchmark {place} cannot be read: {why}.", path=str(place)) from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise _foreign(str(place), "it is no JSON") from error
    return benchmark_from_dict(document, name=str(place))


def benchmark_from_dict(document: Any, *, name: str = "this document") -> EnumerationBenchmark:
    """The measurement that :func:`benchmark_to_dict` wrote; ``name`` is what errors call it.

    Raises
    ------
    ArgumentError
        It is another document, of another version, or one of its values is missing or wrong.
    """
    if not isinstance(document, dict) or document.get("kind") != KIND:
        raise _foreign(name, f"its kind is not {KIND!r}")
    if document.get("schema_version") != SCHEMA_VERSION:
        raise _foreign(name, f"its schema_version is {document.get('schema_version')!r}, not {SCHEMA_VERSION}")
    try:
        return _read(document)
    except KeyError as error:
        raise _foreign(name, f"it has no {error.args[0]!r}") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise _foreign(name, str(error)) from error


def _read(document: Mapping[str, Any]) -> EnumerationBenchmark:
    options, machine = document["options"], document["machine"]
    return EnumerationBenchmark(
        model=str(document["model"]["name"]),
        date=str(document["date"]),
        machine=Machine(
            processor=str(machine["processor"]),
            n_processors=int(machine["n_processors"]),
            memory_bytes=_whole(machine["memory_bytes"]),
            system=str(machine["system"]),
            versions={str(name): str(version) for name, version in document["versions"].items()},
        ),
        runs=int(options["runs"]),
        seed=int(options["seed"]),
        max_seconds=float(options["max_seconds"]),
        cases=tuple(_read_case(record) for record in document["cases"]),
        solves=tuple(_read_solve(record) for record in document["solves"]),
        skipped=tuple(
            SkippedCase(key=_key(record), predicted_seconds=float(record["predicted_seconds"]))
            for record in document["skipped"]
        ),
        sgemm_seconds=_times(document["sgemm"]),
        copy_seconds=_times(document["copy"]),
        growth=tuple(_read_growth(record) for record in document["growth"]),
        interrupted=bool(document["interrupted"]),
    )


def _case(found: EnumerationBenchmark, case: MeasuredCase) -> dict[str, Any]:
    spread = case.spread
    return (
        case.key._asdict()
        | {name: getattr(case, name) for name in _RUNS}
        | {
            "seconds": list(case.seconds),
            "n_states": case.n_states,
            "table_bytes": case.table_bytes,
            "median_seconds": spread.median,
            "quartile_seconds": [spread.lower, spread.upper],
            "share_of_sgemm": found.share_of_sgemm(case),
            "share_of_copy": found.share_of_copy(case),
        }
    )


def _read_case(record: Mapping[str, Any]) -> MeasuredCase:
    if not record["seconds"]:
        raise ValueError("a case has no seconds")
    return MeasuredCase(
        key=_key(record),
        seconds=_times(record),
        first_seconds=float(record["first_seconds"]),
        token_positions=int(record["token_positions"]),
        check_positions=int(record["check_positions"]),
        flops=_whole(record["flops"]),
        peak_bytes=_whole(record["peak_bytes"]),
    )


def _read_solve(record: Mapping[str, Any]) -> MeasuredSolve:
    return MeasuredSolve(
        vocab_size=int(record["vocab_size"]),
        context_length=int(record["context_length"]),
        seconds=_times(record),
        method=str(record["method"]),
    )


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _key(record: Mapping[str, Any]) -> CaseKey:
    return CaseKey(int(record["vocab_size"]), int(record["context_length"]), str(record["strategy"]))


def _times(record: Mapping[str, Any]) -> tuple[float, ...]:
    seconds = tuple(float(x) for x in record["seconds"])
    if not all(0 < x < float("inf") for x in seconds):
        raise ValueError(f"its seconds must be above 0 and finite: {record['seconds']}")
    return seconds


def _growth(growth: Growth) -> dict[str, Any]:
    values = {name: getattr(growth, name) for name in _GROWTH}
    lists = {name: list(value) for name, value in values.items() if isinstance(value, tuple)}
    return values | lists | {"line": growth.line._asdict()}


def _read_growth(record: Mapping[str, Any]) -> Growth:
    line = record["line"]
    return Growth(
        vocab_size=int(record["vocab_size"]),
        strategy=str(record["strategy"]),
        quantity=str(record["quantity"]),
        line=Line(float(line["start"]), float(line["rate"]), float(line["residual"])),
        measured=tuple(int(K) for K in record["measured"]),
        context_lengths=tuple(int(K) for K in record["context_lengths"]),
        seconds=tuple(float(x) for x in record["seconds"]),
        low=tuple(float(x) for x in record["low"]),
        high=tuple(float(x) for x in record["high"]),
    )


def _comparison(found: BenchmarkComparison) -> dict[str, Any]:
    return {
        "date": found.date,
        "cases": [_compared(case) for case in found.cases],
        "only_now": [key._asdict() for key in found.only_now],
        "only_before": [key._asdict() for key in found.only_before],
        "sgemm_ratio": found.sgemm_ratio,
        "copy_ratio": found.copy_ratio,
        "differences": list(found.differences),
    }


def _compared(case: ComparedCase) -> dict[str, Any]:
    numbers = {name: getattr(case, name) for name in ("now", "before", "ratio", "low", "high", "same_work")}
    return case.key._asdict() | numbers | {"slower": case.is_slower, "faster": case.is_faster}


def _foreign(name: str, why: str) -> ArgumentError:
    return ArgumentError(
        f"{name} is no benchmark that markovgpt bench -o FILE.json wrote: {why}. Write one, and compare with that.",
        name=name,
    )
