"""What do the tests of plots share? A small comparison, made up, that can be read in one sitting."""

from __future__ import annotations

import numpy as np
import pytest

from markovgpt.plots import BitsByOrder, ContextExcess, Panel, Transitions, bits_panel, long_run_panels, missing_panel

STEPS = (0, 1, 10, 100)


@pytest.fixture(scope="session")
def small() -> Transitions:
    """Two contexts that occur, "a" 2 times and "b" 50 times, and one that does not; tokens "x" and "y"."""
    return Transitions(
        share=np.array([[1.0, 0.0], [0.36, 0.64]]),
        probability=np.array([[0.75, 0.25], [0.49, 0.51]]),
        counts=np.array([2, 50]),
        unseen=np.array([[0.81, 0.19]]),
        contexts=("a", "b"),
        unseen_contexts=("c",),
        tokens=("x", "y"),
    )


@pytest.fixture(scope="session")
def large() -> Transitions:
    """300 contexts, of which 100 never occur, and 5 tokens; most shares are 0 or 1."""
    rng = np.random.default_rng(5)
    law = rng.dirichlet(np.ones(5) / 3, size=300)
    counts = rng.integers(1, 9, size=200)
    share = np.array([rng.multinomial(n, p) / n for n, p in zip(counts, law[:200], strict=True)])
    return Transitions(share=share, probability=law[:200], counts=counts, unseen=law[200:])


@pytest.fixture(scope="session")
def by_order() -> BitsByOrder:
    return BitsByOrder(told=np.array([0.5, 0.25, 0.125]), missing=np.array([0.01, 0.0625, 0.1]))


@pytest.fixture(scope="session")
def contexts() -> ContextExcess:
    return ContextExcess(names=("a", "$b$", "c"), excess=np.array([0.1, 0.3, 0.2]), counts=np.array([7, 1234, 5]))


@pytest.fixture(scope="session")
def panels() -> tuple[Panel, ...]:
    """Four panels over ``STEPS``."""
    return (
        bits_panel([2.0, 1.5, 1.2, 1.1], [1.8, 1.05]),
        missing_panel([[0.5, 0.45], [0.1, 0.35], [0.0, 0.15], [0.0, 0.05]]),
        *long_run_panels([1.9, 1.6, 1.4, 1.2], [0.5, 0.4, 0.2, 0.0]),
    )
