"""Do installed packages bring models, and does a broken one break nothing but itself?"""

from __future__ import annotations

import json
import sys

import pytest
from click.testing import CliRunner

import markovgpt as mg
from markovgpt import ModelLoadError
from markovgpt.cli import main

COIN = """
import markovgpt as mg

def coin(*, bias: float = 0.5):
    return mg.from_matrix([[1 - bias, bias]] * 2, name="coin")

fair = coin()
"""

BREAKS = {
    "raises": ("raise RuntimeError('no licence')", "RuntimeError: no licence"),
    "imports what is not there": ("import fake_nowhere", "ModuleNotFoundError: No module named 'fake_nowhere'"),
    "has a slip": ("def load(:", "SyntaxError: invalid syntax"),
    "leaves": ("import sys\nsys.exit(3)", "the model ended the program: SystemExit(3)"),
    "lacks the attribute": ("", "AttributeError: "),
}


@pytest.fixture
def good(install):
    """A package with a factory and a finished model."""
    install("fake-good", COIN, {"coin": "coin", "fair-coin": "fair"})


@pytest.fixture(params=BREAKS.values(), ids=BREAKS)
def broken(install, request):
    """A package whose model cannot be imported; the reason."""
    code, reason = request.param
    install("fake-broken", code, {"wreck": "load"})
    return reason


def _program(*words):
    return CliRunner().invoke(main, list(words), catch_exceptions=False)


@pytest.mark.usefixtures("good")
def test_plugin_is_loaded_by_name():
    """A factory takes options, read as its types; a finished model is itself."""
    assert mg.build_chain(mg.load_model("coin", bias="0.25")).row("0").tolist() == pytest.approx([0.75, 0.25])
    assert mg.load_model("fair-coin").name == "coin"


@pytest.mark.usefixtures("good")
def test_models_lists_plugins_without_importing_them():
    """Name, package and place; the package stays where it is."""
    entries = {entry.name: entry for entry in mg.list_models()}
    assert entries["coin"].source == "fake-good"
    assert entries["coin"].description == "fake_good:coin"
    assert "fake_good" not in sys.modules
    assert "coin" in _program("models").stdout
    assert "fake_good" not in sys.modules


@pytest.mark.usefixtures("good", "broken")
def test_broken_plugin_does_not_break_the_others():
    """Loading a good one, a built-in one, the list, and an analysis."""
    assert mg.load_model("fair-coin").vocab_size == 2
    assert mg.load_model("mingpt", vocab_size=3).vocab_size == 3
    assert {"coin", "wreck"} <= {entry.name for entry in mg.list_models()}
    assert _program("analyze", "--model", "coin").exit_code == 0
    assert _program("models").exit_code == 0
    assert "fake_broken" not in sys.modules


def test_broken_plugin_is_refused_with_its_reason(broken):
    """Package, model, reason, and how to be rid of it."""
    with pytest.raises(ModelLoadError, match="The plugin fake-broken, which brings the model 'wreck'") as caught:
        mg.load_model("wreck")
    assert broken in str(caught.value)
    assert str(caught.value).endswith("To remove it: pip uninstall fake-broken")


def test_broken_plugin_on_the_command_line_is_exit_code_3(broken):
    """The reason stands in the last line."""
    result = _program("analyze", "--model", "wreck")
    assert result.exit_code == 3
    last = result.stderr.splitlines()[-1]
    assert last.startswith("Error: The plugin fake-broken")
    assert broken in last


@pytest.mark.usefixtures("good")
def test_plugins_reports_what_was_broken_and_what_was_not(broken):
    """One record a model; a remedy for the broken one only."""
    reports = {report.model: report for report in mg.list_plugins() if report.package.startswith("fake-")}
    assert set(reports) == {"coin", "fair-coin", "wreck"}  # beside those that are installed here
    assert (reports["coin"].problem, reports["coin"].remedy, reports["coin"].version) == ("", "", "1.2")
    assert broken in reports["wreck"].problem
    assert reports["wreck"].remedy == "pip uninstall fake-broken"


@pytest.mark.usefixtures("good")
def test_plugins_command_is_a_finding_when_one_is_broken(broken):
    """Exit code 1, the reason and the remedy; the good ones are "ok"."""
    result = _program("plugins")
    text = " ".join(result.stdout.split())
    assert result.exit_code == 1
    assert result.stderr == ""
    assert "fake-good 1.2 coin ok" in text
    assert "fake-broken 1.2 wreck broken: " in text
    assert "pip uninstall fake-broken" in text


@pytest.mark.usefixtures("good")
def test_plugins_command_for_programs(broken):
    """The same as records."""
    result = _program("plugins", "--json")
    found = {record["model"]: record for record in json.loads(result.stdout)}
    assert result.exit_code == 1
    assert found["coin"] == {
        "package": "fake-good",
        "version": "1.2",
        "model": "coin",
        "place": "fake_good:coin",
        "problem": "",
        "remedy": "",
    }
    assert broken in found["wreck"]["problem"]


@pytest.mark.usefixtures("good")
def test_plugins_command_is_0_when_all_are_well():
    """Nothing found, nothing to do."""
    assert _program("plugins").exit_code == 0


def test_plugins_command_says_how_to_begin_when_there_is_none():
    """No package brings models here."""
    if mg.list_plugins():  # the developer's own machine may have some installed
        return
    result = _program("plugins")
    assert result.exit_code == 0
    assert "No plugin is installed. To write one: markovgpt new plugin NAME" in result.stdout


def test_factory_of_a_plugin_that_fails_is_named(install):
    """Importing went well; building did not."""
    install("fake-factory", "def load():\n    raise OSError('no weights')\n", {"factory": "load"})
    with pytest.raises(ModelLoadError, match="factory could not be built: OSError: no weights"):
        mg.load_model("factory")


def test_thing_of_a_plugin_that_is_no_model_is_refused(install):
    """A number is none."""
    install("fake-number", "five = 5\n", {"five": "five"})
    with pytest.raises(mg.MarkovGPTError, match="A model needs `vocab_size`"):
        mg.load_model("five")
