"""What follows a context that was seen rarely, or never? Laws of the next token from counts, one smoothing a file."""

from markovgpt.ngrams.smoothing.choice import SMOOTHINGS, Smoothing, smoothed_law
from markovgpt.ngrams.smoothing.law import SmoothedLaw

__all__ = ["SMOOTHINGS", "SmoothedLaw", "Smoothing", "smoothed_law"]
