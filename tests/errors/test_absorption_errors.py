"""Starts that are none."""

from __future__ import annotations

import numpy as np
import pytest

import markovgpt as mg
from markovgpt import ArgumentError, NotComputedError
from markovgpt.solvers.absorbing import absorb_by_elimination

TWO_ENDS = mg.chain_from_table([[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1]], tokens=["l", "m", "r"])


@pytest.mark.parametrize(
    "start",
    [
        pytest.param([0.5, 0.5], id="two of three"),
        pytest.param([0.5, 0.2, 0.2], id="sum 0.9"),
        pytest.param([1.5, -0.5, 0.0], id="negative"),
        pytest.param([np.nan, 0.5, 0.5], id="NaN"),
        pytest.param(np.full((1, 3), 1 / 3), id="a row of a matrix"),
    ],
)
def test_absorption_refuses_what_is_no_distribution(start: object) -> None:
    """Shape, sum and smallest entry."""
    with pytest.raises(ArgumentError, match=r"A start is a state, 'uniform', or 3 probabilities that sum to 1: got"):
        mg.absorption_probabilities(TWO_ENDS, start)


@pytest.mark.parametrize(
    ("start", "message"),
    [
        pytest.param(3, r"States are 0\.\.2: got 3", id="index"),
        pytest.param("x", "'x' in the context 'x' is no token", id="label"),
        pytest.param((0, 1), "A state of this chain has 1 tokens: got 2", id="tokens"),
        pytest.param("", "A state of this chain has 1 tokens: got 0", id="empty"),
    ],
)
def test_absorption_refuses_what_is_no_state(start: object, message: str) -> None:
    """As :meth:`MarkovChain.state` does."""
    with pytest.raises(ArgumentError, match=message):
        mg.absorption_probabilities(TWO_ENDS, start)


def test_structure_refuses_a_start_before_it_searches() -> None:
    """The same message."""
    with pytest.raises(ArgumentError, match=r"States are 0\.\.2: got 7"):
        mg.chain_structure(TWO_ENDS, [7])


def test_elimination_refuses_what_underflows() -> None:
    """A state that is left with a probability of 0 in double precision."""
    transition, into = np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[0.0, 0.0], [0.5, 0.5]])
    with pytest.raises(NotComputedError, match="Elimination underflows double precision"):
        absorb_by_elimination(transition, into, np.array([1.0, 0.0, 0.0, 0.0]))


def test_graph_search_refuses_more_states_than_it_can_number() -> None:
    """2^31 states: refused before anything is allocated."""
    from markovgpt.kernels.graph import strong_components

    with pytest.raises(NotComputedError, match=r"up to 2\^31 - 1 states: got 2,147,483,648"):
        strong_components(np.broadcast_to(np.float64(0.5), (2**31, 2)))
