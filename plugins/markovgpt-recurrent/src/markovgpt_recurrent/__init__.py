"""Recurrent character models as finite Markov chains, and two models that other people trained."""

from markovgpt_recurrent.memory import WindowError, window_error
from markovgpt_recurrent.model import RecurrentModel, recurrent
from markovgpt_recurrent.pokepy import pokepy
from markovgpt_recurrent.storage import save_recurrent
from markovgpt_recurrent.textgenrnn import textgenrnn

__all__ = [
    "RecurrentModel",
    "WindowError",
    "pokepy",
    "recurrent",
    "save_recurrent",
    "textgenrnn",
    "window_error",
]
