"""Which bugs do the checks find? Correct models with one thing slipped, and the checks that must see each.

They test the checks, and show what each is about: ``MUTANTS["StaleCache"](seed=0)`` is a model whose cache is wrong
after the window slid, ``CAUGHT_BY["StaleCache"]`` the checks that say so. No other check may fail.
"""

from markovgpt.testing.mutants import logits, samplers, windows  # noqa: F401  # they enter their mutants
from markovgpt.testing.mutants.record import CAUGHT_BY, MUTANTS
from markovgpt.testing.mutants.sound import SoundModel, SoundSession

__all__ = ["CAUGHT_BY", "MUTANTS", "SoundModel", "SoundSession"]
