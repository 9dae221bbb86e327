"""Looking on where there is nothing to see, or at models that are not one in training: refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fakes import FakeModel

import markovgpt as mg
from markovgpt import ArgumentError, Decoding, LanguageModel, NotComputedError, TooManyStatesError

COUNTS = mg.count_ngrams([0, 1, 0, 0, 1], vocab_size=2, context_length=1)


def _fair(V: int = 2, K: int = 1, **named: Any) -> LanguageModel:
    """Every token is equally likely."""
    model = FakeModel(lambda contexts: np.zeros((len(contexts), V)), vocab_size=V, context_length=K)
    for name, value in named.items():
        setattr(model, name, value)
    return model


@pytest.mark.parametrize(("steps", "got"), [([], r"\[\]"), ([3, -1], r"\[-1, 3\]")], ids=["none", "negative"])
def test_watch_refuses_steps_that_are_none(steps: list[int], got: str) -> None:
    """0 is before the first."""
    with pytest.raises(ArgumentError, match=f"Give the steps of training at which to look, at least 0: got {got}"):
        mg.LearningWatch(steps)


def test_watch_refuses_a_model_without_data() -> None:
    """And without counts of others."""
    watch = mg.LearningWatch([0])
    with pytest.raises(ArgumentError, match="FakeModel keeps no training data to compare with: give counts"):
        watch(0, _fair())


def test_watch_refuses_counts_of_other_tokens() -> None:
    """Two tokens and three; of a chain, and of a model that is too large to be one."""
    for most in (1, 100):
        watch = mg.LearningWatch([0], counts=COUNTS, max_states=most)
        with pytest.raises(ArgumentError, match=r"(?i)counts (are )?of 2"):
            watch(0, _fair(V=3))


def test_watch_refuses_a_second_model_with_other_tokens() -> None:
    """As many, but other letters: their arrows are not those of the first."""
    watch = mg.LearningWatch([0, 1], counts=COUNTS)
    watch(0, _fair())
    with pytest.raises(ArgumentError, match="have the same tokens: the model after step 1 has a b, the first 0 1"):
        watch(1, _fair(tokens=("a", "b")))


def test_watch_refuses_a_second_model_with_another_context() -> None:
    """Named, where it has a name."""
    counts = mg.count_ngrams([0, 1, 0, 0, 1], vocab_size=2, context_length=2)
    watch = mg.LearningWatch([0, 1], counts=counts)
    watch(0, _fair(K=2))
    with pytest.raises(ArgumentError, match="look at the same number of tokens: other at 1, the first at 2"):
        watch(1, _fair(K=1), name="other")


def test_watch_refuses_to_decode_what_it_cannot_enumerate() -> None:
    """Only a chain has a law that is cut."""
    watch = mg.LearningWatch([0], counts=COUNTS, max_states=1, decoding=Decoding(top_k=1))
    with pytest.raises(TooManyStatesError, match="Too many states"):
        watch(0, _fair())


def test_watch_has_no_curve_when_it_saw_nothing() -> None:
    """Training ended before the first of its steps."""
    watch = mg.LearningWatch([7, 9], counts=COUNTS)
    watch(3, _fair())
    with pytest.raises(NotComputedError, match="Training never came to any of the steps 7, 9: nothing can be shown"):
        watch.curve()
