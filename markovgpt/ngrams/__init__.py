"""What do the data say? Counts of what follows each context, and how the model compares."""

from markovgpt.ngrams.comparison import DataComparison, compare_to_counts
from markovgpt.ngrams.counts import NgramCounts, count_ngrams

__all__ = ["DataComparison", "NgramCounts", "compare_to_counts", "count_ngrams"]
