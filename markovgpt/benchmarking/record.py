"""What is known once enumeration has been measured?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, final

from markovgpt.benchmarking.growth import Growth
from markovgpt.benchmarking.machine import COPIED_BYTES, SGEMM_FLOPS, Machine
from markovgpt.benchmarking.spread import Spread, spread_of
from markovgpt.enumeration.memory import table_bytes
from markovgpt.statespace import StateSpace

__all__ = ["CaseKey", "EnumerationBenchmark", "MeasuredCase", "MeasuredSolve", "SkippedCase"]


class CaseKey(NamedTuple):
    """What tells one case from another."""

    vocab_size: int
    context_length: int
    strategy: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredCase:
    """Runs of one strategy at one size.

    Attributes
    ----------
    key : CaseKey
        V, K, strategy.
    seconds : tuple of float
        Every run, in the order in which they were made; at least one.
    first_seconds : float
        The first call, which is none of them: it may load and compile.
    token_positions, check_positions : int
        Tokens that the model was given, and those given beside these to compare with ``next_logits``.
    flops : int, or None
        Floating point operations of the strategy; None for a model that does not say how many parameters it has.
    peak_bytes : int, or None
        Most memory beyond that of the program, the table included; None where the system does not tell.
    """

    key: CaseKey
    seconds: tuple[float, ...]
    first_seconds: float
    token_positions: int
    check_positions: int
    flops: int | None
    peak_bytes: int | None

    @property
    def n_states(self) -> int:
        """V^K."""
        n: int = self.key.vocab_size**self.key.context_length
        return n

    @property
    def table_bytes(self) -> int:
        """Of the table of probabilities."""
        return table_bytes(StateSpace(vocab_size=self.key.vocab_size, context_length=self.key.context_length))

    @property
    def spread(self) -> Spread:
        """Of the seconds."""
        return spread_of(self.seconds)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredSolve:
    """Runs of the stationary solve, with its proof, of the chain of one size.

    Attributes
    ----------
    vocab_size, context_length : int
        V and K.
    seconds : tuple of float
        Every run; empty if there is no solution.
    method : str
        The algorithm, or why there is no solution.
    """

    vocab_size: int
    context_length: int
    seconds: tuple[float, ...]
    method: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedCase:
    """A case that was not measured: one run was predicted to take too long.

    Attributes
    ----------
    key : CaseKey
        V, K, strategy.
    predicted_seconds : float
        From smaller sizes of the same strategy.
    """

    key: CaseKey
    predicted_seconds: float


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class EnumerationBenchmark:
    """What enumeration cost at several sizes, by several strategies.

    Attributes
    ----------
    model : str
        What the model calls itself.
    date : str
        When the measurement began, in UTC, as ISO 8601 has it.
    machine : Machine
        Where.
    runs : int
        Runs of each case that were wanted; an interrupt leaves some with fewer.
    seed : int
        Of the weights that were drawn.
    max_seconds : float
        Cases were skipped if one run was predicted to take longer.
    cases : tuple of MeasuredCase
        By number of states, V, and strategy.
    solves : tuple of MeasuredSolve
        One a size.
    skipped : tuple of SkippedCase
        What was not measured.
    sgemm_seconds, copy_seconds : tuple of float
        Every run of the two yardsticks, which were measured in turns with the cases.
    growth : tuple of Growth
        How the seconds of each strategy grow with the context; for strategies measured at two sizes or more.
    interrupted : bool
        Stopped by Ctrl-C: what was measured until then.
    """

    model: str
    date: str
    machine: Machine
    runs: int
    seed: int
    max_seconds: float
    cases: tuple[MeasuredCase, ...]
    solves: tuple[MeasuredSolve, ...]
    skipped: tuple[SkippedCase, ...]
    sgemm_seconds: tuple[float, ...]
    copy_seconds: tuple[float, ...]
    growth: tuple[Growth, ...]
    interrupted: bool = False

    @property
    def sgemm_rate(self) -> float | None:
        """FLOP/s of a product of large float32 matrices, the median; None if an interrupt came before."""
        return SGEMM_FLOPS / spread_of(self.sgemm_seconds).median if self.sgemm_seconds else None

    @property
    def copy_rate(self) -> float | None:
        """Bytes that a copy of a large array writes in a second, the median; None if an interrupt came before."""
        return COPIED_BYTES / spread_of(self.copy_seconds).median if self.copy_seconds else None

    def share_of_sgemm(self, case: MeasuredCase) -> float | None:
        """What sgemm would take for as many operations, as a share of the case's median."""
        if self.sgemm_rate is None or case.flops is None:
            return None
        return case.flops / self.sgemm_rate / case.spread.median

    def share_of_copy(self, case: MeasuredCase) -> float | None:
        """What a copy of the finished table would take, as a share of the case's median."""
        return None if self.copy_rate is None else case.table_bytes / self.copy_rate / case.spread.median

    def solve_of(self, case: MeasuredCase) -> MeasuredSolve | None:
        """The stationary solve of the same chain."""
        size = case.key[:2]
        return next((s for s in self.solves if (s.vocab_size, s.context_length) == size), None)
