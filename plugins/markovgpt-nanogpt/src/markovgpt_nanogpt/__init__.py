"""Checkpoints of nanoGPT and minGPT as models of markovgpt."""

from markovgpt_nanogpt.model import nanogpt

__all__ = ["nanogpt"]
