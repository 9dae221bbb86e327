"""Where are the golden chains of a test kept, and when are they written?"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any, final

import pytest

from markovgpt.chain import MarkovChain
from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel
from markovgpt.testing.assertions.golden import assert_matches_golden
from markovgpt.testing.assertions.subjects import chain_of, rule_of
from markovgpt.testing.golden import save_golden

__all__ = ["GoldenChains"]

_LONGEST_NAME = 100


@final
class GoldenChains:
    """The golden chains of one test, in ``golden/<test file>/<test>.json`` beside its file."""

    def __init__(self, file: Path, nodeid: str, *, update: bool) -> None:
        self._folder = file.parent / "golden" / file.stem
        self._test = nodeid.partition("::")[2].replace("::", ".")
        self._update = update
        self._used: set[Path] = set()

    def path(self, name: str = "") -> Path:
        """The file of a chain: a test that keeps several gives each a name."""
        return self._folder / f"{_file_name(f'{self._test}-{name}' if name else self._test)}.json"

    def __call__(
        self, chain: MarkovChain | LanguageModel, name: str = "", *, atol: float = 1e-6, **decoding: Any
    ) -> None:
        """Compare with the file, or write it if it differs and ``--markovgpt-update-golden`` is given.

        Parameters
        ----------
        chain : MarkovChain or LanguageModel
            At most 65,536 states.
        name : str
            Tells several chains of one test apart.
        atol : float
            Largest difference of a probability.
        **decoding
            ``temperature=``, ``top_k=``, ``top_p=``, ``min_p=``.
        """
        __tracebackhide__ = True
        place, message = self.path(name), ""
        if place in self._used:
            pytest.fail(
                f"This test keeps two golden chains under one name: give each a name, as in markov_golden(chain, "
                f"'cold'). The file is {place}.",
                pytrace=False,
            )
        self._used.add(place)
        try:
            own = chain_of(chain, rule_of(decoding))
            if self._update:
                if not _agrees(own, place, atol):
                    save_golden(own, place)
            else:
                assert_matches_golden(own, place, atol=atol)
        except (ArgumentError, AssertionError) as error:
            message = str(error)
        if message:  # outside of the except block, so that it is printed once
            pytest.fail(message, pytrace=False)


def _agrees(chain: MarkovChain, place: Path, atol: float) -> bool:
    """Whether a file is right already: it is then left as it is, so that a diff shows what changed."""
    if not place.exists():
        return False
    try:
        assert_matches_golden(chain, place, atol=atol)
    except (ArgumentError, AssertionError):
        return False
    return True


def _file_name(name: str) -> str:
    """A name that every file system takes; what had to be changed is told apart by a hash."""
    plain = re.sub(r"[^\w.\[\]=,+-]+", "_", name, flags=re.ASCII)[:_LONGEST_NAME]
    if plain == name:
        return plain
    return f"{plain}-{hashlib.sha256(name.encode('utf-8', 'backslashreplace')).hexdigest()[:8]}"
