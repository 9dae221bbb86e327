"""What must hold of the chains of one model under several rules?"""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from strategies import logit_tables, rules

import markovgpt as mg


def counted(logits: np.ndarray) -> tuple[mg.LanguageModel, list[int]]:
    """A model of one token of context, and the contexts that it was asked about."""
    asked: list[int] = []

    def law(contexts: np.ndarray) -> np.ndarray:
        asked.extend(contexts[:, -1].tolist())
        return logits[contexts[:, -1]]

    return mg.from_callable(law, vocab_size=len(logits), context_length=1), asked


@given(table=logit_tables(), several=st.lists(rules(), min_size=1, max_size=4))
def test_chains_of_a_sweep_are_those_of_each_rule(table: np.ndarray, several: list[mg.Decoding]) -> None:
    """Bit for bit, in their order; the model is asked about each context once."""
    V = table.shape[1]
    model, asked = counted(np.resize(table, (V, V)))  # rows are repeated, or left out
    found = list(mg.build_chains(model, several))
    assert asked == list(range(V))
    assert [chain.origin.decoding for chain in found] == several
    for chain, rule in zip(found, several, strict=True):
        np.testing.assert_array_equal(chain.probabilities, mg.build_chain(model, decoding=rule).probabilities)


def test_hot_chain_of_a_sweep_keeps_what_is_below_1e_308() -> None:
    """Logits 0 and -2000 at temperature 1000: e^-2 to 1, though e^-2000 is no double."""
    model, _ = counted(np.array([[0.0, -2000.0], [-2000.0, 0.0]]))
    own, hot = mg.build_chains(model, [mg.Decoding(), mg.Decoding(temperature=1000)])
    assert own.probabilities[0, 1] == 0
    np.testing.assert_allclose(hot.probabilities[0, 1], np.exp(-2) / (1 + np.exp(-2)), rtol=1e-14)
