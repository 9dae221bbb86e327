"""How is an answer presented? One record of what was found, and a file for each form it is written in."""

from markovgpt.report.record import Analysis, analyze, analyze_chain
from markovgpt.report.stationary import StationaryReport, stationary_report
from markovgpt.report.structure import ChainStructure, chain_structure

__all__ = [
    "Analysis",
    "ChainStructure",
    "StationaryReport",
    "analyze",
    "analyze_chain",
    "chain_structure",
    "stationary_report",
]
