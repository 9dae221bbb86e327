"""How is a model asked about every context, and what does that cost?

A strategy is a function in a file of its own; :data:`~markovgpt.enumeration.choice.STRATEGIES` lists them.
"""

from markovgpt.enumeration.build import build_chain, build_chains
from markovgpt.enumeration.choice import STRATEGIES
from markovgpt.enumeration.cost import Cost, predict_cost
from markovgpt.enumeration.limits import MAX_STATES, check_memory, check_n_states, refusals
from markovgpt.enumeration.reachable import reachable_chain
from markovgpt.enumeration.starts import start_distribution

__all__ = [
    "MAX_STATES",
    "STRATEGIES",
    "Cost",
    "build_chain",
    "build_chains",
    "check_memory",
    "check_n_states",
    "predict_cost",
    "reachable_chain",
    "refusals",
    "start_distribution",
]
