"""Contexts walked as a trie are all contexts, each beginning is computed once, and memory stays bounded."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
import pytest
from fakes import SessionModel, TableModel, TableSession
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from strategies import spaces, table_of_logits

import markovgpt as mg
from markovgpt import StateSpace
from markovgpt.enumeration import STRATEGIES
from markovgpt.enumeration.choice import choose
from markovgpt.enumeration.strategy import Block
from markovgpt.enumeration.trie import walk_trie


def _logits(space: StateSpace, *, seed: int = 0) -> np.ndarray:
    """One row for every context of 1 to K tokens."""
    every = StateSpace(vocab_size=space.vocab_size, context_length=space.context_length, lengths="all")
    return np.random.default_rng(seed).normal(size=(every.n_states, every.vocab_size))


def _blocks(model: TableModel, space: StateSpace, batch_size: int) -> list[Block]:
    return list(STRATEGIES["prefix"](model, space, batch_size))


@st.composite
def models(draw: st.DrawFn) -> tuple[SessionModel, Any]:
    """Tables of any small shape, ties and impossible tokens included, and full or all lengths."""
    space = draw(spaces())
    elements = st.one_of(st.integers(-3, 3).map(float), st.floats(-20, 20), st.just(-np.inf))
    shape = _logits(space).shape
    logits = draw(hnp.arrays(np.float64, shape, elements=elements))
    logits[np.isneginf(logits).all(axis=1), 0] = 0.0
    return SessionModel(logits, context_length=space.context_length), space.lengths


@given(case=models(), batch_size=st.integers(1, 70), sessions=st.booleans())
def test_prefix_is_the_softmax_of_every_context(
    case: tuple[SessionModel, Any], batch_size: int, sessions: bool
) -> None:
    """By sessions and by passes, however they are cut: row s is the softmax of the logits of context s."""
    model, lengths = case
    asked = model if sessions else TableModel(model.logits, context_length=model.context_length)
    chain = mg.build_chain(asked, lengths=lengths, strategy="prefix", batch_size=batch_size)
    expected = table_of_logits(model.logits[-chain.n_states :])
    np.testing.assert_allclose(chain.probabilities, expected, rtol=1e-14)
    assert (chain.origin.strategy, chain.origin.note) == ("prefix", "")


@given(space=spaces(), batch_size=st.integers(1, 70))
def test_sessions_compute_every_beginning_once(space: StateSpace, batch_size: int) -> None:
    """V + V^2 + ... + V^K contexts are fed, all different; blocks tell so many tokens and calls."""
    model = SessionModel(_logits(space), context_length=space.context_length)
    blocks = _blocks(model, space, batch_size)
    every = StateSpace(vocab_size=space.vocab_size, context_length=space.context_length, lengths="all")
    assert sorted(model.fed, key=lambda c: (len(c), c)) == [every.context(state) for state in range(every.n_states)]
    assert sum(block.token_positions for block in blocks) == every.n_states
    assert sum(block.calls for block in blocks) >= space.context_length


@given(space=spaces(), batch_size=st.integers(1, 70), sessions=st.booleans())
def test_blocks_cover_every_state_once(space: StateSpace, batch_size: int, sessions: bool) -> None:
    """Blocks are ranges, none larger than a batch, that together are all states."""
    kind = SessionModel if sessions else TableModel
    blocks = _blocks(kind(_logits(space), context_length=space.context_length), space, batch_size)
    covered = np.concatenate([np.arange(block.start, block.start + len(block.logits)) for block in blocks])
    np.testing.assert_array_equal(np.sort(covered), np.arange(space.n_states))
    assert max(len(block.logits) for block in blocks) <= batch_size


@given(space=spaces(lengths=st.just("all")), batch_size=st.integers(1, 70))
def test_passes_ask_about_the_longest_contexts_only(space: StateSpace, batch_size: int) -> None:
    """K V^K tokens give the states of all lengths, of which there are more."""
    model = TableModel(_logits(space), context_length=space.context_length)
    asked: list[tuple[int, ...]] = []
    whole = model.all_logits
    model.all_logits = lambda contexts: asked.extend(map(tuple, contexts.tolist())) or whole(contexts)  # type: ignore[method-assign]
    blocks = _blocks(model, space, batch_size)
    K = space.context_length
    assert asked == [tuple(context) for context in space.contexts(K, 0, space.vocab_size**K).tolist()]
    assert sum(block.token_positions for block in blocks) == K * space.vocab_size**K
    assert sum(len(block.logits) for block in blocks) == space.n_states


@pytest.mark.parametrize(("V", "K", "batch_size"), [(2, 12, 8), (2, 12, 64), (3, 7, 5), (9, 4, 20), (30, 2, 7)])
def test_sessions_that_wait_stay_few(V: int, K: int, batch_size: int) -> None:
    """At most one a level is alive, and none has more rows than a batch: memory grows with K, not with V^K."""
    alive: weakref.WeakSet[TableSession] = weakref.WeakSet()
    most = [0, 0]  # sessions, rows of one

    class Counted(TableSession):
        def __init__(self, model: SessionModel, contexts: np.ndarray) -> None:
            super().__init__(model, contexts)
            alive.add(self)
            most[:] = max(most[0], len(alive)), max(most[1], len(contexts))

    space = StateSpace(vocab_size=V, context_length=K)
    model = SessionModel(_logits(space), context_length=K)
    model.kind = Counted
    for _ in walk_trie(model, shortest=K, batch_size=batch_size):
        pass
    assert most[0] <= K
    assert most[1] <= batch_size
    assert not alive


def test_sessions_say_how_many_rows_fit() -> None:
    """Rows of 2^20 bytes a token: K = 3 tokens are 3 MiB, so the 32 MiB of a session hold 10 of them, not 64."""
    rows: list[int] = []

    class Heavy(TableSession):
        def feed(self, tokens: np.ndarray) -> np.ndarray:
            rows.append(len(tokens))
            return super().feed(tokens)

        @property
        def n_bytes(self) -> int:
            return 2**20 * self.contexts.size

    space = StateSpace(vocab_size=4, context_length=3)
    model = SessionModel(_logits(space), context_length=3)
    model.kind = Heavy
    assert sum(len(block.logits) for block in _blocks(model, space, 64)) == 64
    assert max(rows) == 8  # two parents with their four tokens


@given(space=spaces(lengths=st.just("full")), data=st.data(), batch_size=st.integers(1, 9))
def test_walk_of_some_contexts_visits_those_and_their_beginnings(
    space: StateSpace, data: st.DataObject, batch_size: int
) -> None:
    """With ``only``, nothing else is fed, and nothing twice."""
    V, K = space.vocab_size, space.context_length
    chosen = sorted(data.draw(st.sets(st.integers(0, V**K - 1), min_size=1, max_size=6)))
    model = SessionModel(_logits(space), context_length=K)
    only = [np.unique(np.array(chosen) // V ** (K - length)) for length in range(1, K + 1)]
    levels = list(walk_trie(model, shortest=K, batch_size=batch_size, only=only))
    assert sorted(np.concatenate([level.numbers for level in levels]).tolist()) == chosen
    beginnings = {space.context(state)[:length] for state in chosen for length in range(1, K + 1)}
    assert sorted(model.fed) == sorted(beginnings)


def test_walk_is_as_deep_as_the_contexts_are_long() -> None:
    """One token and 3,000 positions: no recursion."""
    model = SessionModel(np.zeros((3000, 1)), context_length=3000)
    levels = list(walk_trie(model, shortest=3000, batch_size=4))
    assert [(level.length, level.token_positions) for level in levels] == [(3000, 3000)]


@given(space=spaces(), kept=st.permutations(range(5)), size=st.integers(1, 3), sessions=st.booleans())
def test_restriction_commutes_with_the_strategy(space: StateSpace, kept: list[int], size: int, sessions: bool) -> None:
    """The conditional law, and what was left out, are those of whole contexts in batches."""
    tokens = [token for token in kept if token < space.vocab_size][:size]
    kind = SessionModel if sessions else TableModel
    model = mg.restrict_tokens(kind(_logits(space), context_length=space.context_length), tokens)
    batched, prefix = (
        mg.build_chain(model, lengths=space.lengths, strategy=name, batch_size=5) for name in ("batched", "prefix")
    )
    np.testing.assert_allclose(prefix.probabilities, batched.probabilities, rtol=1e-12)
    np.testing.assert_allclose(prefix.cut, batched.cut, rtol=1e-12, atol=1e-15)


@given(space=spaces().filter(lambda s: s.context_length > 1), sessions=st.booleans(), data=st.data())
def test_prompt_commutes_with_the_strategy(space: StateSpace, sessions: bool, data: st.DataObject) -> None:
    """Behind a fixed text of 0 to K - 1 tokens, restricted or not."""
    V, K = space.vocab_size, space.context_length
    prompt = data.draw(st.lists(st.integers(0, V - 1), max_size=K - 1))
    kind = SessionModel if sessions else TableModel
    model = mg.with_prompt(kind(_logits(space), context_length=K), prompt)
    for asked in (model, mg.restrict_tokens(model, [V - 1])):
        batched, prefix = (
            mg.build_chain(asked, lengths=space.lengths, strategy=name, batch_size=5) for name in ("batched", "prefix")
        )
        np.testing.assert_allclose(prefix.probabilities, batched.probabilities, rtol=1e-12)


def test_prompt_is_fed_once_whatever_the_number_of_rows() -> None:
    """Two tokens, one row each; then the rows."""
    model = SessionModel(_logits(StateSpace(vocab_size=2, context_length=4)), context_length=4)
    mg.with_prompt(model, [1, 0]).session(3).feed(np.array([0, 1, 1]))
    assert model.fed == [(1,), (1, 0), (1, 0, 0), (1, 0, 1), (1, 0, 1)]


@pytest.mark.parametrize("part", ["prompt", "restriction"])
def test_parts_of_a_model_can_what_it_can(part: str) -> None:
    """A model without sessions has none behind a prompt either."""

    def made(model: Any) -> Any:
        return mg.with_prompt(model, [0]) if part == "prompt" else mg.restrict_tokens(model, [0])

    logits = _logits(StateSpace(vocab_size=2, context_length=2))
    table, callable_ = mg.from_matrix([[0.5, 0.5]] * 4), TableModel(logits, context_length=2)
    assert [hasattr(made(SessionModel(logits, context_length=2)), n) for n in ("session", "all_logits")] == [True, True]
    assert [hasattr(made(callable_), name) for name in ("session", "all_logits")] == [False, True]
    assert [hasattr(made(table), name) for name in ("session", "all_logits")] == [False, False]


@pytest.mark.parametrize(
    ("V", "K", "lengths", "sessions", "n_parameters", "expected"),
    [
        pytest.param(2, 12, "full", True, 12_656, "prefix", id="babygpt, K=12"),
        pytest.param(2, 3, "full", True, 12_656, "batched", id="too small to try out"),
        pytest.param(27, 2, "full", True, 10**9, "batched", id="K=2: half of the tokens, each dearer"),
        pytest.param(27, 3, "full", True, 200_000, "prefix", id="V=27, K=3: a third of the tokens"),
        pytest.param(2, 12, "full", False, 10**9, "batched", id="passes save nothing of full contexts"),
        pytest.param(2, 12, "all", False, 10**9, "prefix", id="passes bring shorter contexts"),
        pytest.param(9, 4, "all", False, 10**9, "batched", id="of which there are few if V is large"),
    ],
)
def test_auto_weighs_what_is_saved(
    V: int, K: int, lengths: Any, sessions: bool, n_parameters: int, expected: str
) -> None:
    """Tokens times parameters, by numbers alone: the choice is the same in every run."""
    space = StateSpace(vocab_size=V, context_length=K, lengths=lengths)
    model = (SessionModel if sessions else TableModel)(np.zeros((1, V)), context_length=K)
    model.next_logits = lambda contexts: np.zeros((len(contexts), V))  # type: ignore[method-assign]
    model.n_parameters = n_parameters  # type: ignore[union-attr]
    assert choose(model, space, "auto").name == expected
