"""What is said of a model that raises, returns other things, hangs, or changes while it is used?"""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from broken_models import Asleep, Grows, Hangs, LosesItsName, Raises, Refuses, ReturnsText, TwoRows

from markovgpt import ArgumentError
from markovgpt.testing import CHECKS, MUTANTS, check_model, parametrize_with_checks, run_check
from markovgpt.testing.deadline import Hung, within
from markovgpt.testing.mutants import SoundModel
from markovgpt.testing.settings import Settings, using


def outcomes(report):
    return {result.check: result.outcome for result in report.results}


def test_model_that_raises_fails_once_with_its_own_traceback_and_the_context():
    """The other checks are skipped, with the name of the one that failed; those that do not ask it go on."""
    report = check_model(Raises())
    assert report.counts["failed"] == 1
    failed = next(result for result in report.results if result.outcome == "failed")
    assert failed.check == "logits_shape"
    assert failed.broken
    assert type(failed.error) is RuntimeError
    for words in (
        "given 1 x 3 tokens, '120'",
        "CUDA is on holiday",
        "traceback",
        "in next_logits",
        'raise RuntimeError("',
    ):
        assert words in failed.message
    assert "subject.py" not in failed.message
    assert outcomes(report)["deterministic"] == "skipped"
    assert next(r for r in report.results if r.check == "causal").message == "cannot be run: logits_shape fails"
    assert outcomes(report)["session_after_crop"] == "passed"


def test_rows_that_fail_together_only_are_all_named():
    """Half of them, and half of those, as long as it fails: two rows are left."""
    assert "given 2 x 1 tokens, the first '1'" in run_check("logits_shape", TwoRows()).message


def test_method_that_raises_fails_the_check_that_is_about_it():
    """And those after it are skipped, though the model has the method."""
    report = check_model(Refuses())
    found = outcomes(report)
    assert [name for name, outcome in found.items() if outcome == "failed"] == [
        "input_unchanged",
        "no_state_leak",
        "generate_shape",
    ]
    assert found["generate_top_p"] == "skipped"
    assert found["logprobs_match_law"] == "passed"


def test_what_is_no_array_of_numbers_is_named():
    """No traceback of ours in it, and it is a finding: the model did answer."""
    result = run_check("logits_shape", ReturnsText())
    assert result.outcome == "failed"
    assert not result.broken
    assert "must return numbers as a numpy array, a torch tensor or nested lists: got str" in result.message
    assert "Traceback" not in result.message


@pytest.mark.parametrize("model", [Grows, LosesItsName])
def test_model_that_changes_its_vocabulary_is_found_once(model):
    """What it was, what it is now; the rest is skipped."""
    report = check_model(model())
    (failed,) = (result for result in report.results if result.outcome == "failed")
    assert failed.broken
    assert "changed its vocabulary or context between calls" in failed.message
    assert "before     vocab_size 3, context_length 3" in failed.message
    assert "now        vocab_size " in failed.message
    assert report.results[-1].message == "cannot be run: the vocabulary changed"


def test_model_that_hangs_is_given_up_and_the_rest_goes_on():
    """The message says where it was; the loop is interrupted."""
    model = Hangs()
    report = check_model(model, only=["logits_shape", "causal", "session_equals_recompute"], timeout=0.5)
    assert outcomes(report) == {
        "logits_shape": "passed",
        "causal": "failed",
        "session_equals_recompute": "passed",
    }
    failed = report.results[1]
    assert failed.broken
    assert isinstance(failed.error, Hung)
    assert "did not return within 0.5 seconds" in failed.message
    assert "in all_logits" in failed.message
    assert "conformance.py" not in failed.message
    for _ in range(1000):
        if model.ended:
            break
        time.sleep(0.01)
    assert model.ended


def test_checks_that_mean_nothing_without_the_one_that_hangs_are_not_run():
    """One deadline passes, not one a check: nothing is asked again."""
    asked = []

    class HangsAtOnce(SoundModel):
        def next_logits(self, contexts):
            asked.append(len(contexts))
            while True:
                time.sleep(0.01)

    report = check_model(HangsAtOnce(), timeout=0.3)
    assert len(asked) == 1
    assert outcomes(report) == {name: "failed" if name == "logits_shape" else "skipped" for name in CHECKS}
    said = {result.check: result.message for result in report.results}
    assert said["causal"] == "cannot be run: logits_shape hangs"
    assert said["logits_shape"].endswith("only=['logits_shape'], seed=0, timeout=0.3)")


def test_failures_that_follow_from_nan_point_to_the_check_of_it():
    """The laws of longer contexts are compared with one that is none."""

    class NaNAfterZeros(SoundModel):
        def next_logits(self, contexts):
            logits = super().next_logits(contexts)
            logits[(contexts == 0).all(axis=1) & (contexts.shape[1] == self.context_length)] = np.nan
            return logits

    result = run_check("context_length", NaNAfterZeros())
    assert result.outcome == "failed"
    assert "  likely     logits_finite fails, and this may follow from it: mend that first" in result.message


class Generates(SoundModel):
    """Returns something else than the prompts and the tokens after them."""

    def __init__(self, spoil):
        super().__init__()
        self.spoil = spoil

    def generate(self, prompts, n, **options):
        return self.spoil(super().generate(prompts, n, **options), prompts.shape[1])


@pytest.mark.parametrize(
    ("spoil", "likely"),
    [
        (lambda *_: None, "is a return missing?"),
        (
            lambda tokens, _: tokens.astype(float),
            "the tokens are numbers of float64: an array made without a dtype",
        ),
        (
            lambda tokens, _: tokens[:, :-1],
            "generation stops by itself, at an end token, say, or its loop ends too early",
        ),
        (lambda tokens, _: tokens[::-1], "rows of the batch come back in another order"),
        (lambda tokens, length: np.roll(tokens, -length, axis=1), "the new tokens stand before the prompts"),
        (lambda tokens, _: np.minimum(tokens, 1), "the prompts are changed on the way"),
    ],
    ids=["None", "floats", "short", "turned", "behind", "changed"],
)
def test_what_is_wrong_with_generated_tokens_is_named(spoil, likely):
    """Each mistake by its own name."""
    result = run_check("generate_shape", Generates(spoil))
    assert not result.broken
    assert f"  likely     {likely}" in result.message


def test_forgotten_return_is_named():
    """Not as a shape that an array has."""

    class Forgets(SoundModel):
        def next_logits(self, contexts):
            super().next_logits(contexts)

    report = check_model(Forgets())
    (failed,) = (result for result in report.results if result.outcome == "failed")
    assert failed.message.startswith("sound: next_logits returned None\n")
    assert "  got        None, expected an array of shape (3, 3)\n  likely     is a return missing?\n" in failed.message
    assert outcomes(report)["causal"] == "skipped"


def test_rows_of_a_batch_may_differ_within_a_tolerance_that_is_given():
    """As those of a copy in 8 bits do, whose scale is that of the batch; by more than that they may not."""

    class Scaled(SoundModel):
        def next_logits(self, contexts):
            return super().next_logits(contexts) * (1 + 1e-3 * contexts.mean())

    assert run_check("batch_rows_independent", Scaled()).outcome == "failed"
    passed = run_check("batch_rows_independent", Scaled(), atol=0.02)
    assert passed.outcome == "passed", passed.message
    failed = run_check("batch_rows_independent", Scaled(), atol=1e-7)
    assert "a row of a batch depends on the other rows" in failed.message
    assert "(allowed 1e-07)" in failed.message


def test_deadline_that_holds_here_is_that_of_a_check_without_one():
    """What the caller gives goes before it."""
    with using(Settings(timeout=0.2)):
        assert isinstance(run_check("causal", Hangs()).error, Hung)
        assert "within 0.1 seconds" in run_check("causal", Hangs(), timeout=0.1).message


@pytest.mark.parametrize(
    ("model", "line"),
    [
        (MUTANTS["StaleCache"], "check_model(StaleCache, only=['session_after_crop'], seed=3, n=50, atol=0.001)"),
        (type("Odd", (MUTANTS["StaleCache"],), {"name": "my gpt"}), "check_model(model, only="),
    ],
)
def test_failure_of_a_model_that_commands_do_not_know_is_reproduced_by_a_call(model, line):
    """With all that is not the default; a name that is no name in Python is not one there."""
    report = check_model(model(), only=["session_after_crop"], seed=3, n=50, atol=0.001)
    shown = report.results[0].message.splitlines()[-1].removeprefix("  reproduce  ")
    assert shown.startswith(line)
    names = {"check_model": check_model, "StaleCache": model(), "model": model()}
    assert eval(shown, names).results[0].message == report.results[0].message  # noqa: S307  # our own line


def test_failure_of_draws_is_reproduced_by_a_call():
    """The same check, where no command could name the model."""
    model = MUTANTS["HiddenTopK"]()
    report = check_model(model, only=["generate_default_is_chain"])
    shown = report.results[0].message.splitlines()[-1]
    assert shown == "  reproduce  check_model(HiddenTopK, only=['generate_default_is_chain'], seed=0)"


def test_model_that_waits_in_c_is_left_behind():
    """Its thread cannot be interrupted, and does not keep the process alive."""
    assert run_check("causal", Asleep(), timeout=0.2).broken
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "markovgpt check")


def test_within_hands_on_what_the_work_returns_and_raises():
    """In a thread and without one."""
    for seconds in (None, 60.0):
        assert within(seconds, lambda: 7) == 7
        with pytest.raises(ZeroDivisionError):
            within(seconds, lambda: 1 // 0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"timeout": 0}, "timeout is a number of seconds above 0"),
        ({"timeout": float("nan")}, "timeout is a number of seconds above 0"),
        ({"n": 0}, "n is a whole number of at least 1: got 0"),
        ({"n": 1.5}, "n is a whole number of at least 1: got 1.5"),
        ({"seed": -1}, "seed is a whole number of at least 0: got -1"),
        ({"alpha": 0}, "alpha is the rate of false alarms, a number between 0 and 1: got 0"),
        ({"alpha": float("nan")}, "between 0 and 1: got nan"),
        ({"only": ["causl"]}, "There is no check 'causl'. Did you mean causal?"),
        ({"only": "causal"}, "are lists of names of checks: got 'causal'"),
        ({"skip": ["nothing"]}, "There is no check 'nothing'. The checks are logits_shape"),
        ({"only": ["causal"], "skip": ["causal"]}, "No check is left"),
        ({"expected_failures": {"casual": "x"}}, "There is no check 'casual'"),
        ({"expected_failures": {"causal": "x"}, "only": ["padding"]}, "causal is expected to fail, but only and skip"),
    ],
)
def test_wrong_use_is_refused_before_anything_is_asked(options, words):
    """One clear error, with the value."""

    class Untouched(SoundModel):
        def next_logits(self, _):
            raise AssertionError("it was asked")

    with pytest.raises(ArgumentError) as caught:
        check_model(Untouched(), **options)
    assert words in str(caught.value)


def test_what_is_no_model_is_refused():
    """By all three front doors."""
    with pytest.raises(ArgumentError, match="A model needs `vocab_size`"):
        check_model(3)
    with pytest.raises(ArgumentError, match="A model needs `vocab_size`"):
        run_check("causal", 3)
    with pytest.raises(ArgumentError, match="A model needs `vocab_size`"):
        parametrize_with_checks([3])
