"""What does the report of a measurement say? Seconds, work, laws of growth, and what larger sizes would take."""

from __future__ import annotations

from markovgpt.benchmarking import EnumerationBenchmark, Growth, MeasuredCase, spread_of
from markovgpt.benchmarking.grid import targets_beyond
from markovgpt.enumeration.memory import table_bytes
from markovgpt.enumeration.quantities import format_bytes
from markovgpt.report.benching.words import digits, rate_phrase, seconds_phrase, share_phrase
from markovgpt.report.phrases import plural
from markovgpt.report.sections import Column, Section, Table
from markovgpt.statespace import StateSpace, count_digits

__all__ = ["benchmark_sections"]

_LONG = 0.1  # seconds: what takes less is mostly calls
_GPT2 = (50_257, 1024)  # V, K
_TEXT = frozenset({"strategy", "grows with", "law", "solve by"})  # columns set to the left
_MOST_POWER = 18  # digits of a number of states that is written out


def benchmark_sections(found: EnumerationBenchmark) -> list[Section]:
    """All sections, in the order of reading."""
    sections = [_about(found), _seconds(found), _work(found)]
    if found.growth:
        sections += [_laws(found), _beyond(found)]
    return sections


def _about(found: EnumerationBenchmark) -> Section:
    machine = found.machine
    memory = "" if machine.memory_bytes is None else f", {format_bytes(machine.memory_bytes)}"
    facts = [
        ("measured", f"{found.date}, {plural(found.runs, 'run')} of each case, in turns, after a first call"),
        ("machine", f"{machine.processor}, {plural(machine.n_processors, 'processor')}{memory}, {machine.system}"),
        ("versions", ", ".join(f"{name} {version}" for name, version in machine.versions.items() if version)),
    ]
    if found.sgemm_rate is not None and found.copy_rate is not None:
        sgemm, copy = spread_of(found.sgemm_seconds), spread_of(found.copy_seconds)
        wide = max(sgemm.upper / sgemm.lower, copy.upper / copy.lower)
        facts += [
            ("sgemm", f"{digits(found.sgemm_rate / 1e9)} GFLOP/s, the machine's product of float32 matrices"),
            ("copy", f"{digits(found.copy_rate / 1e9)} GB/s written, the machine's copy of memory"),
            ("noise", f"the quartiles of these two were apart by a factor of up to {wide:.2f}"),
        ]
    warnings = ("Interrupted: what was measured until then.",) if found.interrupted else ()
    title = f"What it costs to enumerate {found.model}"
    return Section(title=title, facts=tuple(facts), warnings=warnings)


def _seconds(found: EnumerationBenchmark) -> Section:
    titles = ("V", "K", "states", "strategy", "median", "quartiles", "least", "µs/state", "states/s", "first", "solve")
    rows = []
    for case in found.cases:
        spread, solve = case.spread, found.solve_of(case)
        runs = "" if spread.n == found.runs else f" ({plural(spread.n, 'run')})"
        rows.append(
            (
                *_place(case),
                seconds_phrase(spread.median) + runs,
                f"{seconds_phrase(spread.lower)} - {seconds_phrase(spread.upper)}",
                seconds_phrase(spread.least),
                digits(spread.median / case.n_states * 1e6),
                rate_phrase(case.n_states / spread.median),
                seconds_phrase(case.first_seconds),
                seconds_phrase(spread_of(solve.seconds).median) if solve is not None and solve.seconds else "-",
            )
        )
    notes = [
        "First: the first call at this size, which is not counted; where a strategy is used for the first time it "
        "loads and compiles. Solve: the stationary distribution of the same chain, with its proof, which is no part of "
        "the other times; the chain of an untrained model may be an easier one than that of a trained model.",
    ]
    notes += [
        f"Not measured: {s.key.strategy} at V={s.key.vocab_size}, K={s.key.context_length}, where a run is predicted "
        f"to take {seconds_phrase(s.predicted_seconds)}. --max-time {int(s.predicted_seconds) + 1} measures it."
        for s in found.skipped
    ]
    notes += [f"No solve at V={s.vocab_size}, K={s.context_length}: {s.method}" for s in found.solves if not s.seconds]
    return Section(title="Seconds", table=_table(titles, rows), notes=tuple(notes))


def _work(found: EnumerationBenchmark) -> Section:
    titles = ("V", "K", "states", "strategy", "positions", "MFLOP", "GFLOP/s", "of sgemm", "of copy", "table", "memory")
    rows = []
    for case in found.cases:
        flops = case.flops
        rows.append(
            (
                *_place(case),
                f"{case.token_positions:,}",
                "-" if flops is None else digits(flops / 1e6),
                "-" if flops is None else digits(flops / case.spread.median / 1e9),
                share_phrase(found.share_of_sgemm(case)),
                share_phrase(found.share_of_copy(case)),
                format_bytes(case.table_bytes),
                "-" if case.peak_bytes is None else format_bytes(case.peak_bytes),
            )
        )
    notes = [
        "Positions: tokens that the network is computed for. Of sgemm: the time in which a product of matrices does as "
        "many operations, as a share of the median. Of copy: the time in which the finished table is copied. Memory: "
        "the most that a call needed beyond what the program had, the table included, as the kernel counts it.",
    ]
    if any(case.peak_bytes is None for case in found.cases):
        notes.append("Memory is measured on Linux only.")
    return Section(title="Work", table=_table(titles, rows), notes=tuple(notes))


def _laws(found: EnumerationBenchmark) -> Section:
    rows: list[tuple[str, ...]] = []
    for growth in found.growth:
        line, enough = growth.line, len(growth.measured) > 2
        rate = f"{seconds_phrase(line.start)} + {seconds_phrase(line.rate)} × {growth.quantity}"
        sizes = ", ".join(map(str, growth.measured))
        residual = f"{line.residual:.0%}" if enough else "-"
        rows.append((str(growth.vocab_size), growth.strategy, sizes, rate, residual))
    titles = ("V", "strategy", "measured K", "law", "residual")
    notes = [
        "Of a law that grows with token positions, states or FLOPs, that with the smallest residual: the root of the "
        "mean squared relative deviation of the medians. Two sizes leave no residual.",
    ]
    return Section(title="How seconds grow", table=_table(titles, rows), notes=tuple(notes))


def _beyond(found: EnumerationBenchmark) -> Section:
    memory = found.machine.memory_bytes
    rows: list[tuple[str, ...]] = []
    too_large = []
    for V in dict.fromkeys(growth.vocab_size for growth in found.growth):
        laws = [growth for growth in found.growth if growth.vocab_size == V]
        for K in targets_beyond(V, max(growth.measured[-1] for growth in laws)):
            table = table_bytes(StateSpace(vocab_size=V, context_length=K))
            size = (str(V), str(K), _states(V, K), format_bytes(table))
            if memory is not None and table > memory:
                rows.append((*size, "any", "cannot be stored", "-"))
                too_large.append(f"V={V}, K={K} ({size[-1]})")
                continue
            rows += [(*size, growth.strategy, *_extrapolated(growth, K)) for growth in laws if _knows(growth, K)]
    gpt2 = f"{_GPT2[0]:,}^{_GPT2[1]:,} = 10^{count_digits(*_GPT2) - 1:,}"
    notes = [
        "Extrapolated, not measured. Range: what any law says that could be fitted instead: to positions, states or "
        "FLOPs, to the quartiles, and with any one size left out. It knows nothing of what begins to matter at larger "
        "sizes, such as caches that are too small.",
        f"For scale: GPT-2 at its full context has {gpt2} states.",
    ]
    quick = [growth.strategy for growth in found.growth if _longest(growth) < _LONG]
    if quick:
        notes.insert(
            1,
            f"The longest runs of {', '.join(dict.fromkeys(quick))} took less than {_LONG} seconds: what follows from "
            "them is a guess. Measure longer contexts (--context-length).",
        )
    if too_large and memory is not None:
        notes.insert(1, f"This machine has {format_bytes(memory)} of memory, too little for {', '.join(too_large)}.")
    titles = ("V", "K", "states", "table", "strategy", "predicted", "range")
    return Section(title="Larger contexts, extrapolated", table=_table(titles, rows), notes=tuple(notes))


def _longest(growth: Growth) -> float:
    """Seconds of the largest size that was measured, by the law."""
    return growth.seconds[growth.context_lengths.index(growth.measured[-1])]


def _knows(growth: Growth, context_length: int) -> bool:
    return context_length in growth.context_lengths


def _extrapolated(growth: Growth, context_length: int) -> tuple[str, str]:
    place = growth.context_lengths.index(context_length)
    low, high = growth.low[place], growth.high[place]
    return seconds_phrase(growth.seconds[place]), f"{seconds_phrase(low)} - {seconds_phrase(high)}"


def _states(vocab_size: int, context_length: int) -> str:
    n = count_digits(vocab_size, context_length)
    return f"{vocab_size**context_length:,}" if n <= _MOST_POWER else f"10^{n - 1:,}"


def _place(case: MeasuredCase) -> tuple[str, ...]:
    V, K, strategy = case.key
    return str(V), str(K), f"{case.n_states:,}", strategy


def _table(titles: tuple[str, ...], rows: list[tuple[str, ...]]) -> Table:
    columns = tuple(
        Column(title=title, align="left" if title in _TEXT else "right", folds=title == "law") for title in titles
    )
    return Table(columns=columns, rows=tuple(rows))
