"""Is every mutant caught by the checks that it names, and by no other, and has every check a mutant?"""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from markovgpt.testing import CAUGHT_BY, CHECKS, MUTANTS, check_model, run_check
from markovgpt.testing.mutants import SoundModel

NAMES = list(MUTANTS)
SUBTLE = ["OneStateOf4096", "OneSamplerStateOf4096", "TemperatureAfterTopP", "TiesAtTheCut", "SlidesOnceOnly"]


def caught(model, **options):
    """The checks that saw something."""
    return {result.check for result in check_model(model, **options).results if result.outcome in ("failed", "noted")}


@pytest.mark.parametrize("name", NAMES)
def test_mutant_is_caught_by_exactly_the_checks_that_it_names(name):
    """The whole row of the matrix: a report that blames everything helps nobody."""
    assert caught(MUTANTS[name]()) == set(CAUGHT_BY[name])


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("name", SUBTLE)
def test_subtle_mutant_is_caught_with_other_seeds(name, seed):
    """Other weights, other draws."""
    first = CAUGHT_BY[name][0]
    assert run_check(first, MUTANTS[name](seed=seed), seed=seed).outcome == "failed"


def test_every_check_has_a_mutant():
    """And mutants name checks only."""
    assert {check for checks in CAUGHT_BY.values() for check in checks} == set(CHECKS)


def test_there_are_enough_mutants_and_each_says_what_was_slipped():
    """In one paragraph of its own."""
    assert len(MUTANTS) >= 25
    own = [inspect.getdoc(mutant) for mutant in MUTANTS.values()]
    assert len(set(own)) == len(own)
    assert inspect.getdoc(SoundModel) not in own


@pytest.mark.parametrize(("V", "K"), [(3, 1), (3, 3), (5, 2), (4, 6)])
def test_sound_model_fails_nothing_and_skips_nothing(V, K):
    """It has every capability; of a context of one token, no prompt is shorter."""
    report = check_model(SoundModel(V, K, seed=V))
    skipped = {result.check for result in report.results if result.outcome == "skipped"}
    assert skipped == ({"generate_short_prompts"} if K == 1 else set())
    assert report.counts["passed"] == len(CHECKS) - len(skipped), str(report)


def test_one_wrong_state_of_4096_is_named():
    """The context that collides: once at length K, and once at each of the eight lengths after it."""
    result = run_check("session_equals_recompute", MUTANTS["OneStateOf4096"]())
    assert "differ     9 of " in result.message
    assert "after '010101'" in result.message


def test_slip_after_the_second_slide_is_right_after_the_first():
    """The first window that slid is answered rightly: a check that stops there sees nothing."""
    mutant, sound = MUTANTS["SlidesOnceOnly"](), SoundModel()
    sessions = [model.session(1) for model in (mutant, sound)]
    laws = [[session.feed(token).tolist() for token in np.array([[0], [1], [0], [0], [1]])] for session in sessions]
    assert laws[0][:4] == laws[1][:4]
    assert laws[0][4] != laws[1][4]
