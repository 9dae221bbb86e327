"""How is a measurement of enumeration presented: by itself, and beside an earlier one?"""

from markovgpt.report.benching.document import benchmark_from_dict, benchmark_to_dict, read_benchmark

__all__ = ["benchmark_from_dict", "benchmark_to_dict", "read_benchmark"]
