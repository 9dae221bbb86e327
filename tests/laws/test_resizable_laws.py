"""A model is had at other sizes: built anew where that can be done, or asked about shorter contexts."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import TableModel

import markovgpt as mg
from markovgpt.benchmarking import resizable
from markovgpt.errors import ArgumentError


def test_model_that_cannot_be_built_anew_is_asked_about_shorter_contexts():
    """A table over contexts of 1 to 4 tokens: laws of 3 tokens are those of the table."""
    model = TableModel(np.random.default_rng(0).standard_normal((2 + 4 + 8 + 16, 2)), context_length=4)
    shorter = resizable(model).at(2, 3)
    chain = mg.build_chain(shorter, strategy="prefix")
    np.testing.assert_allclose(
        chain.probabilities, np.exp(model.logits[6:14]) / np.exp(model.logits[6:14]).sum(1)[:, None]
    )
    found = mg.benchmark_enumeration(model, runs=1, strategies=["batched"])
    assert [case.key.context_length for case in found.cases] == [2, 4]


def test_network_is_built_anew_at_any_size(babygpt):
    """With its own layers, other embeddings, and laws of the right shape; the seed decides the weights."""
    models = resizable(babygpt, seed=5)
    model = models.at(3, 20)
    assert (model.vocab_size, model.context_length) == (3, 20)
    assert model.network.config.n_layer == babygpt.network.config.n_layer
    assert model.fingerprint == models.at(3, 20).fingerprint != resizable(babygpt, seed=6).at(3, 20).fingerprint


class Window:
    """A factory of models that take their size from it."""

    name = "window"

    def __init__(self, context_length: int = 2, vocab_size: int = 3, steps: int = 7) -> None:
        self.context_length, self.vocab_size, self.steps = context_length, vocab_size, steps

    def next_logits(self, contexts):
        return np.zeros((len(contexts), self.vocab_size))


def test_factory_is_called_for_each_size():
    """Untrained, with its own V unless another is asked for."""
    models = mg.load_resizable(Window)
    assert (models.own.steps, models.own.vocab_size) == (0, 3)
    assert [(m.vocab_size, m.context_length, m.steps) for m in (models.at(3, 9), models.at(4, 1))] == [
        (3, 9, 0),
        (4, 1, 0),
    ]


def test_model_that_needs_data_or_a_size_takes_the_size():
    """mingpt without data has as many tokens as are to be measured; with data their own."""
    assert mg.load_resizable("mingpt", vocab_size=5).own.vocab_size == 5
    assert mg.load_resizable("mingpt", vocab_size=5, data="abcabcabcabc").own.vocab_size == 3


def test_factory_that_does_not_heed_a_size_is_found_out():
    """It says context_length, and makes the same every time."""

    def stubborn(context_length=2):
        return Window(2)

    with pytest.raises(ArgumentError, match="came with 3 and 2: its factory does not heed"):
        mg.load_resizable(stubborn).at(3, 4)
