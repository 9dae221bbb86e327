"""What is refused before or during a walk?"""

from __future__ import annotations

import numpy as np
import pytest

import markovgpt as mg
from markovgpt import ArgumentError, ModelError, NotComputedError, TooManyStatesError


def _uniform(V=2, K=3, calls=None):
    def law(contexts):
        if calls is not None:
            calls.append(len(contexts))
        return np.zeros((len(contexts), V))

    return mg.from_callable(law, vocab_size=V, context_length=K, name="uniform")


@pytest.mark.parametrize("name", ["min_probability", "min_reach"])
@pytest.mark.parametrize("value", [-0.1, 1.0, 2.0, float("nan")])
def test_threshold_that_is_none_is_refused(name, value):
    """From 0 to below 1: at 1 nothing but the certain would be left."""
    with pytest.raises(ArgumentError, match=f"{name} must be from 0 to below 1: got {value}"):
        mg.reachable_chain(_uniform(), "0", **{name: value})


@pytest.mark.parametrize("start", [(), (0, 0, 0, 0), (2,), (-1,), ""], ids=repr)
def test_start_that_is_no_context_is_refused(start):
    """1 to 3 tokens, 0 or 1."""
    with pytest.raises(
        ArgumentError, match=r"The start must be 1 to 3 tokens of 0\.\.1: got .*\(\d tokens\)"
    ) as caught:
        mg.reachable_chain(_uniform(), start)
    assert caught.value.facts == {"start": tuple(start)}


def test_start_with_an_unknown_letter_is_refused():
    """A label is read by the vocabulary."""
    with pytest.raises(ArgumentError, match="'2' in the context '02' is no token of this model"):
        mg.reachable_chain(_uniform(), "02")


@pytest.mark.parametrize("end", [2, -1])
def test_end_that_is_no_token_is_refused(end):
    """0 or 1."""
    with pytest.raises(ArgumentError, match=rf"The end token must be one of 0\.\.1: got {end}") as caught:
        mg.reachable_chain(_uniform(), "0", end=end)
    assert caught.value.facts == {"end": end}


@pytest.mark.parametrize(
    ("end", "message"), [("01", "The end is one token: '01' is 2"), ("2", "'2' in the context '2'")]
)
def test_end_that_is_no_label_of_a_token_is_refused(end, message):
    """One token, and one that there is."""
    with pytest.raises(ArgumentError, match=message):
        mg.reachable_chain(_uniform(), "0", end=end)


def test_model_that_is_none_is_refused():
    """Before anything is asked."""
    with pytest.raises(ArgumentError, match="A model needs `vocab_size`"):
        mg.reachable_chain([[0.5, 0.5]] * 2, "0")


def test_limit_of_states_is_refused_when_it_is_passed():
    """1 + 2 + 8 contexts: a limit of 11 is enough, one of 10 is not; the message says what would help."""
    assert mg.reachable_chain(_uniform(), "0", max_states=11).n_states == 11
    pattern = (
        r"More than 10 contexts can be reached from '0'\. Raise the limit with --max-states \(max_states=\), or cut"
    )
    with pytest.raises(TooManyStatesError, match=pattern) as caught:
        mg.reachable_chain(_uniform(), "0", max_states=10)
    assert caught.value.facts == {"limit": 10}


def test_limit_of_states_does_not_count_the_end():
    """Contexts are what costs."""
    assert mg.reachable_chain(_uniform(K=1), "0", end=1, max_states=1).n_states == 2


def test_limit_of_states_is_refused_before_the_next_depth_is_asked():
    """Ten tokens, K = 9: at depth 2 a hundred contexts are known, and a limit of 50 ends it after 11 questions."""
    calls = []
    with pytest.raises(TooManyStatesError, match="More than 50 contexts"):
        mg.reachable_chain(_uniform(10, 9, calls), (0,), max_states=50)
    assert sum(calls) <= 11


def test_failure_of_the_model_names_the_context():
    """As in an enumeration."""

    def law(contexts):
        logits = np.zeros((len(contexts), 2))
        logits[(contexts[:, -1] == 1) & (contexts.shape[1] == 2)] = np.nan
        return logits

    model = mg.from_callable(law, vocab_size=2, context_length=2, name="parrot")
    with pytest.raises(ModelError, match=r"Logits of parrot must be finite.* got nan for token 0 at context \(0, 1\)"):
        mg.reachable_chain(model, "0")


@pytest.mark.parametrize("state", [2, -1])
def test_state_that_is_none_is_refused(state):
    """Two states."""
    chain = mg.reachable_chain(_uniform(K=1), "0")
    with pytest.raises(ArgumentError, match=rf"States are 0\.\.1: got {state}"):
        chain.context(state)


@pytest.mark.parametrize("context", ["11", (1, 1), (0, 0, 0), ()], ids=repr)
def test_context_that_is_not_reached_is_refused(context):
    """With the number of those that are."""
    chain = mg.reachable_chain(mg.from_matrix(np.eye(2)[[0, 0, 0, 1, 0, 0]], lengths="all"), "0")
    with pytest.raises(ArgumentError, match=r"The context '.*' is not one of the 2 reachable"):
        chain.state(context)


def test_vector_of_another_length_is_refused():
    """As for a chain of all contexts."""
    chain = mg.reachable_chain(_uniform(K=1), "0")
    with pytest.raises(ArgumentError, match=r"A vector over 2 states is needed: got shape \(3,\)"):
        chain.push([1.0, 0.0, 0.0])


def test_dense_matrix_of_many_states_is_refused():
    """Above 10,000 states; the sparse one is there."""
    chain = mg.reachable_chain(_uniform(2, 14), "0")
    with pytest.raises(NotComputedError, match=r"Use to_scipy\(\) for the sparse matrix"):
        chain.to_numpy()
    assert chain.to_scipy().shape == (chain.n_states, chain.n_states)


def test_chain_is_read_only():
    """Frozen, with frozen arrays."""
    chain = mg.reachable_chain(_uniform(K=1), "0")
    for array in (chain.cut, chain.contexts, chain.arrow_tokens, chain.to_scipy().data):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
