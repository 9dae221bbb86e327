"""Is enumeration slower than it was? By ratio, case by case, and no slower than what the runs are apart anyway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from markovgpt.benchmarking.record import CaseKey, EnumerationBenchmark, MeasuredCase
from markovgpt.benchmarking.spread import spread_of
from markovgpt.errors import ArgumentError

__all__ = ["BenchmarkComparison", "ComparedCase", "compare_benchmarks"]

_ENOUGH = 3  # runs


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedCase:
    """One case now and before.

    Attributes
    ----------
    key : CaseKey
        V, K, strategy.
    now, before : float, seconds
        Medians.
    ratio : float
        Median over median: above 1 is slower.
    low, high : float
        The least and the greatest ratio of quartiles: lower over upper, upper over lower.
    has_spread : bool
        Both have three runs or more; fewer tell nothing of the noise, and neither is called slower.
    same_work : bool
        Both gave the model as many tokens.
    """

    key: CaseKey
    now: float
    before: float
    ratio: float
    low: float
    high: float
    has_spread: bool
    same_work: bool

    @property
    def is_slower(self) -> bool:
        """Beyond the noise: even the lower quartile is above the upper quartile of before."""
        return self.has_spread and self.low > 1

    @property
    def is_faster(self) -> bool:
        """Beyond the noise: even the upper quartile is below the lower quartile of before."""
        return self.has_spread and self.high < 1


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkComparison:
    """One measurement beside an earlier one.

    Attributes
    ----------
    date : str
        Of the earlier one.
    cases : tuple of ComparedCase
        Those in both; at least one.
    only_now, only_before : tuple of CaseKey
        The others.
    sgemm_ratio, copy_ratio : float, or None
        How much longer the machine itself took for a product of matrices, and for a copy.
    differences : tuple of str
        What else is not the same: model, machine, versions.
    """

    date: str
    cases: tuple[ComparedCase, ...]
    only_now: tuple[CaseKey, ...]
    only_before: tuple[CaseKey, ...]
    sgemm_ratio: float | None
    copy_ratio: float | None
    differences: tuple[str, ...]

    @property
    def slowdown(self) -> float:
        """How much slower the machine itself was, by matrices or by copies; 1 where it was faster, or nobody knows."""
        return max(1.0, self.sgemm_ratio or 1.0, self.copy_ratio or 1.0)

    def slower_than(self, limit: float) -> tuple[ComparedCase, ...]:
        """Cases slower beyond the noise by a ratio that is above a limit times the slowdown of the machine."""
        return tuple(case for case in self.cases if case.is_slower and not case.ratio <= limit * self.slowdown)


def compare_benchmarks(now: EnumerationBenchmark, before: EnumerationBenchmark) -> BenchmarkComparison:
    """Compare two measurements case by case.

    Raises
    ------
    ArgumentError
        They have no case in common.
    """
    new, old = ({case.key: case for case in found.cases} for found in (now, before))
    common = [key for key in new if key in old]
    if not common:
        raise ArgumentError(
            f"The two measurements have no case in common. Now: {_sizes(now)}. Before: {_sizes(before)}. Measure the "
            "same --vocab-size, --context-length and --strategy."
        )
    return BenchmarkComparison(
        date=before.date,
        cases=tuple(_compared(new[key], old[key]) for key in common),
        only_now=tuple(key for key in new if key not in old),
        only_before=tuple(key for key in old if key not in new),
        sgemm_ratio=_ratio(now.sgemm_seconds, before.sgemm_seconds),
        copy_ratio=_ratio(now.copy_seconds, before.copy_seconds),
        differences=tuple(_differences(now, before)),
    )


def _compared(now: MeasuredCase, before: MeasuredCase) -> ComparedCase:
    new, old = now.spread, before.spread
    return ComparedCase(
        key=now.key,
        now=new.median,
        before=old.median,
        ratio=new.median / old.median,
        low=new.lower / old.upper,
        high=new.upper / old.lower,
        has_spread=min(len(now.seconds), len(before.seconds)) >= _ENOUGH,
        same_work=(now.token_positions, now.flops) == (before.token_positions, before.flops),
    )


def _ratio(now: tuple[float, ...], before: tuple[float, ...]) -> float | None:
    return spread_of(now).median / spread_of(before).median if now and before else None


def _differences(now: EnumerationBenchmark, before: EnumerationBenchmark) -> list[str]:
    pairs = [
        ("model", now.model, before.model),
        ("processor", now.machine.processor, before.machine.processor),
        ("processors", now.machine.n_processors, before.machine.n_processors),
        ("system", now.machine.system, before.machine.system),
        *(
            (name, now.machine.versions.get(name, ""), before.machine.versions.get(name, ""))
            for name in dict.fromkeys((*now.machine.versions, *before.machine.versions))
        ),
    ]
    return [f"{name} {new or 'none'}, before {old or 'none'}" for name, new, old in pairs if new != old]


def _sizes(found: EnumerationBenchmark) -> str:
    keys = [case.key for case in found.cases]
    shown = ", ".join(f"V={V} K={K} {strategy}" for V, K, strategy in keys[:4])
    return shown + (f" and {len(keys) - 4} more" if len(keys) > 4 else "")
