"""Stationary distributions against QuantEcon, which solves small chains by an elimination of its own."""

from __future__ import annotations

import numpy as np
import pytest
from quantecon import MarkovChain as TheirChain

import markovgpt as mg


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("V", "K"), [(2, 5), (3, 3), (5, 2), (27, 1)])
def test_stationary_distribution_agrees_with_quantecon(V: int, K: int, seed: int) -> None:
    """Both solve by elimination: equal to 1e-12 in every entry, relative to it."""
    chain = mg.chain_from_table(np.random.default_rng(seed).dirichlet(np.full(V, 0.3), size=V**K))
    (theirs,) = TheirChain(chain.to_numpy()).stationary_distributions
    np.testing.assert_allclose(mg.stationary_distribution(chain).probabilities, theirs, rtol=1e-12)


def test_recurrent_classes_agree_with_quantecon() -> None:
    """Two sinks and what leads there: the same classes, and a law of each."""
    chain = mg.chain_from_table([[1.0, 0.0], [0.5, 0.5], [0.5, 0.5], [0.0, 1.0]])
    theirs = TheirChain(chain.to_numpy())
    ours = [c.states.tolist() for c in mg.recurrent_classes(chain)]
    assert sorted(ours) == sorted(states.tolist() for states in theirs.recurrent_classes_indices)
    laws = [pi.probabilities.tolist() for pi in mg.stationary_distributions(chain)]
    assert sorted(laws) == sorted(theirs.stationary_distributions.tolist())
