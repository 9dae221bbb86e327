"""Does the report say what was found, to programs and readers, and is it safe to open?"""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import markovgpt as mg
from markovgpt.pytest_plugin.page import page
from markovgpt.pytest_plugin.report import report_to_dict
from markovgpt.pytest_plugin.results import Found
from markovgpt.pytest_plugin.settings import RunSettings
from markovgpt.testing.checks import CHECKS
from markovgpt.testing.settings import Settings

FAULTY = "models.py:faulty"
HOSTILE = (
    "</pre><script src='https://evil.example/x.js'>alert(1)</script><img src=x onerror=alert(1)>&amp;\x1b[31m\udc80"
)
SUITE = """
from markovgpt.testing import check_model, parametrize_with_checks
from models import fair, faulty
NAMES = ["deterministic", "batch_size_tolerance", "causal"]

@parametrize_with_checks([faulty], only=NAMES)
def test_models(check):
    check()

def test_report():
    assert check_model(fair, only=NAMES, seed=3, alpha=0.01).ok
"""


def _settings(**given):
    usual = {"models": ("m",), "asked": True, "judged": Settings(), "expected": {}, "xfails": None}
    return RunSettings(**{**usual, "strict_models": False, "report": None, **given})


def _entry(**given):
    model = {"model": "m", "spec": "", "fingerprint": "", "vocab_size": 2, "context_length": 1}
    return {
        **model,
        "check": "causal",
        "outcome": "passed",
        "message": "",
        "seconds": 0.5,
        "alpha": 1e-6,
        "n": 1,
        "seed": 0,
        "atol": None,
        "test": "t::a",
        **given,
    }


def _document(*entries, **settings):
    found = Found()
    found.add("t", "call", list(entries))
    return report_to_dict(found, _settings(**settings))


@pytest.fixture
def written(folder):
    """The report of a run of the suite above, as data."""

    def of(run_it, *arguments):
        folder.makepyfile(test_suite=SUITE)
        folder.syspathinsert()
        result = run_it("--markovgpt-report", "out/report.json", *arguments)
        place = folder.path / "out" / "report.json"
        assert f"markovgpt: wrote {place}" in result.outlines
        return json.loads(place.read_text(encoding="utf-8"))

    return of


def test_data_say_what_was_found(run, written):
    """Models with sizes, checks with outcome and message, each with the settings that it was run with."""
    document = written(run, "--markovgpt-seed", 7, "--markovgpt-atol", 0.001)
    assert document["options"] == {
        "models": [], "alpha": 1e-6, "n": 20_000, "seed": 7, "atol": 0.001, "xfails": None,
    }  # fmt: skip
    assert document["ok"] is False
    assert document["counts"] == {"passed": 3, "noted": 0, "failed": 1, "expected_failure": 0, "skipped": 2}
    fair, faulty = document["models"]
    assert (fair["name"], fair["vocab_size"], fair["context_length"]) == ("fair", 2, 1)
    assert [(c["check"], c["outcome"], c["seed"], c["alpha"], c["atol"]) for c in fair["checks"]] == [
        ("deterministic", "passed", 3, 0.01, 0.001),
        ("batch_size_tolerance", "passed", 3, 0.01, 0.001),
        ("causal", "skipped", 3, 0.01, 0.001),
    ]
    assert [(c["check"], c["outcome"]) for c in faulty["checks"]] == [
        ("deterministic", "passed"),
        ("batch_size_tolerance", "failed"),
        ("causal", "skipped"),
    ]
    assert faulty["checks"][1]["message"].startswith("faulty: the law of a context depends on the size of the batch")
    assert faulty["checks"][2]["message"] == "no all_logits"
    assert faulty["checks"][0]["test"] == "test_suite.py::test_models[faulty-deterministic]"


def test_workers_find_the_same(run, run_program, written):
    """Two of them, in another order; all but the time it took."""

    def timeless(document):
        for model in document["models"]:
            for check in model["checks"]:
                assert check.pop("seconds") >= 0
        return document

    assert timeless(written(run_program, "-n", "2")) == timeless(written(run))


def test_data_name_the_model_and_its_fingerprint(run, folder):
    """As it was named, and as the weights are."""
    run("--markovgpt-model", "babygpt", "--markovgpt-report", "r.json", "-k", "deterministic")
    [model] = json.loads((folder.path / "r.json").read_text())["models"]
    expected = mg.load_model("babygpt")
    assert (model["name"], model["spec"]) == ("babygpt", "babygpt")
    assert model["fingerprint"] == expected.fingerprint != ""


def test_model_that_a_worker_cannot_build_is_in_the_report(run_program, folder):
    """Every check fails, and says why, in words."""
    result = run_program("--markovgpt-model", "models.py:unbuildable", "-n", "1", "--markovgpt-report", "r.json", "-q")
    result.assert_outcomes(errors=len(CHECKS))
    document = json.loads((folder.path / "r.json").read_text())
    assert document["counts"]["failed"] == len(CHECKS)
    assert "could not be built: RuntimeError: no weights" in document["models"][0]["checks"][0]["message"]


def test_run_without_a_check_is_not_ok(run, folder):
    """Nothing was shown to be right; the page says so."""
    folder.makepyfile(test_ordinary="def test_it():\n    pass\n")
    run("--markovgpt-report", "r.json").assert_outcomes(passed=1)
    assert json.loads((folder.path / "r.json").read_text())["ok"] is False
    assert "No check ran, so nothing is known." in page(_document())
    assert _document(_entry(outcome="skipped"))["ok"] is False
    assert _document(_entry())["ok"] is True


def test_report_that_can_no_longer_be_written_fails_the_run(run, folder):
    """The folder was there at the beginning."""
    folder.makepyfile(
        test_removes="import shutil\ndef test_it():\n    shutil.rmtree('out')\n    open('out', 'w').close()\n"
    )
    result = run("--markovgpt-report", "out/r.json")
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["markovgpt: the report cannot be written to *r.json: Not a directory"])


def test_run_that_is_refused_writes_no_report(run, folder):
    """Nor does the try at the beginning leave an empty file behind."""
    run("--markovgpt-report", "r.json", "--markovgpt-model", "babygpd")
    assert not (folder.path / "r.json").exists()


def test_data_are_described():
    """Every key, those in lists as well, in the section of the architecture page."""
    page = Path(__file__).parents[2].joinpath("docs", "architecture.md").read_text(encoding="utf-8")
    section = page.split("### The report of a run of pytest")[1].split("## ")[0]

    def keys(value):
        if isinstance(value, dict):
            return set(value).union(*map(keys, value.values()))
        return set().union(*map(keys, value)) if isinstance(value, list) else set()

    named = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", section))))
    assert keys(_document(_entry(), _entry())) - named == set()


class _Tags(HTMLParser):
    """Tags, attributes and texts of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.texts = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.texts.append(data)


@pytest.mark.parametrize("place", ["model", "spec", "fingerprint", "message", "test", "check"])
@pytest.mark.parametrize("outcome", ["failed", "skipped"])
def test_page_escapes_every_text(place, outcome):
    """Whatever a model is called or says: it is shown, letter by letter, and makes no tag."""
    usual, hostile = _entry(outcome=outcome), _entry(**{"outcome": outcome, place: HOSTILE})
    harmless, shown = _Tags(page(_document(usual, usual))), _Tags(page(_document(hostile, hostile)))
    assert shown.tags == harmless.tags
    assert {name for name, _ in shown.attributes} == {name for name, _ in harmless.attributes}
    assert any(HOSTILE in text for text in shown.texts)


def test_page_fetches_nothing():
    """No address, no script, and a policy that forbids both."""
    text = page(_document(_entry(outcome="failed", message="m"), xfails="x.toml"))
    assert "http" not in text.replace("http-equiv", "")
    assert "url(" not in text
    assert "default-src 'none'" in text


def test_page_says_what_the_data_say():
    """Failures first; every message of them; the counts."""
    texts = _Tags(
        page(_document(_entry(check="causal"), _entry(check="deterministic", outcome="failed", message="why")))
    ).texts
    assert "2 checks: 1 passed, 1 failed" in texts
    assert texts.index("deterministic") < texts.index("why") < texts.index("causal")


def test_page_of_a_run_is_written(run, folder):
    """By its suffix, with a character that UTF-8 has not."""
    (folder.path / "odd.py").write_text(
        "import models\nclass Odd:\n    vocab_size, context_length, name = 2, 1, 'odd \\udc80'\n"
        "    def next_logits(self, contexts):\n        return models.fair.next_logits(contexts)\n",
        encoding="utf-8",
    )
    folder.syspathinsert()
    run("--markovgpt-model", "odd.py:Odd", "--markovgpt-report", "r.html", "-k", "deterministic").assert_outcomes(
        passed=1, deselected=len(CHECKS) - 1
    )
    assert "odd \\udc80" in (folder.path / "r.html").read_text(encoding="utf-8")


def _json(folder):
    return json.loads((folder.path / "r.json").read_text(encoding="utf-8"))


STOPS = "from models import fair, faulty\nfrom markovgpt.testing import parametrize_with_checks\n"
ITEMS = (
    "@parametrize_with_checks([fair], only=['deterministic', 'logits_shape'])\ndef test_checks(check):\n    check()\n"
)


@pytest.mark.parametrize(
    ("source", "arguments"),
    [
        (f"{STOPS}def test_first():\n    assert False\n{ITEMS}", ["-x"]),
        (
            f"import pytest\n{STOPS}{ITEMS}def test_stop():\n    pytest.exit('')\ndef test_after():\n    pass\n",
            [],
        ),
        (f"{STOPS}{ITEMS}def test_stop():\n    assert False\ndef test_after():\n    pass\n", ["--maxfail", "1"]),
    ],
    ids=["exitfirst", "by hand", "maxfail"],
)
def test_run_that_is_stopped_is_not_ok(run, folder, source, arguments):
    """Whatever passed until then."""
    folder.makepyfile(test_stopped=source)
    folder.syspathinsert()
    run("--markovgpt-report", "r.json", *arguments)
    document = _json(folder)
    assert document["counts"]["failed"] == 0
    assert (document["interrupted"], document["ok"]) == (True, False)
    assert "The run was interrupted before all tests had run." in page(document)


def test_run_whose_last_test_fails_was_not_stopped(run, folder):
    """With -x as without: all tests ran."""
    folder.makepyfile(test_ends=f"{STOPS}{ITEMS}def test_last():\n    assert False\n")
    folder.syspathinsert()
    run("--markovgpt-report", "r.json", "-x").assert_outcomes(passed=2, failed=1)
    document = _json(folder)
    assert (document["interrupted"], document["ok"]) == (False, True)
    assert "interrupted" not in page(document)


def test_workers_that_are_stopped_are_not_ok(run_program, folder):
    """By the controller."""
    folder.makepyfile(test_stopped=f"{STOPS}def test_first():\n    assert False\n{ITEMS * 8}")
    (folder.path / "conftest.py").write_text("import sys\nsys.path.insert(0, '.')\n", encoding="utf-8")
    run_program("--markovgpt-report", "r.json", "-n", 1, "-x", "-p", "no:randomly")
    assert _json(folder)["interrupted"] is True


TAKES = "def test_takes(markov_model):\n    assert markov_model.vocab_size == 2\n"


@pytest.mark.parametrize("workers", [False, True], ids=["here", "workers"])
def test_models_that_are_not_checked_are_named(run, run_program, folder, workers):
    """Because a test takes them: in the terminal, the data and the page."""
    folder.makepyfile(test_takes=f"{TAKES}def test_other(markov_model):\n    pass\n")
    arguments = ["--markovgpt-model", "models.py:fair", "--markovgpt-report", "r.json", "-p", "no:randomly"]
    result = run_program(*arguments, "-n", 1) if workers else run(*arguments)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        ["markovgpt: the checks of models.py:fair were not run: test_takes and 1 other take markov_model "
         "(check_model(markov_model) in a test runs them)"]
    )  # fmt: skip
    assert _json(folder)["not_checked"] == ["models.py:fair"]
    assert "Not checked: models.py:fair" in page(_json(folder))


def test_models_that_a_test_checks_are_not_named(run, folder):
    """It takes the model and runs the checks; of another model, which it leaves out, it does not."""
    folder.makepyfile(
        test_takes="from markovgpt.testing import check_model\n"
        "def test_takes(markov_model):\n"
        "    if markov_model.name == 'fair':\n        check_model(markov_model, only=['deterministic'])\n"
    )
    models = ["--markovgpt-model", "models.py:fair", "--markovgpt-model", FAULTY]
    result = run("--markovgpt-report", "r.json", *models)
    result.stdout.fnmatch_lines([f"markovgpt: the checks of {FAULTY} were not run: test_takes takes markov_model (*"])
    assert _json(folder)["not_checked"] == [FAULTY]
    result = run("--markovgpt-report", "r.json", "--markovgpt-model", "models.py:fair")
    assert "were not run" not in result.stdout.str()
    assert _json(folder)["not_checked"] == []


def test_models_of_the_ini_file_are_said_to_be_for_tests(run, folder):
    """Where nothing checks them; nor are they missed where they are collected."""
    folder.makeini("[pytest]\nmarkovgpt_model = models.py:fair\n")
    folder.makepyfile(test_takes=TAKES)
    line = (
        "markovgpt: models of the configuration are for tests that take markov_model; --markovgpt-model SPEC collects "
        "their checks"
    )
    assert line in run("--markovgpt-report", "r.json").outlines
    assert _json(folder)["not_checked"] == ["models.py:fair"]
    (folder.path / "test_takes.py").unlink()
    result = run("--markovgpt-report", "r.json", "--markovgpt-model", "models.py:fair", "-k", "deterministic")
    assert line not in result.outlines
    assert _json(folder)["not_checked"] == []
