"""Does each check find the fault that it is about, and does a sound model pass them all?"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from strategies import tables

import markovgpt as mg
from markovgpt.testing import check_model
from markovgpt.testing.checks import CHECKS

V, K = 3, 3
RNG = np.random.default_rng(0)
WEIGHTS = RNG.normal(size=(K, V, V))  # of the token at each place, counted from the newest
EVERY = {"logits_valid", "input_unchanged", "deterministic", "no_state_leak"}
EVERY |= {"batch_rows_independent", "batch_size_irrelevant", "causal"}


class Sound:
    """Logits are a sum over the last K tokens; ``all_logits`` the same at every position."""

    vocab_size, context_length, name = V, K, "sound"

    def next_logits(self, contexts):
        newest_first = contexts[:, ::-1]
        return sum(WEIGHTS[place][newest_first[:, place]] for place in range(contexts.shape[1]))

    def all_logits(self, contexts):
        prefixes = [contexts[:, : length + 1] for length in range(contexts.shape[1])]
        return np.stack([Sound.next_logits(self, prefix) for prefix in prefixes], axis=1)


class WritesItsInput(Sound):
    """Sorts the rows in place: the answer is right for what came in, and the caller's array is not."""

    def next_logits(self, contexts):
        logits = super().next_logits(contexts)
        contexts[:, :] = 0
        return logits


class DrawsAtRandom(Sound):
    """Dropout is left on."""

    def __init__(self):
        self.rng = np.random.default_rng(1)

    def next_logits(self, contexts):
        return super().next_logits(contexts) * self.rng.integers(1, 3, size=V)


class Remembers(Sound):
    """The first row of a call of another shape stays in a cache."""

    def __init__(self):
        self.seen, self.offset = None, 0.0

    def next_logits(self, contexts):
        if self.seen is not None and contexts.shape != self.seen:
            self.offset += 0.5
        self.seen = contexts.shape
        logits = super().next_logits(contexts)
        logits[:, 0] += self.offset
        return logits


class MixesRows(Sound):
    """Batch normalisation with the statistics of the batch."""

    def next_logits(self, contexts):
        logits = super().next_logits(contexts)
        return logits - logits.mean(axis=0) if len(contexts) > 1 else logits


class KnowsTheBatchSize(Sound):
    """Another kernel for small batches, with another mask."""

    def next_logits(self, contexts):
        logits = super().next_logits(contexts)
        logits[:, 0] += 0.01 * len(contexts)
        return logits


class LooksAhead(Sound):
    """No causal mask: every position sees the last token."""

    def all_logits(self, contexts):
        return super().all_logits(contexts) + WEIGHTS[0][contexts[:, -1]][:, None]


class IsLate(Sound):
    """Off by one: each position has the answer of the one before it."""

    def all_logits(self, contexts):
        return np.roll(super().all_logits(contexts), 1, axis=1)


class HasNaN(Sound):
    """One context of the longest length."""

    def next_logits(self, contexts):
        logits = super().next_logits(contexts)
        logits[(contexts == 1).sum(axis=1) == K] = np.nan
        return logits


class HasPlusInfinity(Sound):
    """In short contexts only."""

    def next_logits(self, contexts):
        logits = super().next_logits(contexts)
        return logits + np.inf if contexts.shape[1] == 1 else logits


class HasAnotherShape(Sound):
    """A padded vocabulary."""

    def next_logits(self, contexts):
        return np.pad(super().next_logits(contexts), ((0, 0), (0, 1)))


class Raises(Sound):
    """It does not work at all."""

    def next_logits(self, _):
        raise RuntimeError("CUDA is on holiday")


class AllRaises(Sound):
    """``all_logits`` does not work."""

    def all_logits(self, _):
        raise RuntimeError("CUDA is on holiday")


class AllHasAnotherShape(Sound):
    """The last position only."""

    def all_logits(self, contexts):
        return super().all_logits(contexts)[:, -1]


class AllIsNaN(Sound):
    """NaN at the first position."""

    def all_logits(self, contexts):
        logits = super().all_logits(contexts)
        logits[:, 0] = np.nan
        return logits


MUTANTS = [
    (WritesItsInput, {"input_unchanged"}),
    (DrawsAtRandom, {"deterministic", "no_state_leak", "batch_rows_independent", "batch_size_irrelevant", "causal"}),
    (Remembers, {"no_state_leak", "batch_size_irrelevant", "causal"}),
    (MixesRows, {"batch_rows_independent", "batch_size_irrelevant", "causal"}),
    (KnowsTheBatchSize, {"batch_size_irrelevant", "causal"}),
    (LooksAhead, {"causal"}),
    (IsLate, {"causal"}),
    (HasNaN, EVERY),
    (HasPlusInfinity, {"logits_valid", "no_state_leak", "causal"}),
    (HasAnotherShape, EVERY),
    (Raises, EVERY),
    (AllRaises, {"causal"}),
    (AllHasAnotherShape, {"causal"}),
    (AllIsNaN, {"causal"}),
]


def _outcomes(model):
    return {result.check: result.outcome for result in check_model(model).results}


def test_sound_model_passes_every_check():
    """All seven, none skipped."""
    assert _outcomes(Sound()) == dict.fromkeys(CHECKS, "passed")


@pytest.mark.parametrize("which", ["untrained", "babygpt"])
def test_babygpt_passes_every_check(which, request):
    """The built-in model, before and after training; none skipped."""
    report = check_model(request.getfixturevalue(which))
    assert report.ok, str(report)
    assert {result.outcome for result in report.results} == {"passed"}


@given(data=st.data())
def test_table_passes_every_check(data):
    """Zeros, ties and tiny probabilities included; ``causal`` needs ``all_logits`` and is skipped."""
    space = data.draw(
        st.sampled_from(
            [mg.StateSpace(vocab_size=v, context_length=k, lengths="all") for v, k in [(1, 2), (2, 2), (3, 1)]]
        )
    )
    report = check_model(mg.from_matrix(data.draw(tables(space)), lengths="all"))
    assert report.ok, str(report)
    assert [result.check for result in report.results if result.outcome == "skipped"] == ["causal"]


@pytest.mark.parametrize(("mutant", "expected"), MUTANTS, ids=[mutant.__name__ for mutant, _ in MUTANTS])
def test_planted_fault_fails_the_checks_that_are_about_it(mutant, expected):
    """Those and no others: a report that blames everything helps nobody."""
    assert {check for check, outcome in _outcomes(mutant()).items() if outcome == "failed"} == expected


def test_every_check_has_a_planted_fault():
    """Some mutant that fails it without being broken altogether."""
    found = set().union(*(expected for _, expected in MUTANTS if expected != EVERY))
    assert found == EVERY == set(CHECKS)


@pytest.mark.parametrize(
    ("mutant", "check", "words"),
    [
        (WritesItsInput, "input_unchanged", ["writes to the array of contexts", "26 of 27 rows", "contexts.copy()"]),
        (DrawsAtRandom, "deterministic", ["another answer the second time", "eval()"]),
        (Remembers, "no_state_leak", ["depends on the calls before it", "27 of 27 contexts, first 0 0 0", "by up to"]),
        (MixesRows, "batch_rows_independent", ["a row of a batch depends on the other rows", "batch statistics"]),
        (KnowsTheBatchSize, "batch_size_irrelevant", ["alone and in a batch differ", "16 of 16", "allowed 0.0001"]),
        (LooksAhead, "causal", ["looks at later tokens: position 1 is not the law of the first 1 tokens"]),
        (AllHasAnotherShape, "causal", ["all_logits has the wrong shape", "got (27, 3), expected (27, 3, 3)"]),
        (HasNaN, "logits_valid", ["must be finite", "got nan", "(1, 1, 1)"]),
        (HasAnotherShape, "logits_valid", ["shape (3, 3): got shape (3, 4)"]),
        (Raises, "logits_valid", ["RuntimeError: CUDA is on holiday"]),
        (AllRaises, "causal", ["RuntimeError", "CUDA is on holiday"]),
    ],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "__name__", ""),
)
def test_failure_says_what_where_and_why(mutant, check, words):
    """The model, the kind of fault, how many contexts, the first or worst, and what is likely."""
    message = next(result.message for result in check_model(mutant()).results if result.check == check)
    assert "sound" in message or mutant in (Raises, AllRaises)
    for word in words:
        assert word in message


class Dropping(torch.nn.Module):
    """An embedding and half of its output, in training mode."""

    def __init__(self):
        super().__init__()
        self.table = torch.nn.Embedding(3, 3)
        self.dropout = torch.nn.Dropout(0.5)

    def forward(self, tokens):
        return self.dropout(self.table(tokens))


def test_dropout_that_is_left_on_is_found():
    """A module called by hand, in training mode; ``from_module`` turns it off and passes."""
    network = Dropping().train()

    def law(contexts):
        return network(torch.as_tensor(contexts))[:, -1]

    torch.manual_seed(0)
    by_hand = _outcomes(mg.from_callable(law, vocab_size=3, context_length=1))
    adapted = _outcomes(mg.from_module(network, context_length=1))
    assert by_hand["deterministic"] == "failed"
    assert "failed" not in adapted.values()


def test_impossible_tokens_are_no_fault():
    """Minus infinity is probability 0."""
    model = mg.from_callable(lambda c: [[0.0, -np.inf]] * len(c), vocab_size=2, context_length=2)
    assert check_model(model).ok


def test_large_model_is_asked_about_a_sample():
    """V^K = 1000^5 contexts: at most 64 of each length, the same in every run."""
    seen = []

    def law(contexts):
        seen.append(contexts.copy())
        return np.zeros((len(contexts), 1000))

    model = mg.from_callable(law, vocab_size=1000, context_length=5)
    assert check_model(model).ok
    assert max(map(len, seen)) <= 64
    first, seen[:] = list(seen), []
    check_model(model)
    assert all(np.array_equal(a, b) for a, b in zip(first, seen, strict=True))
