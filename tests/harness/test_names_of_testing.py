"""Is every name of ``markovgpt.testing`` there, documented, and cheap until it is used?"""

from __future__ import annotations

import subprocess
import sys

import pytest

import markovgpt.testing as mt
from markovgpt.errors import ArgumentError

ASSERTIONS = [name for name in mt.__all__ if name.startswith("assert_")]


@pytest.mark.parametrize("name", mt.__all__)
def test_name_is_there_and_documented(name):
    thing = getattr(mt, name)
    assert thing.__doc__
    assert name in dir(mt)


def test_all_promised_assertions_are_there():
    promised = (
        "same_chain samples_chain sequences_from session_matches order causal deterministic stochastic stationary"
    )
    promised += " irreducible aperiodic reaches never no_trap matches_ngrams horizon_tv matches_golden"
    assert {f"assert_{name}" for name in promised.split()} <= set(ASSERTIONS)


@pytest.mark.parametrize("name", ASSERTIONS)
def test_assertion_says_what_it_raises(name):
    assert "AssertionError" in getattr(mt, name).__doc__


@pytest.mark.parametrize("name", ASSERTIONS)
def test_frame_of_an_assertion_is_hidden_from_tracebacks(name):
    """pytest then shows the line of the test that called it."""
    assert "__tracebackhide__" in getattr(mt, name).__code__.co_varnames


def test_importing_it_loads_no_library():
    code = (
        "import sys, markovgpt.testing; print([m for m in ('numpy', 'scipy', 'torch', 'pytest') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'assert_nothing'"):
        mt.assert_nothing  # noqa: B018  # the access is the test


@pytest.mark.parametrize(
    "call",
    [
        lambda: mt.assert_same_chain(3, 4),
        lambda: mt.assert_samples_chain(print, 4),
        lambda: mt.assert_sequences_from(4, [[0]]),
        lambda: mt.assert_session_matches(4, max_length=2),
        lambda: mt.assert_order(4),
        lambda: mt.assert_causal(4),
        lambda: mt.assert_deterministic(4),
        lambda: mt.assert_stochastic(4),
        lambda: mt.assert_stationary(4, [1]),
        lambda: mt.assert_irreducible(4),
        lambda: mt.assert_aperiodic(4),
        lambda: mt.assert_reaches(4, "0", "1"),
        lambda: mt.assert_never(4, "1"),
        lambda: mt.assert_no_trap(4),
        lambda: mt.assert_matches_ngrams(4, "01", max_tv=0.1),
        lambda: mt.assert_horizon_tv(4, 4, 2, 0.1),
        lambda: mt.assert_matches_golden(4, "none.json"),
        lambda: mt.approx_chain(4),
        lambda: mt.save_golden(4, "none.json"),
    ],
)
def test_what_is_no_chain_and_no_model_is_refused(call):
    """An error of the caller, not of what is tested."""
    with pytest.raises(ArgumentError):
        call()
