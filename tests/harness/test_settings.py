"""Are judgements made with the settings that hold where they are made, if their callers give none?"""

from __future__ import annotations

import inspect
import json
import threading

import numpy as np
import pytest

import markovgpt as mg
import markovgpt.testing as mt
from markovgpt.errors import ArgumentError
from markovgpt.testing.formats import FORMATS
from markovgpt.testing.judging import judge_sampler
from markovgpt.testing.mutants import SoundModel
from markovgpt.testing.settings import Settings, resolved, using

TOLD = {"alpha": 0.01, "n": 50, "seed": 7, "atol": 0.001}


class Noting:
    """Notes what it is asked; before a model in the order of classes. Of 4^6 contexts a seed decides which."""

    def __init__(self):
        super().__init__(4, 6)
        self.seen = []

    def next_logits(self, contexts):
        self.seen.append(contexts.tolist())
        return super().next_logits(contexts)

    def all_logits(self, contexts):
        self.seen.append(contexts.tolist())
        return super().all_logits(contexts)

    def generate(self, prompts, n, *, seed, **options):
        self.seen.append((seed, len(prompts)))
        return super().generate(prompts, n, seed=seed, **options)


Noted, Stale, Ahead, Longer, Hidden = (
    type(f"Noted{kind.__name__}", (Noting, kind), {})
    for kind in (SoundModel, *map(mt.MUTANTS.get, ("StaleCache", "LooksAhead", "WindowOneLonger", "HiddenTopK")))
)
RECORDED = np.random.default_rng(0).integers(0, 4, size=(200, 8))


def _item(model, **given):
    """What an item of the decorator finds that was made before the settings were said."""
    with using(Settings()):
        check = mt.parametrize_with_checks([model], only=["session_after_crop"], **given).args[1][0].values[0]
    with pytest.raises(pytest.fail.Exception) as failed:
        check()
    return failed.value


def _report(model, **given):
    report = mt.check_model(model, only=["generate_default_is_chain", "batch_size_tolerance"], **given)
    return report.seed, report.n, report.alpha, report.atol, str(report), [r.message for r in report.results]


CALLS = {
    "check_model": (Noted, _report),
    "run_check": (Stale, lambda model, **given: mt.run_check("session_after_crop", model, **given).message),
    "parametrize_with_checks": (Stale, _item),
    "judge_samples": (Noted, lambda model, **given: mt.judge_samples(model, RECORDED, **given).message()),
    "assert_sequences_from": (Noted, lambda model, **given: mt.assert_sequences_from(model, RECORDED, **given)),
    "assert_samples_chain": (
        Hidden,
        lambda model, **given: mt.assert_samples_chain(model.generate, model, prompts=["000000"], **given),
    ),
    "find_order": (Noted, lambda model, **given: mt.find_order(model, max_length=7, **given).atol),
    "assert_order": (Longer, lambda model, **given: mt.assert_order(model, max_length=7, **given)),
    "assert_causal": (Ahead, lambda model, **given: mt.assert_causal(model, **given)),
    "assert_deterministic": (Noted, lambda model, **given: mt.assert_deterministic(model, **given)),
    "assert_session_matches": (Stale, lambda model, **given: mt.assert_session_matches(model, max_length=7, **given)),
    "judge_sampler": (Hidden, lambda model, **given: judge_sampler(model, states=["000000"], **given)[1]),
}
"""Each with a model in which it has something to say, and what it says."""

TAKEN = {name: set(TOLD) & set(inspect.signature(getattr(mt, name, judge_sampler)).parameters) for name in CALLS}


def _trace(name, **given):
    """What a judgement asks of a model, and says."""
    kind, call = CALLS[name]
    model = kind()
    try:
        said = str(call(model, **given))
    except AssertionError as error:
        said = str(error)
    return model.seen, said


@pytest.mark.parametrize("name", CALLS)
def test_judgement_has_the_settings_that_hold_where_it_is_made(name):
    """As if its caller had given them, all together and one by one; each of them changes what it does or says."""
    usual = _trace(name)
    for told in (TOLD, *({one: TOLD[one]} for one in sorted(TAKEN[name]))):
        given = _trace(name, **{one: value for one, value in told.items() if one in TAKEN[name]})
        with using(Settings(**told)):
            assert _trace(name) == given
        assert given != usual, told


@pytest.mark.parametrize("name", CALLS)
def test_caller_goes_before_the_settings_that_hold(name):
    """Whatever was said elsewhere, the default too can be asked for; the tolerance has none that could be given."""
    given = {one: getattr(Settings(), one) for one in TAKEN[name] - {"atol"}}
    with using(Settings(**{**TOLD, "atol": None})):
        inside = _trace(name, **given)
    assert inside == _trace(name)


def test_no_judgement_is_left_out():
    """Whatever public name takes one of the settings, and has a default for it."""

    def takes(thing):
        parameters = inspect.signature(thing).parameters if inspect.isfunction(thing) else {}
        return any(p.default is not p.empty for name, p in parameters.items() if name in ("alpha", "n", "seed"))

    assert {name for name in mt.__all__ if takes(getattr(mt, name))} == set(CALLS) - {"judge_sampler"}


@pytest.mark.parametrize("name", [name for name in CALLS if name in mt.__all__])
def test_default_is_none_and_the_docstring_says_what_that_means(name):
    """In the same words everywhere, once a setting, or by reference to another function."""
    function = getattr(mt, name)
    parameters = inspect.signature(function).parameters
    assert all(parameters[one].default is None for one in TAKEN[name])
    said = " ".join(inspect.getdoc(function).split())
    assert (
        said.count("what pytest was told") == len(TAKEN[name]) or "As for :func:" in said or "those of :func:" in said
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"alpha": 1}, "alpha is the rate of false alarms, a number between 0 and 1: got 1."),
        ({"alpha": "0.1"}, "alpha is the rate of false alarms, a number between 0 and 1: got '0.1'."),
        ({"n": 0}, "n is a whole number of at least 1: got 0."),
        ({"n": 2.0}, "n is a whole number of at least 1: got 2.0."),
        ({"seed": True}, "seed is a whole number of at least 0: got True."),
        ({"atol": -0.1}, "atol is the largest difference of a probability that is called rounding, at least 0 and"),
        ({"atol": np.nan}, "at least 0 and below 1: got nan."),
        ({"atol": 1.0}, "at least 0 and below 1: got 1.0."),
    ],
)
def test_setting_that_cannot_be_is_refused(given, message):
    """By name, with the value, and what it must be."""
    with pytest.raises(ArgumentError) as error:
        resolved(**given)
    assert message in str(error.value)
    assert error.value.facts == given or np.isnan(given["atol"])


def test_settings_end_with_the_block():
    """Also if it is left by an error; inner ones go before outer ones."""
    with pytest.raises(ZeroDivisionError), using(Settings(seed=1)):  # noqa: PT012  # what is inside is the test
        with using(Settings(seed=2, n=3)):
            assert resolved() == Settings(seed=2, n=3)
        assert resolved() == Settings(seed=1)
        raise ZeroDivisionError
    assert resolved() == Settings()


def test_check_in_a_thread_has_the_settings_of_its_caller():
    """With a deadline it runs in a thread of its own, which does not know them."""
    threads, seeds = set(), set()

    class Where(SoundModel):
        def generate(self, prompts, n, *, seed, **options):
            threads.add(threading.current_thread())
            seeds.add(seed)
            return super().generate(prompts, n, seed=seed, **options)

    with using(Settings(seed=7, n=100)):
        report = mt.check_model(Where(), only=["generate_default_is_chain"], timeout=60)
    assert report.ok, str(report)
    assert threading.main_thread() not in threads
    assert seeds == {7}


def test_items_share_the_exact_chain_whatever_their_settings():
    """One model, one chain: neither the second check nor the first under another seed, which draws anew, asks again."""
    asked, seeds = [], []

    class Counted(SoundModel):
        def next_logits(self, contexts):
            asked.append(len(contexts))
            return super().next_logits(contexts)

        def generate(self, prompts, n, *, seed, **options):
            seeds.append(seed)
            return super().generate(prompts, n, seed=seed, **options)

    mark = mt.parametrize_with_checks([Counted()], only=["generate_default_is_chain", "generate_support"], n=100)
    first, second = (parameter.values[0] for parameter in mark.args[1])
    assert first.suite is second.suite
    first()
    before = len(asked)
    second()
    with using(Settings(seed=1)):
        first()
    first()
    assert len(asked) == before > 0
    assert seeds == [0, 0, 1]


def test_item_carries_what_it_checks_and_what_it_found():
    """In the light of what is expected; the model is that of the suite."""
    model = mt.MUTANTS["StaleCache"]()
    only = ["session_after_crop", "logits_shape"]
    mark = mt.parametrize_with_checks([model], only=only, expected_failures={"session_after_crop": "issue 12"})
    shape, crop = (parameter.values[0] for parameter in mark.args[1])
    assert isinstance(shape, mt.ModelCheck)
    assert (shape.suite.model, shape.check, shape.expected, shape.result) == (model, "logits_shape", None, None)
    shape()
    assert shape.result.outcome == "passed"
    assert crop.expected == "issue 12"
    with pytest.raises(pytest.xfail.Exception, match="issue 12"):
        crop()
    assert (crop.result.outcome, crop.result.message) == ("expected failure", "issue 12")


def test_numbers_of_numpy_are_plain_numbers_in_the_report():
    """JSON has no others."""
    report = mt.check_model(
        mg.from_matrix([[0.5, 0.5]] * 2),
        only=["deterministic"], seed=np.int64(3), n=np.int32(5), alpha=np.float32(0.25), atol=np.float64(0.5),
    )  # fmt: skip
    options = json.loads(FORMATS["json"](report))["options"]
    assert options == {"seed": 3, "n": 5, "alpha": 0.25, "atol": 0.5}
    assert "(seed 3, alpha 0.25 for each check that samples, atol 0.5)" in FORMATS["text"](report)


def test_report_is_shown_to_those_who_ask():
    """With the model, as long as they ask, each of several, and from another thread as well."""
    model, told, outer = SoundModel(), [], []

    def checked():
        return mt.check_model(model, only=["logits_shape"])

    with mt.reports_to(lambda *what: outer.append(what)):
        with mt.reports_to(lambda *what: told.append(what)):
            report = checked()
            thread = threading.Thread(target=checked)
            thread.start()
            thread.join()
        checked()
    checked()
    assert told[0] == (model, report)
    assert [len(told), len(outer)] == [2, 3]


def test_nobody_is_told_any_more_after_an_error():
    """Nor is the error lost."""
    told = []
    with pytest.raises(ZeroDivisionError), mt.reports_to(lambda *what: told.append(what)):
        raise ZeroDivisionError
    mt.check_model(SoundModel(), only=["logits_shape"])
    assert told == []
