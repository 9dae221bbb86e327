"""Which mutants are there, and which checks must see each?"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from markovgpt.testing.mutants.sound import SoundModel

__all__ = ["CAUGHT_BY", "MUTANTS", "SAMPLED", "caught_by"]

MUTANTS: dict[str, type[SoundModel]] = {}
"""Every mutant by the name of its class: ``MUTANTS["Dropout"](seed=0)`` is a model."""

CAUGHT_BY: dict[str, tuple[str, ...]] = {}
"""The checks that must see each mutant; no other may fail."""

SAMPLED = (
    "generate_default_is_chain",
    "generate_temperature",
    "generate_top_k",
    "generate_top_p",
    "generate_is_markov",
)
"""The checks that hold draws of ``generate`` against the exact chain."""

M = TypeVar("M", bound=type[SoundModel])


def caught_by(*checks: str) -> Callable[[M], M]:
    """Enter a mutant, with the checks that must see it."""

    def enter(mutant: M) -> M:
        mutant.name = mutant.__name__
        MUTANTS[mutant.__name__] = mutant
        CAUGHT_BY[mutant.__name__] = checks
        return mutant

    return enter
