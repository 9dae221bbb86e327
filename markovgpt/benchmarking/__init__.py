"""What does enumeration cost on this machine, measured so that it can be trusted, and beside an earlier measurement?"""

from markovgpt.benchmarking.compare import BenchmarkComparison, ComparedCase, compare_benchmarks
from markovgpt.benchmarking.grid import parse_sizes
from markovgpt.benchmarking.growth import Growth
from markovgpt.benchmarking.machine import Machine
from markovgpt.benchmarking.measure import benchmark_enumeration
from markovgpt.benchmarking.record import CaseKey, EnumerationBenchmark, MeasuredCase, MeasuredSolve, SkippedCase
from markovgpt.benchmarking.sizes import ResizableModel, resizable
from markovgpt.benchmarking.spread import Spread, spread_of

__all__ = [
    "BenchmarkComparison",
    "CaseKey",
    "ComparedCase",
    "EnumerationBenchmark",
    "Growth",
    "Machine",
    "MeasuredCase",
    "MeasuredSolve",
    "ResizableModel",
    "SkippedCase",
    "Spread",
    "benchmark_enumeration",
    "compare_benchmarks",
    "parse_sizes",
    "resizable",
    "spread_of",
]
