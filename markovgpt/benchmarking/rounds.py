"""In which order are cases measured? The first calls by size, then rounds through all of them, to and fro."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markovgpt.analysis import stationary_distributions
from markovgpt.benchmarking.growth import fit_line
from markovgpt.benchmarking.machine import copy_call, sgemm_call
from markovgpt.benchmarking.memory import peak_bytes
from markovgpt.benchmarking.record import CaseKey, MeasuredCase, MeasuredSolve, SkippedCase
from markovgpt.benchmarking.sizes import ResizableModel
from markovgpt.benchmarking.spread import spread_of
from markovgpt.chain import MarkovChain
from markovgpt.enumeration import build_chain
from markovgpt.enumeration.operations import Operations, operations
from markovgpt.errors import MarkovGPTError
from markovgpt.model import LanguageModel, Progress
from markovgpt.statespace import StateSpace

__all__ = ["Rounds"]

Size = tuple[int, int]


class _Case:
    """A case as it is measured."""

    def __init__(self, key: CaseKey, model: LanguageModel, counted: Operations) -> None:
        self.key, self.model, self.counted = key, model, counted
        self.seconds: list[float] = []
        self.first_seconds = 0.0
        self.peak_bytes: int | None = None
        self.positions = self.check_positions = 0

    def build(self) -> MarkovChain:
        """One run."""
        n_states = self.key.vocab_size**self.key.context_length
        chain = build_chain(self.model, strategy=self.key.strategy, max_states=n_states)
        self.positions, self.check_positions = chain.origin.token_positions, chain.origin.check_positions
        return chain

    def measure_first_call(self, stopwatch: Callable[[Callable[[], object]], float]) -> None:
        """Its time and its memory."""

        def call() -> None:
            self.first_seconds = stopwatch(self.build)

        self.peak_bytes = peak_bytes(call)

    @property
    def work(self) -> int:
        """By which its seconds are predicted."""
        return self.counted.token_positions if self.counted.flops is None else self.counted.flops


class _Solve:
    """The stationary solve of the chain of one size, as it is measured."""

    def __init__(self, chain: MarkovChain) -> None:
        self.chain = chain
        self.seconds: list[float] = []
        self.method = ""
        self.failed = False

    def solve(self) -> None:
        """One run."""
        try:
            found = stationary_distributions(self.chain)
        except MarkovGPTError as error:
            self.method, self.failed = str(error), True
            return
        if any(pi.interrupted for pi in found):  # the solver keeps Ctrl-C to itself, and shows the best it has
            raise KeyboardInterrupt
        self.method = found[0].method


class Rounds:
    """Measures the cases of a grid; after an interrupt it holds what was measured until then."""

    def __init__(
        self,
        models: ResizableModel,
        *,
        sizes: Sequence[Size],
        strategies: Sequence[str],
        runs: int,
        max_seconds: float,
        clock: Callable[[], float],
        progress: Progress | None,
    ) -> None:
        self._models, self._sizes, self._strategies = models, sizes, strategies
        self._runs, self._max_seconds, self._clock, self._progress = runs, max_seconds, clock, progress
        self._built: dict[Size, LanguageModel] = {}
        self._cases: list[_Case] = []
        self._solves: dict[Size, _Solve] = {}
        self._sgemm, self._copy = sgemm_call(), copy_call()
        self._done = 0
        self.skipped: list[SkippedCase] = []
        self.sgemm_seconds: list[float] = []
        self.copy_seconds: list[float] = []

    def make(self) -> None:
        """Measure everything."""
        self._sgemm(), self._copy()  # their first calls
        for size in self._sizes:
            self._begin(size)
        for number in range(1, self._runs):
            for size in self._sizes if number % 2 else self._sizes[::-1]:
                cases = [case for case in self._cases if case.key[:2] == size]
                self._round(size, cases if number % 2 else cases[::-1], number)

    def cases(self) -> tuple[MeasuredCase, ...]:
        """Those with at least one run."""
        return tuple(
            MeasuredCase(
                key=case.key,
                seconds=tuple(case.seconds),
                first_seconds=case.first_seconds,
                token_positions=case.positions,
                check_positions=case.check_positions,
                flops=case.counted.flops,
                peak_bytes=case.peak_bytes,
            )
            for case in self._cases
            if case.seconds
        )

    def solves(self) -> tuple[MeasuredSolve, ...]:
        """Those with at least one run, or a reason why there is none."""
        return tuple(
            MeasuredSolve(
                vocab_size=V,
                context_length=K,
                seconds=() if solve.failed else tuple(solve.seconds),
                method=solve.method,
            )
            for (V, K), solve in self._solves.items()
            if solve.seconds or solve.failed
        )

    def model(self, vocab_size: int, context_length: int) -> LanguageModel:
        """The model of one size, built once."""
        size = vocab_size, context_length
        if size not in self._built:
            self._built[size] = self._models.at(*size)
        return self._built[size]

    def _begin(self, size: Size) -> None:
        """First calls at one size, of all strategies that are fast enough there, and the first round."""
        V, K = size
        space = StateSpace(vocab_size=V, context_length=K)
        begun: list[_Case] = []
        for strategy in self._strategies:
            case = _Case(CaseKey(V, K, strategy), self.model(V, K), operations(self.model(V, K), space, strategy))
            predicted = self._predicted(case)
            if predicted is not None and not predicted <= self._max_seconds:
                self.skipped.append(SkippedCase(key=case.key, predicted_seconds=predicted))
                self._done += self._runs
                continue
            self._tell(case.key, 0)
            is_first = not any(known.key.strategy == strategy for known in self._cases)
            case.measure_first_call(self._seconds)
            if is_first:  # what it loaded and compiled is the program's now, and no part of what a run needs
                case.peak_bytes = peak_bytes(case.build)
            begun.append(case)
        self._cases += begun
        self._round(size, begun, 0)

    def _round(self, size: Size, cases: Sequence[_Case], number: int) -> None:
        """One run of each case of a size, of the solve of its chain, and of both yardsticks."""
        self.sgemm_seconds.append(self._seconds(self._sgemm))
        self.copy_seconds.append(self._seconds(self._copy))
        for case in cases:
            self._tell(case.key, number)
            started = self._clock()
            chain = case.build()
            case.seconds.append(self._clock() - started)
            self._done += 1
            self._solves.setdefault(size, _Solve(chain))  # all strategies give the same chain
        if size in self._solves:
            self._solve_again(self._solves[size])

    def _solve_again(self, solve: _Solve) -> None:
        """One run, unless those before took their time already. A method's first may compile, and does not count."""
        if solve.failed or sum(solve.seconds) > self._max_seconds:
            return
        seconds = self._seconds(solve.solve)
        known = {other.method for other in self._solves.values() if other.seconds}
        if solve.method not in known and not solve.failed:
            seconds = self._seconds(solve.solve)
        solve.seconds.append(seconds)

    def _predicted(self, case: _Case) -> float | None:
        """Seconds of a run, by those of the same strategy at smaller sizes; None if there are none."""
        known = [(other.work, spread_of(other.seconds).median) for other in self._cases if self._tells(other, case)]
        if not known:
            return None
        work, seconds = zip(*known[-2:], strict=True)
        return fit_line(work, seconds).at(case.work)

    @staticmethod
    def _tells(other: _Case, case: _Case) -> bool:
        return bool(other.seconds) and other.key.strategy == case.key.strategy and other.work <= case.work

    def _seconds(self, call: Callable[[], object]) -> float:
        started = self._clock()
        call()
        return self._clock() - started

    def _tell(self, key: CaseKey, number: int) -> None:
        if self._progress is not None:
            total = len(self._sizes) * len(self._strategies) * self._runs
            V, K, strategy = key
            what = f"measuring: round {number + 1} of {self._runs}, {strategy}, V={V}, K={K}"
            self._progress(what, self._done, total)
