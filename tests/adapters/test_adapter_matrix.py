"""Is ``from_matrix`` the inverse of ``build_chain``?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from strategies import chains

import markovgpt as mg
from markovgpt import ArgumentError, ModelError, TableError


@given(chain=chains())
def test_matrix_is_the_inverse_of_build_chain(chain):
    """table -> model -> chain gives the table back, zeros exactly, for full and for all lengths."""
    model = mg.from_matrix(chain.probabilities, lengths=chain.states.lengths)
    again = mg.build_chain(model, lengths=chain.states.lengths)
    np.testing.assert_allclose(again.probabilities, chain.probabilities, rtol=1e-12, atol=0)
    np.testing.assert_array_equal(again.probabilities == 0, chain.probabilities == 0)
    assert again.states == chain.states


@given(chain=chains())
def test_matrix_of_a_chain_walks_alike_one_context_at_a_time(chain):
    """The strategy does not matter."""
    model = mg.from_matrix(chain.probabilities, lengths=chain.states.lengths)
    loop = mg.build_chain(model, lengths=chain.states.lengths, strategy="loop")
    np.testing.assert_allclose(loop.probabilities, chain.probabilities, rtol=1e-12, atol=0)


def test_matrix_keeps_tiny_probabilities():
    """1e-300 survives the way through logarithms."""
    table = [[1 - 1e-300, 1e-300], [3e-300, 1 - 3e-300]]
    chain = mg.build_chain(mg.from_matrix(table))
    assert chain.probabilities[0, 1] == pytest.approx(1e-300, rel=1e-12)
    assert mg.stationary_distribution(chain).probabilities == pytest.approx([0.75, 0.25])


def test_matrix_has_sizes_tokens_and_a_fingerprint():
    """Those of its chain."""
    table = np.full((4, 2), 0.5)
    model = mg.from_matrix(table, tokens=["dry", "wet"], name="weather")
    assert (model.vocab_size, model.context_length, model.tokens, model.name) == (2, 2, ("dry", "wet"), "weather")
    assert model.fingerprint == mg.chain_from_table(table).fingerprint
    assert mg.build_chain(model).origin.model == "weather"


def test_matrix_of_full_length_has_no_law_for_shorter_contexts():
    """It is not invented: the table of all lengths is asked for."""
    model = mg.from_matrix(np.full((4, 2), 0.5))
    with pytest.raises(ModelError, match="has contexts of 2 tokens only: got 1") as caught:
        mg.build_chain(model, lengths="all")
    assert isinstance(caught.value.__cause__, ArgumentError)
    assert 'lengths="all"' in str(caught.value)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        pytest.param([[0.5, 0.6]] * 2, "must be a probability distribution: got sum 1.1", id="sum"),
        pytest.param([[1.5, -0.5]] * 2, "smallest entry -0.5", id="negative"),
        pytest.param([[0.5, 0.5]] * 3, r"2 columns has V\*\*K rows .*: got 3 rows", id="rows"),
        pytest.param([0.5, 0.5], r"got shape \(2,\)", id="one row"),
        pytest.param([[np.nan, 1.0]] * 2, "must be a probability distribution", id="NaN"),
    ],
)
def test_matrix_that_is_no_table_of_laws_is_refused(table, message):
    """As by ``chain_from_table``."""
    with pytest.raises(TableError, match=message):
        mg.from_matrix(table)
