"""Does a report say what was found, are expected failures strict, and do other programs understand it?"""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

import markovgpt as mg
from markovgpt import ArgumentError
from markovgpt.testing import CHECKS, MUTANTS, CheckReport, CheckResult, check_model, parametrize_with_checks
from markovgpt.testing.formats import FORMATS, report_to_dict
from markovgpt.testing.mutants import SoundModel

FEW = ["logits_shape", "causal", "session_after_crop", "order_tight"]


@pytest.fixture(scope="module")
def stale():
    """A model whose cache is stale; one failure, which is not expected."""
    return check_model(MUTANTS["StaleCache"](), only=FEW, spec="stale.py:Model")


def test_report_counts_what_was_found(stale):
    """In the order of the checks."""
    assert [result.check for result in stale.results] == ["logits_shape", "order_tight", "causal", "session_after_crop"]
    assert stale.counts == {"passed": 3, "failed": 1}
    assert not stale.ok
    assert stale.summary() == "StaleCache: 4 checks: 3 passed, 1 failed"
    assert str(stale).startswith(
        "StaleCache: 4 checks: 3 passed, 1 failed\nsession_after_crop: StaleCache: after the window"
    )


def test_failure_names_what_where_and_how_to_see_it_again(stale):
    """The form of every message: compared, how many differ, the worst place, both laws, likely, reproduce."""
    message = stale.results[-1].message
    lines = message.splitlines()
    assert [line.split()[0] for line in lines[1:5]] == ["compared", "differ", "worst", "next"]
    assert [line.split()[0] for line in lines[-2:]] == ["likely", "reproduce"]
    assert lines[1].endswith("windows that slid 2 times, and fresh sessions")
    assert lines[2] == "  differ     135 of 135 laws that were compared"
    assert lines[-1] == "  reproduce  markovgpt check stale.py:Model --only session_after_crop --seed 0"


def test_pass_says_what_was_compared():
    """All contexts, and the largest difference."""
    result = check_model(SoundModel(), only=["causal"]).results[0]
    assert result.message == (
        "all 27 contexts of length 3 (exhaustive); 81 laws, the largest difference of a probability is 0"
    )


def test_check_that_informs_notes_and_does_not_fail():
    """The oldest token counts for nothing: worth knowing, and no fault."""
    report = check_model(MUTANTS["OldestTokenIgnored"](), only=["order_tight"])
    assert report.ok
    assert report.counts == {"noted": 1}
    assert "no law was found that depends on the oldest of K=3 tokens" in str(report)


def test_expected_failure_is_no_failure():
    """It failed, as was declared, and the reason is kept."""
    report = check_model(MUTANTS["StaleCache"](), only=FEW, expected_failures={"session_after_crop": "issue 12"})
    assert report.ok
    assert report.counts == {"passed": 3, "expected failure": 1}
    assert "session_after_crop expected failure: issue 12" in str(report)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        pytest.param(SoundModel(), "it is expected to fail (issue 12), but it passes.", id="passes"),
        pytest.param(mg.from_matrix([[0.5, 0.5]] * 2), "but it is skipped: no session.", id="is skipped"),
        pytest.param(MUTANTS["OldestTokenIgnored"](), "but it passes.", id="informs"),
    ],
)
def test_expected_failure_is_strict(model, words):
    """What does not fail is taken out of the list, or forgotten there for ever."""
    name = "order_tight" if isinstance(model, MUTANTS["OldestTokenIgnored"]) else "session_after_crop"
    report = check_model(model, only=[name, "logits_shape"], expected_failures={name: "issue 12"})
    assert not report.ok
    assert words in next(result.message for result in report.results if result.check == name)


def test_run_in_which_no_check_ran_fails():
    """Skipped is not passed."""
    report = check_model(mg.from_matrix([[0.5, 0.5]] * 2), only=["causal", "padding"])
    assert report.counts == {"skipped": 2}
    assert not report.ok
    assert "nothing is known of this model" in str(report)


def test_skip_leaves_a_check_out():
    """It is not counted either."""
    report = check_model(mg.from_matrix([[0.5, 0.5]] * 2), skip=["padding"])
    assert len(report.results) == len(CHECKS) - 1


def test_same_seed_gives_the_same_report():
    """Message by message; another seed draws other tokens."""
    first, again, other = (check_model(SoundModel(), seed=seed, n=2000) for seed in (3, 3, 4))
    assert [r.message for r in first.results] == [r.message for r in again.results]
    assert [r.message for r in first.results] != [r.message for r in other.results]


def _report(**more):
    texts = {"message": "M: bad % <tag> & \x00\n  worst      after 'é'"} | more
    results = (
        CheckResult(check="logits_shape", outcome="passed", message="contexts", seconds=0.25),
        CheckResult(check="causal", outcome="failed", **texts),
        CheckResult(check="padding", outcome="skipped", message="no padded_logits"),
        CheckResult(check="deterministic", outcome="expected failure", message="dropout, on purpose"),
        CheckResult(check="order_tight", outcome="noted", message="M: shorter\n  likely     a crop"),
    )
    return CheckReport(model="M:1, a", results=results, seed=0, n=100, alpha=1e-6)


def test_json_has_every_result(stale):
    """The same as the record, and it says which program wrote it."""
    document = json.loads(FORMATS["json"](stale))
    assert document == report_to_dict(stale)
    assert document["schema_version"] == 1
    assert document["counts"] == {"passed": 3, "noted": 0, "failed": 1, "expected_failure": 0, "skipped": 0}
    assert document["checks"][-1]["message"] == stale.results[-1].message


@pytest.mark.parametrize(("broken", "kind"), [(False, "failure"), (True, "error")])
def test_junit_is_xml_that_counts_as_pytest_does(broken, kind):
    """Characters that XML cannot hold are replaced; a model that raised is an error, a finding a failure."""
    root = ET.fromstring(FORMATS["junit"](_report(broken=broken)))  # noqa: S314  # our own text
    suite = root.find("testsuite")
    other = {"failure": "errors", "error": "failures"}[kind]
    assert {key: suite.get(key) for key in ("tests", kind + "s", other, "skipped")} == {
        "tests": "5", kind + "s": "1", other: "0", "skipped": "2",
    }  # fmt: skip
    cases = {case.get("name"): case for case in suite}
    assert cases["causal"].find(kind).text == "M: bad % <tag> & \ufffd\n  worst      after 'é'"
    assert cases["deterministic"].find("skipped").get("message") == "expected failure: dropout, on purpose"
    assert cases["logits_shape"].get("time") == "0.250"
    assert {case.get("classname") for case in suite} == {"M:1, a"}


def test_github_commands_are_escaped():
    """One line an annotation: percent signs, line ends, and colons and commas in the title."""
    lines = FORMATS["github"](_report()).splitlines()
    assert lines[0] == ("::error title=M%3A1%2C a%3A causal::M: bad %25 <tag> & \x00%0A  worst      after 'é'")
    assert lines[1] == "::notice title=M%3A1%2C a%3A order_tight::M: shorter%0A  likely     a crop"
    assert lines[2] == "M:1, a: 5 checks: 1 passed, 1 noted, 1 failed, 1 expected failure, 1 skipped"


def test_text_shows_one_line_a_check_and_failures_in_full(stale):
    """With what was compared, and where to go on."""
    text = FORMATS["text"](stale)
    assert "  ok     logits_shape        contexts of length 1 to 3, in a batch and alone\n" in text
    assert f"\nFAIL  session_after_crop\n{stale.results[-1].message}\n" in text
    assert text.endswith("What a check does, and how to mend what it found: markovgpt explain CHECK\n")


def test_report_that_is_not_ok_raises_its_text(stale):
    """And is told in a line where it is shown as a value; one that is ok raises nothing."""
    with pytest.raises(AssertionError) as failed:
        stale.raise_if_failed()
    assert str(failed.value) == str(stale)
    assert repr(stale) == "<CheckReport StaleCache: 4 checks: 3 passed, 1 failed: session_after_crop>"
    good = check_model(SoundModel(), only=["logits_shape"])
    assert good.raise_if_failed() is None
    assert repr(good) == "<CheckReport sound: 1 check: 1 passed>"
    with pytest.raises(AssertionError, match="nothing is known of this model"):
        check_model(mg.from_matrix([[0.5, 0.5]] * 2), only=["causal"]).raise_if_failed()


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        (["causal"], r"""expected_failures are reasons by name, {"causal": "on purpose"}: got \['causal'\]"""),
        ({"causal": ""}, "causal is expected to fail: say why, in a text. Got ''"),
        ({"causal": None}, "causal is expected to fail: say why, in a text. Got None"),
    ],
)
def test_expected_failures_without_reasons_are_refused(expected, words):
    """In the report and by the decorator."""
    for use in (check_model, lambda model, **given: parametrize_with_checks([model], **given)):
        with pytest.raises(ArgumentError, match=words):
            use(SoundModel(), expected_failures=expected)
