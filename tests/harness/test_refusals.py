"""Is a model that refuses more than K tokens let pass, and one that crashes there reported?"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from markovgpt import ArgumentError, ModelError
from markovgpt.testing import check_model, find_order, run_check
from markovgpt.testing.mutants import SoundModel, SoundSession

SESSIONS = ["session_equals_recompute", "session_after_crop"]


class Library(Exception):  # noqa: N818  # libraries name them as they like
    """What only a library raises."""


def no_text():
    assert False  # noqa: B011, PT015  # as a broken invariant does


def with_text():
    assert 5 <= 4, "cannot forward a sequence of length 5, block size is 4"  # as nanoGPT does


def unbound():
    if not SESSIONS:
        late = 1
    return late  # that is the mistake


def too_deep():
    return too_deep()


def raises(error):
    def function():
        raise error

    return function


REFUSALS = {
    "ValueError": raises(ValueError("at most 3")),
    "NotImplementedError": raises(NotImplementedError("no sliding")),
    "ours": raises(ArgumentError("at most 3")),
    "library": raises(Library("at most 3")),
    "assert with a text": with_text,
}
FULL = {
    "embedding": lambda: torch.nn.Embedding(3, 2)(torch.tensor([3])),  # IndexError
    "shapes": lambda: torch.zeros(3) + torch.zeros(4),  # RuntimeError
    "list": lambda: [1, 2, 3][3],
}
CRASHES = {
    "TypeError": lambda: 1 + "1",
    "AttributeError": lambda: (1).crop(),
    "KeyError": lambda: {}["keys"],
    "NameError": lambda: crop(1),  # noqa: F821  # that is the mistake
    "UnboundLocalError": unbound,
    "ZeroDivisionError": lambda: 1 / 0,
    "assert": no_text,
    "assert outside of tests": raises(AssertionError()),
    "RecursionError": too_deep,
    "SystemExit": raises(SystemExit(0)),
}


def sound_until(length, fails):
    """A right session that fails at a length."""

    class Session(SoundSession):
        fed = 0

        def feed(self, tokens):
            self.fed += 1
            if self.fed == length:
                fails()
            return super().feed(tokens)

    class Model(SoundModel):
        def session(self, batch):
            return Session(self, np.empty((batch, 0), dtype=np.int64), np.empty((batch, 0, 3)))

    return Model(3, 3)


@pytest.mark.parametrize("which", REFUSALS)
@pytest.mark.parametrize(("length", "outcome"), [(4, "skipped"), (6, "passed")])
def test_session_may_refuse_more_than_k(which, length, outcome):
    """At once, or after some more: what it answered before is compared."""
    model = sound_until(length, REFUSALS[which])
    assert run_check("session_after_crop", model).outcome == outcome
    result = run_check("session_equals_recompute", model)
    assert result.outcome == "passed"
    limit = "K=3" if length == 4 else "5"
    assert (
        f"; the session takes no more than {limit} tokens ({type(caught(REFUSALS[which])).__name__}" in result.message
    )


def caught(function):
    with pytest.raises((Exception, SystemExit)) as error:
        function()
    return error.value


@pytest.mark.parametrize("which", FULL)
def test_session_whose_buffer_is_full_at_k_refuses(which):
    """No sliding was written: there is no place for the next token."""
    results = check_model(sound_until(4, FULL[which]), only=SESSIONS).results
    assert [result.outcome for result in results] == ["passed", "skipped"]


@pytest.mark.parametrize("which", FULL)
@pytest.mark.parametrize("check", SESSIONS)
def test_session_that_slid_and_then_breaks_is_a_failure(which, check):
    """It took a token past K, so it slides: a shape that does not fit afterwards is a mistake in what slides."""
    result = run_check(check, sound_until(5, FULL[which]))
    assert (result.outcome, result.broken) == ("failed", True)
    assert "This is once the window slides, and no refusal" in result.message


@pytest.mark.parametrize("which", CRASHES)
@pytest.mark.parametrize("check", SESSIONS)
@pytest.mark.parametrize("length", [4, 5])
def test_session_that_crashes_past_k_is_a_failure_with_its_own_traceback(which, check, length):
    """An exception that nobody writes for a limit."""
    result = run_check(check, sound_until(length, CRASHES[which]))
    assert (result.outcome, result.broken) == ("failed", True)
    assert type(result.error) is type(caught(CRASHES[which]))
    assert "failed in feed of its session" in result.message
    assert "to take no more tokens, raise ValueError or NotImplementedError" in result.message
    assert "traceback  of the model's own code" in result.message
    assert "test_refusals.py" in result.message


def test_session_that_answers_with_another_shape_past_k_is_a_failure():
    """It did not raise: the answer is wrong."""

    class Flat(SoundSession):
        def feed(self, tokens):
            slid = self.tokens.shape[1] == 3
            return super().feed(tokens)[:, 0] if slid else super().feed(tokens)

    class Model(SoundModel):
        def session(self, batch):
            return Flat(self, np.empty((batch, 0), dtype=np.int64), np.empty((batch, 0, 3)))

    for check in SESSIONS:
        result = run_check(check, Model(3, 3))
        assert result.outcome == "failed"
        assert "must return (27, 3) logits: got (27,)" in result.message


def longer(fails):
    """It fails on histories and prompts of more than K tokens."""

    class Model(SoundModel):
        def next_logits(self, contexts):
            return fails() if contexts.shape[1] > 3 else super().next_logits(contexts)

        def generate(self, prompts, n, *, seed, **options):
            return fails() if prompts.shape[1] > 3 else super().generate(prompts, n, seed=seed, **options)

    return Model(3, 3)


@pytest.mark.parametrize("which", REFUSALS | FULL)
def test_longer_histories_and_prompts_may_be_refused(which):
    """An embedding of K positions refuses as well as an author does."""
    fails = (REFUSALS | FULL)[which]
    results = check_model(longer(fails), only=["context_length", "generate_is_markov"]).results
    name = type(caught(fails)).__name__
    assert [result.message for result in results] == [
        f"next_logits takes no more than K=3 tokens ({name})",
        f"generate takes no prompts longer than K=3 ({name})",
    ]


@pytest.mark.parametrize("which", CRASHES)
@pytest.mark.parametrize("check", ["context_length", "generate_is_markov"])
def test_crash_on_longer_histories_and_prompts_is_a_failure(which, check):
    """With the traceback of the model's own code."""
    result = run_check(check, longer(CRASHES[which]))
    assert (result.outcome, result.broken) == ("failed", True)
    assert "This is past its context length, and no refusal" in result.message


def test_order_is_searched_up_to_k_where_more_is_refused_and_not_where_it_crashes():
    """A crash there says nothing about the order."""
    assert find_order(longer(REFUSALS["ValueError"]), channels=("next_logits",)).refused == ("next_logits",)
    with pytest.raises(ModelError, match="ZeroDivisionError: division by zero"):
        find_order(longer(CRASHES["ZeroDivisionError"]), channels=("next_logits",))
