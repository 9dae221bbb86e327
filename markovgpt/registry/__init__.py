"""How does a name become a model?"""

from markovgpt.registry.load import load_model
from markovgpt.registry.options import parse_options
from markovgpt.registry.sources import ModelEntry, list_models

__all__ = ["ModelEntry", "list_models", "load_model", "parse_options"]
