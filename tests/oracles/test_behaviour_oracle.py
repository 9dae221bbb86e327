"""The long run in a few numbers: closed forms, and the questions asked one by one."""

from __future__ import annotations

from math import log2

import numpy as np
import pytest

import markovgpt as mg
from markovgpt import MarkovChain


def _entropy(p: float) -> float:
    return -p * log2(p) - (1 - p) * log2(1 - p)


def _mixing(chain: MarkovChain, eps: float = 0.25) -> int:
    """By powers of the matrix."""
    P, pi = chain.to_numpy(), mg.stationary_distribution(chain).probabilities
    return next(t for t in range(999) if abs(np.linalg.matrix_power(P, t) - pi).sum(axis=1).max() / 2 <= eps)


def test_golden_mean_behaves_as_its_closed_forms() -> None:
    """A 1 is followed by 0: 2/3 of the time in 0, H(1/3) without context, 2/3 of a bit with one; greedy it stays at 0.

    ``P^t`` is ``pi`` plus ``(-1/2)^t``: from state 1 the distance is 2/3 / 2^t, at most 1/4 from t = 2 on.
    """
    found = mg.long_run_behaviour(mg.chain_from_table([[0.5, 0.5], [1.0, 0.0]]))
    assert found is not None
    assert found.stationary.probabilities == pytest.approx([2 / 3, 1 / 3], abs=1e-15)
    assert found.conditional_entropies == pytest.approx([_entropy(1 / 3), 2 / 3], abs=1e-12)
    assert found.entropy_rate == found.conditional_entropies[-1]
    assert (found.effective_order, found.mixing.lower, found.mixing.upper) == (1, 2, 2)
    assert [found.loops[number].text for number in range(len(found.loops))] == ["0"]


def test_coin_behaves_as_one() -> None:
    """No context matters. The state is the last two tosses: after one more, one is still known, after two none."""
    chain = mg.chain_from_table([[0.25, 0.75]] * 4)
    found = mg.long_run_behaviour(chain)
    assert found is not None
    assert found.conditional_entropies == pytest.approx([_entropy(0.25)] * 3, abs=1e-12)
    assert (found.effective_order, found.mixing.lower, found.mixing.upper) == (0, 2, 2)


def test_swap_never_forgets() -> None:
    """Period 2: no bit of uncertainty, one that the last token tells, and a loop of two."""
    found = mg.long_run_behaviour(mg.chain_from_table([[0.0, 1.0], [1.0, 0.0]]))
    assert found is not None
    assert found.conditional_entropies == pytest.approx([1, 0], abs=1e-15)
    assert found.mixing.lower == np.inf
    assert found.loops[0].text in ("01", "10")


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("V", "K"), [(2, 1), (2, 3), (3, 2)])
def test_behaviour_is_what_the_single_questions_answer(V: int, K: int, seed: int) -> None:
    """And the mixing time that of the powers of the matrix."""
    chain = mg.chain_from_table(np.random.default_rng(seed).dirichlet(np.ones(V), size=V**K))
    pi = mg.stationary_distribution(chain)
    for found in (mg.long_run_behaviour(chain), mg.long_run_behaviour(chain, stationary=pi)):
        assert found is not None
        np.testing.assert_array_equal(found.stationary.probabilities, pi.probabilities)
        np.testing.assert_array_equal(found.conditional_entropies, mg.conditional_entropies(chain, pi))
        assert found.entropy_rate == pytest.approx(mg.entropy_rate(chain, pi), abs=1e-12)
        assert found.effective_order == mg.effective_order(chain, pi)
        assert found.mixing.lower <= _mixing(chain) <= found.mixing.upper
        assert [loop.text for loop in found.loops] == [loop.text for loop in mg.greedy_loops(chain)]
        assert not found.conditional_entropies.flags.writeable


def test_behaviour_takes_the_distribution_that_it_is_given() -> None:
    """Nothing is solved twice."""
    chain = mg.chain_from_table([[0.5, 0.5], [1.0, 0.0]])
    pi = mg.stationary_distribution(chain)
    found = mg.long_run_behaviour(chain, stationary=pi)
    assert found is not None
    assert found.stationary is pi


def test_chain_with_several_recurrent_classes_has_no_one_behaviour() -> None:
    """Two islands; one class and transient states are one."""
    assert mg.long_run_behaviour(mg.chain_from_table(np.eye(2))) is None
    assert mg.long_run_behaviour(mg.chain_from_table([[1.0, 0.0], [0.5, 0.5]])) is not None
