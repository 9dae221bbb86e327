"""What do the tests of pictures share? The notebook's chain as a table, so that nothing needs torch."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from markovgpt.chain import MarkovChain
from markovgpt.table import chain_from_table

_ONES = (0.7316348, 0.7814109, 0.7578247, 0.7956113, 0.7474891, 0.7928548, 0.7799096, 0.4536126)


@pytest.fixture(scope="session")
def notebook() -> MarkovChain:
    """The 8-state chain of babygpt after 50 steps: P(1) of every state as the notebook prints it."""
    return chain_from_table([[1 - p, p] for p in _ONES])


@pytest.fixture(scope="session")
def notebook_seen() -> NDArray[np.bool_]:
    """States that occur in 111101111011110: all but 000, 001, 010 and 100."""
    return np.array([False, False, False, True, False, True, True, True])


@pytest.fixture(scope="session")
def sizeable() -> MarkovChain:
    """A random chain of 81 states, V=3, K=4."""
    return chain_from_table(np.random.default_rng(7).dirichlet(np.ones(3) / 2, size=81))
