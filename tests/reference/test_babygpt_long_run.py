"""What babygpt remembers and for how long, and how far apart two of it are.

[C] computed for this project: the model in torch on a CPU, its chain in exact elimination; to about 1e-6 elsewhere.
"""

from __future__ import annotations

import numpy as np
import pytest

import markovgpt as mg
from markovgpt import MarkovChain
from markovgpt.models.gpt_model import GPTModel

CONDITIONAL_ENTROPIES = [0.88956, 0.88090, 0.86028, 0.81976]
"""[C], of the next token given the last 0..3, bits."""


@pytest.fixture(scope="module")
def stationary(babygpt_chain: MarkovChain) -> mg.StationaryDistribution:
    return mg.stationary_distribution(babygpt_chain)


def test_babygpt_has_the_reference_conditional_entropies(
    babygpt_chain: MarkovChain, stationary: mg.StationaryDistribution
) -> None:
    """[C], within 1e-5."""
    found = mg.conditional_entropies(babygpt_chain, stationary)
    np.testing.assert_allclose(found, CONDITIONAL_ENTROPIES, rtol=0, atol=1.5e-5)


def test_babygpt_uses_all_of_its_context(babygpt_chain: MarkovChain, stationary: mg.StationaryDistribution) -> None:
    """0.04 bits more with the third token, 0.02 with the second: order 3 at 0.01 bits, 2 at 0.05, 0 at 0.07."""
    orders = [mg.effective_order(babygpt_chain, stationary, tolerance=bits) for bits in (0.01, 0.05, 0.07)]
    assert orders == [3, 2, 0]


def test_babygpt_forgets_its_start_in_four_tokens(
    babygpt_chain: MarkovChain, stationary: mg.StationaryDistribution
) -> None:
    """From 111, where it stays longest; in the end the distance falls by the reference SLEM a step, .6175033."""
    found = mg.mixing_time(babygpt_chain, stationary)
    assert (found.lower, found.upper, babygpt_chain.label(found.slowest_start)) == (4, 4, "111")
    fine, finer = (mg.mixing_time(babygpt_chain, stationary, eps=eps).lower for eps in (1e-4, 1e-9))
    assert (fine, finer) == pytest.approx(np.log([1e-4, 1e-9]) / np.log(0.6175033), abs=4)


def test_trained_and_untrained_babygpt_are_far_apart(babygpt_chain: MarkovChain, untrained: GPTModel) -> None:
    """Untrained it is nearly a fair coin: the KL rate is at most 1 bit less the entropy rate, and close to it."""
    coin = mg.build_chain(untrained)
    found = mg.compare_chains(babygpt_chain, coin)
    assert found.long_run_a is not None
    assert found.long_run_b is not None
    assert found.long_run_b.entropy_rate > 0.98
    assert found.long_run_a.kl_rate == pytest.approx(1 - found.long_run_a.entropy_rate, abs=0.08)
    assert found.total_variation[0] == pytest.approx(0.7316348 - (1 - 0.4963349998), abs=1e-5)
    assert [babygpt_chain.label(s) for s in found.greedy_states] == ["111"]  # 0 by 55 % against 1 by 55 %
    assert mg.first_greedy_difference(babygpt_chain, coin, "000") == 3  # 000 > 001 > 011 > 111
    assert found.stationary_distance_error < 1e-12
