"""Is a function from contexts to logits a model?"""

from __future__ import annotations

import numpy as np
import pytest

import markovgpt as mg
from markovgpt import ArgumentError, ModelError

LOGITS = np.array([[0.0, 1.0, -np.inf], [2.0, 0.0, 0.5], [0.0, 0.0, 0.0]])  # exact in every float type


def _last(contexts):
    return LOGITS[contexts[:, -1]]


def _law():
    weights = np.exp(LOGITS)
    return weights / weights.sum(axis=1, keepdims=True)


def _torch(dtype):
    def convert(logits):
        import torch

        return torch.tensor(logits, dtype=getattr(torch, dtype))

    return convert


@pytest.mark.parametrize(
    "convert",
    [
        pytest.param(lambda z: z, id="float64"),
        pytest.param(lambda z: z.astype(np.float32), id="float32"),
        pytest.param(lambda z: z.astype(np.float16), id="float16"),
        pytest.param(lambda z: z.tolist(), id="nested lists"),
        pytest.param(lambda z: tuple(map(tuple, z)), id="tuples"),
        pytest.param(_torch("float64"), id="torch float64"),
        pytest.param(_torch("float32"), id="torch float32"),
        pytest.param(_torch("float16"), id="torch float16"),
        pytest.param(_torch("bfloat16"), id="torch bfloat16"),
    ],
)
def test_callable_may_answer_in_any_form(convert):
    """Softmax in float64 of logits that every type holds exactly: the same law to the last bits."""
    model = mg.from_callable(lambda contexts: convert(_last(contexts)), vocab_size=3, context_length=1)
    np.testing.assert_allclose(mg.build_chain(model).probabilities, _law(), rtol=1e-15, atol=0)


def test_callable_may_answer_log_probabilities():
    """Logits are defined up to a constant: log p is one choice."""
    model = mg.from_callable(lambda contexts: np.log([[0.2, 0.3, 0.5]] * len(contexts)), vocab_size=3, context_length=2)
    np.testing.assert_allclose(mg.build_chain(model).row("22"), [0.2, 0.3, 0.5], rtol=1e-15)


def test_callable_is_given_arrays_of_whole_numbers():
    """(batch, length) int64, every length up to K for ``lengths="all"``."""
    seen = []

    def law(contexts):
        seen.append((contexts.shape, contexts.dtype))
        return np.zeros((len(contexts), 2))

    mg.build_chain(mg.from_callable(law, vocab_size=2, context_length=3), lengths="all")
    assert seen == [((2, 1), np.int64), ((4, 2), np.int64), ((8, 3), np.int64)]


def test_callable_names_itself_and_its_tokens():
    """Its own name, or the one given; labels from ``tokens``."""

    def weather(contexts):
        return np.zeros((len(contexts), 2))

    model = mg.from_callable(weather, vocab_size=2, context_length=1, tokens=["dry", "wet"])
    assert mg.build_chain(model).origin.model == "weather"
    assert mg.build_chain(model).label(1) == "wet"
    assert mg.from_callable(weather, vocab_size=2, context_length=1, name="mine").name == "mine"


def test_callable_object_is_named_by_its_class():
    """It has no ``__name__``."""

    class Oracle:
        def __call__(self, contexts):
            return np.zeros((len(contexts), 2))

    assert mg.from_callable(Oracle(), vocab_size=2, context_length=1).name == "Oracle"


@pytest.mark.parametrize("thing", [None, 3, [[0.5, 0.5]], "model"], ids=["None", "number", "table", "text"])
def test_callable_is_refused_when_it_cannot_be_called(thing):
    """Its type is named."""
    with pytest.raises(ArgumentError, match=f"from_callable needs a function of contexts: got {type(thing).__name__}"):
        mg.from_callable(thing, vocab_size=2, context_length=1)


@pytest.mark.parametrize("sizes", [{"vocab_size": 0}, {"context_length": 0}, {"vocab_size": 2.0}], ids=str)
def test_callable_is_refused_with_sizes_that_are_none(sizes):
    """Whole numbers of at least 1."""
    with pytest.raises(ArgumentError, match=rf"`{next(iter(sizes))}` of a model must be a whole number of at least 1"):
        mg.from_callable(_last, **{"vocab_size": 3, "context_length": 1, **sizes})


def test_callable_with_too_few_texts_is_refused():
    """Three tokens, two texts."""
    model = mg.from_callable(_last, vocab_size=3, context_length=1, tokens=["a", "b"])
    with pytest.raises(ArgumentError, match="has vocab_size=3 but 2 token texts"):
        mg.build_chain(model)


def test_callable_that_raises_is_named():
    """Its exception is the cause."""

    def broken(contexts):
        raise KeyError("weights")

    with pytest.raises(ModelError, match="broken failed on 2 contexts of length 1, the first \\(0,\\): KeyError") as e:
        mg.build_chain(mg.from_callable(broken, vocab_size=2, context_length=1))
    assert isinstance(e.value.__cause__, KeyError)
