"""What do the data say? Counts of what follows each context, laws made of them, and how models do on them."""

from markovgpt.ngrams.counts import NgramCounts, count_ngrams
from markovgpt.ngrams.data import count_data
from markovgpt.ngrams.model import NgramModel
from markovgpt.ngrams.scoring import Baseline, baselines, cross_entropy
from markovgpt.ngrams.smoothing import SMOOTHINGS, SmoothedLaw, Smoothing, smoothed_law
from markovgpt.ngrams.table import CountTable

__all__ = [
    "SMOOTHINGS",
    "Baseline",
    "CountTable",
    "NgramCounts",
    "NgramModel",
    "SmoothedLaw",
    "Smoothing",
    "baselines",
    "count_data",
    "count_ngrams",
    "cross_entropy",
    "smoothed_law",
]
