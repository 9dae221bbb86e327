"""The chain of the notebook after its 50 steps: numbers that it prints, and what follows from them by hand."""

from __future__ import annotations

__all__ = ["DATA", "P1", "PERCENT_OF_1", "SEEN", "STATIONARY", "WINDOWS"]

DATA = "111101111011110"

WINDOWS = [DATA[i : i + 4] for i in range(12)]
"""Three tokens and the next: all that a context of three has to do with in the data."""

SEEN = {"011": [0, 2], "101": [0, 2], "110": [0, 2], "111": [3, 3]}
"""Counts of 0 and 1 after every context in the data."""

# The notebook's chain after 50 steps: percentages of P(1) as it prints them, the rest computed by elimination.
PERCENT_OF_1 = {"000": 73, "001": 78, "010": 76, "011": 80, "100": 75, "101": 79, "110": 78, "111": 45}
P1 = {
    "000": 0.7316348,
    "001": 0.7814109,
    "010": 0.7578247,
    "011": 0.7956113,
    "100": 0.7474891,
    "101": 0.7928548,
    "110": 0.7799096,
    "111": 0.4536126,
}
STATIONARY = {
    "000": 0.018277889,
    "001": 0.052958936,
    "010": 0.049422863,
    "011": 0.186241751,
    "100": 0.052958936,
    "101": 0.182705679,
    "110": 0.186241751,
    "111": 0.271192194,
}
