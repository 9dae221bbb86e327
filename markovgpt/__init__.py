"""A language model with V tokens and a context of K is a finite Markov chain: see it, and ask it exactly.

>>> import markovgpt as mg
>>> chain = mg.build_chain(mg.load_model("babygpt"))
>>> chain
<MarkovChain of babygpt: 8 states, V=2, K=3, lengths='full'>
>>> pi = mg.stationary_distribution(chain)
>>> round(mg.entropy_rate(chain, pi), 4)
0.8198

A program may import it before it starts pytest, which rewrites no assertion here: PYTEST_DONT_REWRITE.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "Absorption": "analysis",
    "ArgumentError": "errors",
    "Baseline": "ngrams",
    "BenchmarkComparison": "benchmarking",
    "BlockWeights": "gpt_weights",
    "ChainComparison": "comparison",
    "ChainLongRun": "comparison",
    "ChainStructure": "report",
    "CommunicatingClass": "analysis",
    "CommunicatingClasses": "analysis",
    "Cost": "enumeration",
    "CostLimitError": "errors",
    "CountTable": "ngrams",
    "DataComparison": "comparison",
    "DataError": "errors",
    "DataLongRun": "comparison",
    "DataReport": "report.comparing",
    "Decoding": "decoding",
    "EnumerationBenchmark": "benchmarking",
    "ExtendedElimination": "solvers.extended",
    "GPTWeights": "gpt_weights",
    "GreedyLoop": "analysis",
    "GreedyLoops": "analysis",
    "HeldOutComparison": "comparison",
    "HeldOutPart": "comparison",
    "LanguageModel": "model",
    "LearningCurve": "comparison",
    "LearningStep": "comparison",
    "LearningWatch": "comparison",
    "LengthDistribution": "analysis",
    "LinearWeights": "gpt_weights",
    "LongRunBehaviour": "comparison",
    "LongRunComparison": "comparison",
    "MarkovChain": "chain",
    "MarkovGPTError": "errors",
    "MixingTime": "analysis",
    "ModelError": "errors",
    "ModelLoadError": "errors",
    "NgramCounts": "ngrams",
    "NgramModel": "ngrams",
    "NotComputedError": "errors",
    "ReducibleChainError": "errors",
    "ResizableModel": "benchmarking",
    "Significance": "comparison",
    "SparseChain": "sparse_chain",
    "StateSpace": "statespace",
    "StationaryDistribution": "analysis",
    "StationaryReport": "report",
    "TableError": "errors",
    "TokensDistance": "comparison",
    "TooManyStatesError": "errors",
    "UnseenCandidate": "comparison",
    "UnseenComparison": "comparison",
    "UnseenState": "comparison",
    "Vocabulary": "vocabulary",
    "absorption_lengths": "analysis",
    "absorption_probabilities": "analysis",
    "analyze": "report",
    "analyze_chain": "report",
    "baselines": "ngrams",
    "benchmark_enumeration": "benchmarking",
    "build_chain": "enumeration",
    "build_chains": "enumeration",
    "chain_from_table": "table",
    "chain_structure": "report",
    "communicating_classes": "analysis",
    "compare_benchmarks": "benchmarking",
    "compare_chains": "comparison",
    "compare_to_data": "comparison",
    "compare_to_heldout": "comparison",
    "conditional_entropies": "analysis",
    "count_data": "ngrams",
    "count_ngrams": "ngrams",
    "cross_entropy": "ngrams",
    "data_report": "report.comparing",
    "decode": "chain",
    "draw": "drawing",
    "effective_order": "analysis",
    "entropy_rate": "analysis",
    "explain_unseen": "comparison",
    "find_device": "devices",
    "find_tokens": "adapters",
    "first_greedy_difference": "comparison",
    "frequency_intervals": "comparison",
    "from_callable": "adapters",
    "from_matrix": "adapters",
    "from_module": "adapters",
    "generate": "generation",
    "gram_law": "analysis",
    "greedy_loops": "analysis",
    "greedy_ties": "analysis",
    "is_aperiodic": "analysis",
    "is_irreducible": "analysis",
    "lift": "comparison",
    "lift_stationary": "comparison",
    "likeliest_tokens": "adapters",
    "list_models": "registry",
    "list_plugins": "registry",
    "load_chain": "chain_files",
    "load_model": "registry",
    "load_resizable": "registry",
    "long_run_behaviour": "comparison",
    "long_run_comparison": "comparison",
    "mixing_time": "analysis",
    "period": "analysis",
    "plot_benchmark": "plots.cost",
    "plot_comparison": "plots.compared",
    "plot_learning": "plots.compared",
    "predict_cost": "enumeration",
    "reachable_chain": "enumeration",
    "read_benchmark": "report.benching",
    "recurrent_classes": "analysis",
    "register": "registry",
    "restrict_tokens": "adapters",
    "row_entropies": "analysis",
    "save_chain": "chain_files",
    "save_model": "models.storage",
    "scan_vocabulary": "data",
    "start_distribution": "enumeration",
    "stationary_distribution": "analysis",
    "stationary_distributions": "analysis",
    "stationary_report": "report",
    "staying_probability": "analysis",
    "suitable_settings": "torch_settings",
    "tokens_distance": "comparison",
    "unseen_states": "comparison",
    "with_prompt": "adapters",
}
"""Public name to the module that defines it; imported at first use, so that ``import markovgpt`` is cheap."""

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'markovgpt' has no attribute {name!r}")
    value = getattr(import_module(f"markovgpt.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
