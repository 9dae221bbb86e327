"""How does a name become a model?"""

from markovgpt.registry.listing import ModelEntry, list_models
from markovgpt.registry.load import load_model, takes_option
from markovgpt.registry.options import parse_options, read_options_file
from markovgpt.registry.plugins import PluginReport, list_plugins
from markovgpt.registry.registered import register
from markovgpt.registry.resizing import load_resizable

__all__ = [
    "ModelEntry",
    "PluginReport",
    "list_models",
    "list_plugins",
    "load_model",
    "load_resizable",
    "parse_options",
    "read_options_file",
    "register",
    "takes_option",
]
