"""What does a chain do in the long run? One question a file; every answer comes from the table alone."""

from markovgpt.analysis.absorption import Absorption, absorption_probabilities
from markovgpt.analysis.classes import (
    CommunicatingClass,
    CommunicatingClasses,
    communicating_classes,
    is_aperiodic,
    is_irreducible,
    period,
    recurrent_classes,
)
from markovgpt.analysis.entropy import entropy_rate, row_entropies
from markovgpt.analysis.greedy import greedy_ties
from markovgpt.analysis.lengths import LengthDistribution, absorption_lengths, staying_probability
from markovgpt.analysis.loops import GreedyLoop, GreedyLoops, greedy_loops
from markovgpt.analysis.stationary import (
    GTH_LIMIT,
    StationaryDistribution,
    stationary_distribution,
    stationary_distributions,
)

__all__ = [
    "GTH_LIMIT",
    "Absorption",
    "CommunicatingClass",
    "CommunicatingClasses",
    "GreedyLoop",
    "GreedyLoops",
    "LengthDistribution",
    "StationaryDistribution",
    "absorption_lengths",
    "absorption_probabilities",
    "communicating_classes",
    "entropy_rate",
    "greedy_loops",
    "greedy_ties",
    "is_aperiodic",
    "is_irreducible",
    "period",
    "recurrent_classes",
    "row_entropies",
    "staying_probability",
    "stationary_distribution",
    "stationary_distributions",
]
