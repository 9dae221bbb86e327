"""How does a model compare: with the data that it learned from, and with another model?"""

from markovgpt.comparison.behaviour import LongRunBehaviour, long_run_behaviour
from markovgpt.comparison.chains import ChainComparison, ChainLongRun, compare_chains, first_greedy_difference
from markovgpt.comparison.data import compare_to_data
from markovgpt.comparison.explanation import UnseenState, explain_unseen
from markovgpt.comparison.heldout import HeldOutComparison, HeldOutPart, compare_to_heldout
from markovgpt.comparison.intervals import frequency_intervals
from markovgpt.comparison.learning import LearningCurve, LearningStep
from markovgpt.comparison.lifting import lift, lift_stationary
from markovgpt.comparison.long_run import DataLongRun, LongRunComparison, long_run_comparison
from markovgpt.comparison.record import DataComparison, Significance
from markovgpt.comparison.tokens import TokensDistance, tokens_distance
from markovgpt.comparison.unseen import UnseenCandidate, UnseenComparison, unseen_states
from markovgpt.comparison.watch import LearningWatch

__all__ = [
    "ChainComparison",
    "ChainLongRun",
    "DataComparison",
    "DataLongRun",
    "HeldOutComparison",
    "HeldOutPart",
    "LearningCurve",
    "LearningStep",
    "LearningWatch",
    "LongRunBehaviour",
    "LongRunComparison",
    "Significance",
    "TokensDistance",
    "UnseenCandidate",
    "UnseenComparison",
    "UnseenState",
    "compare_chains",
    "compare_to_data",
    "compare_to_heldout",
    "explain_unseen",
    "first_greedy_difference",
    "frequency_intervals",
    "lift",
    "lift_stationary",
    "long_run_behaviour",
    "long_run_comparison",
    "tokens_distance",
    "unseen_states",
]
