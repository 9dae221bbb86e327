"""Is rounding in half precision told from a bug: allowed where the model answers in it, and no further?"""

from __future__ import annotations

import contextlib
import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import markovgpt as mg
from markovgpt import Decoding
from markovgpt.enumeration.closeness import half_precision, law_gaps, likely_precision, rounding_allowance
from markovgpt.testing import check_model, parametrize_with_checks, run_check
from markovgpt.testing.judging import hangs_on_rounding
from markovgpt.testing.settings import Settings
from markovgpt.testing.subject import Subject

V, K, C = 3, 3, 32
UNITS = {"bfloat16": 2.0**-8, "float16": 2.0**-11}


class Half:
    """Two layers of torch in half precision. Of few rows a product is summed in four parts, as kernels do on a GPU.

    Tokens 0 and 1 nearly tie after every context.
    """

    vocab_size, context_length, name, dtype = V, K, "half", torch.bfloat16

    def __init__(self):
        numbers = torch.Generator().manual_seed(0)
        self.inner = torch.randn(K, V, C, generator=numbers).to(self.dtype)
        head = torch.randn(C, V, generator=numbers) / 4
        head[:, 1] = head[:, 0] + torch.randn(C, generator=numbers) / 256
        self.head = head.to(self.dtype)

    def network(self, contexts):
        """Logits after every position, (batch, length) -> (batch, length, V)."""
        tokens = torch.tensor(np.ascontiguousarray(contexts))
        added = torch.stack([self.inner[i, tokens[:, i]] for i in range(tokens.shape[1])], dim=1)
        return self.product(torch.tanh(added.cumsum(1)))

    def product(self, hidden):
        """(batch, length, C) -> (batch, length, V)."""
        parts = 4 if len(hidden) < 5 else 1
        pieces = zip(hidden.chunk(parts, dim=-1), self.head.chunk(parts), strict=True)
        return sum(piece @ weights for piece, weights in pieces)

    def next_logits(self, contexts):
        return self.network(contexts[:, -K:])[:, -1]

    def all_logits(self, contexts):
        return self.network(contexts)

    def generate_with_logprobs(self, prompts, n, *, seed, temperature=1.0):
        """One row at a time."""
        rows = [self._continued(row, n, seed + i, temperature) for i, row in enumerate(prompts)]
        return tuple(np.stack(column) for column in zip(*rows, strict=True))

    def generate(self, prompts, n, *, seed, temperature=1.0):
        return self.generate_with_logprobs(prompts, n, seed=seed, temperature=temperature)[0]

    def _continued(self, row, n, seed, temperature):
        rng, reported = np.random.default_rng(seed), []
        decoding = Decoding(greedy=True) if temperature == 0 else Decoding(temperature=temperature)
        for _ in range(n):
            law = decoding.apply(self.next_logits(row[None]).double().numpy())[0]
            token = int(rng.choice(V, p=law))
            reported.append(np.log(law[token]))
            row = np.append(row, token)
        return row, np.array(reported)


class HalfOfFloat16(Half):
    dtype = torch.float16


class Upcast(Half):
    """It computes in half precision, and hands out float32: only the numbers tell."""

    name = "upcast"

    def network(self, contexts):
        return super().network(contexts).float()


class Alone(Half):
    """A bug: a context that is asked alone loses its oldest token."""

    def next_logits(self, contexts):
        return super().next_logits(contexts[:, 1:] if len(contexts) == 1 and contexts.shape[1] == K else contexts)


class Ahead(Half):
    """A bug: the mask is missing."""

    def all_logits(self, contexts):
        return self.network(contexts)[:, -1:].expand(-1, contexts.shape[1], -1)


COMPARED = ["batch_size_tolerance", "generate_greedy", "logprobs_match_law"]
"""Checks in which rows alone are held against a batch."""


def _suggested(message):
    """The tolerance that a message says accepts what it shows."""
    return re.search(r"likely     rounding in (\w+): --atol (\S+) accepts it", message).groups()


def test_law_of_a_row_alone_really_is_another_than_in_a_batch():
    """Many times more than 1e-6: without an allowance the checks below could not pass."""
    model = Half()
    contexts = np.array([[a, b, c] for a in range(V) for b in range(V) for c in range(V)])
    whole = model.next_logits(contexts)
    alone = torch.cat([model.next_logits(row[None]) for row in contexts])
    assert whole.dtype == torch.bfloat16
    assert law_gaps(alone.double().numpy(), whole.double().numpy()).gaps.max() > 1e-4


@pytest.mark.parametrize("model", [Half, HalfOfFloat16])
def test_model_in_half_precision_passes(model):
    """No false alarm, in any check that it has methods for."""
    report = check_model(model(), n=300)
    assert report.ok, str(report)
    assert {result.check for result in report.results if result.outcome == "passed"} >= {*COMPARED, "causal"}


@pytest.mark.parametrize("name", COMPARED)
def test_it_would_fail_without_the_allowance_and_the_message_says_why(name):
    """With the tolerance for whole precision; with the one that the message names it passes."""
    strict = run_check(name, Half(), atol=1e-6)
    assert strict.outcome == "failed"
    precision, atol = _suggested(strict.message)
    assert precision == "bfloat16"
    assert "atol=1e-06" in strict.message.splitlines()[-1]
    assert run_check(name, Half(), atol=float(atol)).outcome == "passed"


@pytest.mark.parametrize("name", COMPARED)
def test_model_that_hides_its_precision_is_told_of_the_tolerance(name):
    """Its answers come in float32, so nothing is allowed; a tolerance as small as the message says accepts it."""
    found = run_check(name, Upcast())
    assert found.outcome == "failed"
    precision, atol = _suggested(found.message)
    assert precision == "bfloat16"
    assert float(atol) <= 0.02
    assert run_check(name, Upcast(), atol=float(atol)).outcome == "passed"


@pytest.mark.parametrize(("model", "name"), [(Alone, "batch_size_tolerance"), (Ahead, "causal")])
def test_bug_in_half_precision_is_caught(model, name):
    """And not called rounding."""
    found = run_check(name, model())
    assert found.outcome == "failed"
    assert "rounding" not in found.message


def _table(kind, first=1.0, more=2.0**-7):
    """Logits 0 and 1, and one unit of bfloat16 more in a batch; ``kind`` is what they come in."""

    def logits(contexts):
        return kind(np.tile([0.0, first + more * (len(contexts) > 1)], (len(contexts), 1)))

    return mg.from_callable(logits, vocab_size=2, context_length=1, name="table")


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (np.float64, "failed"),
        (np.float32, "failed"),
        (np.float16, "passed"),
        (lambda x: torch.tensor(x, dtype=torch.float16), "passed"),
        (lambda x: torch.tensor(x, dtype=torch.bfloat16), "passed"),
    ],
    ids=["float64", "float32", "float16", "torch.float16", "torch.bfloat16"],
)
def test_what_numbers_come_in_decides_and_not_what_they_happen_to_be(kind, outcome):
    """All five are the same numbers of half precision; a table keeps its strict tolerance."""
    assert run_check("batch_size_tolerance", _table(kind)).outcome == outcome


@pytest.mark.parametrize("first", [1.0, 8.0])
def test_difference_that_is_no_rounding_is_not_called_so(first):
    """A logit that is off by a half, in numbers of half precision; the law is off by 0.09, or by 0.0001."""
    found = run_check("batch_size_tolerance", _table(np.float32, first, 0.5))
    assert found.outcome == "failed"
    assert "rounding" not in found.message


@pytest.mark.parametrize("batch_first", [True, False], ids=["batch first", "session first"])
def test_precision_of_one_method_excuses_no_other(batch_first):
    """Sessions answer in half precision; next_logits, which answers in float64, is held to that in any order."""

    class Mixed:
        vocab_size, context_length, name = 2, 1, "mixed"

        def next_logits(self, contexts):
            return _table(np.float64).next_logits(contexts)

        def session(self, _):
            return self

        def feed(self, tokens):
            return torch.tensor([[0.0, 1.0]] * len(tokens), dtype=torch.bfloat16)

    names = ["batch_size_tolerance", "session_equals_recompute"]
    items = {item.check: item for (item,) in (p.values for p in parametrize_with_checks([Mixed()], only=names).args[1])}
    for name in names if batch_first else names[::-1]:
        with contextlib.suppress(pytest.fail.Exception):
            items[name]()
    assert [items[name].result.outcome for name in names] == ["failed", "passed"]


def test_precision_is_that_of_the_answers_of_one_check():
    """The exact laws are found once, and their precision is that of every check that looks them up."""
    subject = Subject(Half(), settings=Settings())
    assert subject.precision == ""
    subject.ask(np.zeros((1, K), dtype=np.int64))
    assert subject.precision == "bfloat16"
    other = subject.asked_anew(Settings(seed=1))
    assert (other.precision, other.seed, subject.seed) == ("", 1, 0)
    assert other.source is subject.source
    assert other.precision == "bfloat16"


@pytest.mark.parametrize("precision", UNITS)
@given(data=st.data())
def test_laws_of_logits_that_were_rounded_four_times_are_within_the_allowance(precision, data):
    """Each of two answers off by up to four roundings of the largest logit: by the definition, for any law."""
    numbers = {"allow_nan": False, "allow_infinity": False, "width": 32}
    logits = data.draw(arrays(np.float64, (2, 4), elements=st.floats(-3, 3, **numbers)))
    signs = data.draw(arrays(np.float64, (2, 2, 4), elements=st.floats(-1, 1, **numbers)))
    off = 4 * UNITS[precision] * abs(logits).max() * signs
    gaps = law_gaps(logits + off[0], logits + off[1]).gaps
    assert (gaps <= rounding_allowance(logits, precision) + 1e-15).all() or rounding_allowance(
        logits, precision
    ) == 0.05


def test_allowance_never_hides_another_law():
    """However large the logits are."""
    assert rounding_allowance(np.array([[1000.0, 0.0]]), "bfloat16") == 0.05
    assert rounding_allowance(np.array([[0.0, 0.0]]), "bfloat16") == 1e-6


def test_precision_of_an_answer_is_that_of_its_array():
    """Nothing else has one."""
    answers = [torch.zeros(1, dtype=torch.bfloat16), np.zeros(1, np.float16), torch.zeros(1), np.zeros(1), [0.0], 1.0]
    assert [half_precision(answer) for answer in answers] == ["bfloat16", "float16", "", "", "", ""]


@pytest.mark.parametrize(
    ("logits", "precision"),
    [
        ([1.0, 0.5], "bfloat16"),
        ([1.0, 0.5 + 2**-8], "bfloat16"),
        ([1.0 + 2**-10, 0.5], "float16"),
        ([1.0 + 2**-12, 0.5], ""),
        ([1.25, 0.5], ""),
        ([1.0, -np.inf], ""),
        ([np.nan, 0.5], ""),
    ],
)
def test_difference_is_likely_a_rounding_of_the_coarsest_precision_that_has_the_numbers(logits, precision):
    """From logits 1 and 0.5: numbers of the precision, few roundings apart, the same tokens impossible."""
    with np.errstate(invalid="ignore"):
        assert likely_precision(np.array([logits]), np.array([[1.0, 0.5]])) == precision


def test_cut_hangs_on_as_much_rounding_as_is_allowed():
    """Two tokens at the cut of top-k, 0.02 apart."""
    logs = np.log([[0.41, 0.39, 0.2]])
    hangs = [bool(hangs_on_rounding(logs, Decoding(top_k=1), allowed=allowed)[0]) for allowed in (1e-6, 0.004, 0.01)]
    assert hangs == [False, False, True]
