"""Questions without an answer: raised, never answered with a number."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import markovgpt as mg
from markovgpt import ArgumentError, MarkovChain, ReducibleChainError
from markovgpt.solvers.gth import gth

TWO_ENDS = mg.chain_from_table([[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1]], tokens=["left", "middle", "right"])


@pytest.mark.parametrize(
    ("question", "name"), [(mg.stationary_distribution, "stationary distribution"), (mg.period, "period")]
)
def test_reducible_chain_is_refused(question: Callable[[MarkovChain], object], name: str) -> None:
    """Which classes there are, by label, and what to ask instead."""
    pattern = (
        rf"The {name} of this chain is not unique: it has 2 recurrent classes \(1 state: left; 1 state: right\)\. "
        r".*stationary_distributions\(chain\)"
    )
    with pytest.raises(ReducibleChainError, match=pattern) as caught:
        question(TWO_ENDS)
    assert [states.tolist() for states in caught.value.facts["classes"]] == [[0], [2]]


def test_reducible_chain_of_many_classes_shows_five() -> None:
    """Six absorbing states."""
    with pytest.raises(ReducibleChainError, match=r"6 recurrent classes \(1 state: 0; .* 1 state: 4; \.\.\.\)"):
        mg.period(mg.chain_from_table(np.eye(6)))


def test_reducible_chain_shows_four_states_of_a_class() -> None:
    """Five states that go round, and one that stays."""
    table = np.roll(np.eye(6), 1, axis=1)
    table[4], table[5] = np.eye(6)[0], np.eye(6)[5]
    with pytest.raises(ReducibleChainError, match=r"\(5 states: 0, 1, 2, 3, \.\.\.; 1 state: 5\)"):
        mg.period(mg.chain_from_table(table))


@pytest.mark.parametrize("base", [1.0, 0.5, 0.0, -2.0, float("nan")])
def test_entropy_refuses_a_base_that_is_none(base: float) -> None:
    """Above 1."""
    with pytest.raises(ArgumentError, match=f"The base of a logarithm must be above 1: got {base}"):
        mg.row_entropies(TWO_ENDS, base=base)


def test_entropy_rate_refuses_the_distribution_of_another_chain() -> None:
    """Three states and two."""
    pi = mg.stationary_distribution(mg.chain_from_table([[0.5, 0.5], [0.5, 0.5]]))
    with pytest.raises(ArgumentError, match="The chain has 3 states, the distribution 2"):
        mg.entropy_rate(TWO_ENDS, pi)


def test_gth_refuses_a_reducible_chain() -> None:
    """State 1 is never left."""
    with pytest.raises(ArgumentError, match="GTH elimination needs an irreducible chain"):
        gth(np.array([[0.5, 0.5], [0.0, 1.0]]))


def test_gth_proves_nothing_where_a_share_underflows() -> None:
    """There with probability 1 and back with 1e-320: the share of state 0 has three digits left."""
    found = gth(np.array([[0.0, 1.0], [1e-320, 0.0]]))
    assert (found.stationary.tolist(), found.relative_error) == ([1e-320, 1.0], np.inf)


def test_stationary_distribution_of_a_chain_that_underflows_is_right() -> None:
    """Only 1e-200 twice in a row leads from 1 by 2 back to 0: state 1 has all but nothing, and it is certified."""
    rare = 1e-200
    table = [[1, 1e-10, 0, rare, rare], [0, 1, rare, 0, 0], [rare, 1, 0, 0, 0], [1, 0, 0, 0, 0], [1, 0, 0, 0, 0]]
    chain = mg.chain_from_table(np.array(table) / np.sum(table, axis=1, keepdims=True))
    assert mg.is_irreducible(chain)
    pi = mg.stationary_distribution(chain)
    assert (pi.certified, pi.probabilities[1]) == (True, 1.0)
