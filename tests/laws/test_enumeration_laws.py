"""However a model is asked, it is the same chain; and a rule commutes with asking."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fakes import FakeModel, TableModel
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from strategies import rules, spaces, table_of_logits

import markovgpt as mg
from markovgpt import Decoding, StateSpace
from markovgpt.enumeration import STRATEGIES


@st.composite
def table_models(draw: st.DrawFn) -> TableModel:
    """Models of any small shape; logits with ties, none nearer than 1e-3 otherwise."""
    space = draw(spaces(lengths=st.just("all")))
    elements = st.one_of(st.integers(-3, 3).map(float), st.floats(-20, 20).map(lambda z: round(z, 3)))
    logits = draw(hnp.arrays(np.float64, (space.n_states, space.vocab_size), elements=elements))
    return TableModel(logits, context_length=space.context_length)


@given(model=table_models(), batch_size=st.integers(1, 70), strategy=st.sampled_from(sorted({*STRATEGIES} - {"fused"})))
def test_build_chain_is_the_softmax_of_every_context(model: TableModel, batch_size: int, strategy: str) -> None:
    """Row s is the softmax of the logits of context s, however contexts are cut into batches."""
    chain = mg.build_chain(model, lengths="all", batch_size=batch_size, strategy=strategy)
    np.testing.assert_allclose(chain.probabilities, table_of_logits(model.logits), rtol=1e-14)


@given(model=table_models())
def test_build_chain_of_full_length_is_the_end_of_all_lengths(model: TableModel) -> None:
    """The rows of length K are the same in both state spaces."""
    full, every = mg.build_chain(model), mg.build_chain(model, lengths="all")
    np.testing.assert_array_equal(full.probabilities, every.probabilities[-full.n_states :])


@given(model=table_models(), rule=rules())
def test_decode_equals_building_with_the_rule(model: TableModel, rule: Decoding) -> None:
    """A rule may be applied while asking, or to the table afterwards."""
    built = mg.build_chain(model, decoding=rule)
    decoded = mg.decode(mg.build_chain(model), rule)
    kept = built.probabilities > 1e-12
    clear = (kept == (decoded.probabilities > 1e-12)).all(axis=1)  # not where a border of top-p or min-p is hit
    np.testing.assert_allclose(decoded.probabilities[clear], built.probabilities[clear], rtol=1e-9, atol=1e-12)
    before = mg.build_chain(model, decoding=Decoding(temperature=rule.temperature)).probabilities
    for row in np.flatnonzero(~clear):
        assert _is_border(before[row], rule), f"row {row}: {built.probabilities[row]} and {decoded.probabilities[row]}"


def _is_border(p: np.ndarray, rule: Decoding) -> bool:
    """Whether a sum of likeliest tokens is top_p, or a ratio min_p, up to rounding: either answer is right then."""
    ranked = np.sort(p)[::-1]
    if rule.top_k is not None:
        ranked = ranked[ranked >= ranked[min(rule.top_k, len(ranked)) - 1]]
    ranked = ranked / ranked.sum()
    at_p = rule.top_p is not None and (abs(ranked.cumsum() - rule.top_p) < 1e-12).any()
    return bool(at_p or (rule.min_p is not None and (abs(ranked / ranked[0] - rule.min_p) < 1e-12).any()))


@pytest.mark.parametrize("lengths", ["full", "all"])
def test_loop_and_batched_agree_on_a_network(lengths: Any) -> None:
    """Matrix products of other shapes round differently in float32: 1e-6 is the promise."""
    model = mg.load_model("mingpt", vocab_size=3, context_length=4, n_layer=2, n_embd=16, seed=5)
    loop, batched = (mg.build_chain(model, lengths=lengths, strategy=name) for name in ("loop", "batched"))
    np.testing.assert_allclose(loop.probabilities, batched.probabilities, rtol=0, atol=1e-6)


@given(space=spaces(), batch_size=st.integers(1, 70))
def test_build_chain_asks_about_every_context_once(space: StateSpace, batch_size: int) -> None:
    """The contexts that the model sees are all contexts, each once, and no batch is larger than asked for."""
    seen: list[tuple[int, ...]] = []

    def answer(contexts: np.ndarray) -> np.ndarray:
        assert len(contexts) <= batch_size
        seen.extend(map(tuple, contexts.tolist()))
        return np.zeros((len(contexts), space.vocab_size))

    model = FakeModel(answer, vocab_size=space.vocab_size, context_length=space.context_length)
    mg.build_chain(model, lengths=space.lengths, batch_size=batch_size)
    assert sorted(seen, key=lambda c: (len(c), c)) == [space.context(state) for state in range(space.n_states)]


@given(space=spaces(), batch_size=st.integers(1, 70))
def test_origin_counts_what_enumeration_cost(space: StateSpace, batch_size: int) -> None:
    """Calls of the model, and the tokens of all contexts: n contexts of length L have n L tokens."""
    model = FakeModel(
        lambda contexts: np.zeros((len(contexts), space.vocab_size)),
        vocab_size=space.vocab_size,
        context_length=space.context_length,
    )
    origin = mg.build_chain(model, lengths=space.lengths, batch_size=batch_size).origin
    lengths = range(space.shortest, space.context_length + 1)
    tokens = sum(length * space.vocab_size**length for length in lengths)
    assert (origin.model_calls, origin.token_positions) == (model.calls, tokens)


def test_progress_ends_at_the_number_of_states() -> None:
    """Done grows to the total, 6 contexts of 1 or 2 bits in batches of 4: 2 of length 1, then 4 of length 2."""
    reports: list[tuple[str, int, int]] = []
    model = FakeModel(lambda contexts: np.zeros((len(contexts), 2)))
    mg.build_chain(model, lengths="all", batch_size=4, progress=lambda *report: reports.append(report))
    assert reports == [("enumerating contexts", 2, 6), ("enumerating contexts", 6, 6)]


@pytest.mark.parametrize(
    "convert",
    [
        pytest.param(lambda a: a, id="float64"),
        pytest.param(lambda a: a.astype(np.float32), id="float32"),
        pytest.param(lambda a: a.astype(np.float16), id="float16"),
        pytest.param(lambda a: a.astype(np.int64), id="integers"),
        pytest.param(lambda a: a.tolist(), id="nested lists"),
    ],
)
def test_build_chain_takes_any_array_of_logits(convert: Any) -> None:
    """Logits 0 and 1, exact in every type, give 1/(1+e) and e/(1+e)."""
    model = FakeModel(lambda contexts: convert(np.tile([0.0, 1.0], (len(contexts), 1))))
    expected = np.array([1, np.e]) / (1 + np.e)
    np.testing.assert_allclose(mg.build_chain(model).probabilities, np.tile(expected, (4, 1)), rtol=1e-15)


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
def test_build_chain_takes_torch_tensors(dtype: str) -> None:
    """Of any type, gradients included: 1/(1+e) and e/(1+e)."""
    import torch

    def answer(contexts: np.ndarray) -> torch.Tensor:
        return torch.tensor([[0.0, 1.0]] * len(contexts), dtype=getattr(torch, dtype), requires_grad=True)

    expected = np.array([1, np.e]) / (1 + np.e)
    np.testing.assert_allclose(mg.build_chain(FakeModel(answer)).probabilities, np.tile(expected, (4, 1)), rtol=1e-15)


def test_build_chain_makes_impossible_tokens_exactly_0() -> None:
    """A logit of minus infinity is probability 0, not a small number."""
    chain = mg.build_chain(FakeModel(lambda contexts: np.tile([0.0, -np.inf], (len(contexts), 1))))
    np.testing.assert_array_equal(chain.probabilities, np.tile([1.0, 0.0], (4, 1)))


def test_build_chain_names_the_model_and_its_tokens() -> None:
    """Name, texts and fingerprint of the model are those of the chain."""
    model = FakeModel(lambda contexts: np.zeros((len(contexts), 2)))
    model.name, model.tokens, model.fingerprint = "traffic light", ("red", "green"), "abc"  # type: ignore[attr-defined]
    chain = mg.build_chain(model)
    found = (chain.origin.model, chain.vocabulary.tokens, chain.origin.model_fingerprint, chain.label(1))
    assert found == ("traffic light", ("red", "green"), "abc", "red green")
