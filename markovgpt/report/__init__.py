"""How is an answer presented? One record of what was found, and a file for each form it is written in."""

from markovgpt.report.record import Analysis, analyze, analyze_chain

__all__ = ["Analysis", "analyze", "analyze_chain"]
