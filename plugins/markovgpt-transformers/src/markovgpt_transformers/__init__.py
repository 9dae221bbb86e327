"""Causal language models of the transformers library as models of markovgpt."""

from markovgpt_transformers.load import from_transformers, load
from markovgpt_transformers.model import TransformersModel
from markovgpt_transformers.session import Session
from markovgpt_transformers.sizes import receptive_field

__all__ = ["Session", "TransformersModel", "from_transformers", "load", "receptive_field"]
