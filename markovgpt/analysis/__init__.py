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
from markovgpt.analysis.entropy import entropy_rate, entropy_rates, row_entropies
from markovgpt.analysis.greedy import greedy_ties
from markovgpt.analysis.lengths import LengthDistribution, absorption_lengths, staying_probability
from markovgpt.analysis.loops import GreedyLoop, GreedyLoops, greedy_loops
from markovgpt.analysis.mixing import MixingTime, mixing_time
from markovgpt.analysis.orders import conditional_entropies, effective_order, gram_law
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
    "MixingTime",
    "StationaryDistribution",
    "absorption_lengths",
    "absorption_probabilities",
    "communicating_classes",
    "conditional_entropies",
    "effective_order",
    "entropy_rate",
    "entropy_rates",
    "gram_law",
    "greedy_loops",
    "greedy_ties",
    "is_aperiodic",
    "is_irreducible",
    "mixing_time",
    "period",
    "recurrent_classes",
    "row_entropies",
    "stationary_distribution",
    "stationary_distributions",
    "staying_probability",
]
