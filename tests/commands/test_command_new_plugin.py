"""Does ``markovgpt new plugin`` write a package that works?"""

from __future__ import annotations

import importlib.util
import re
import sys
import tomllib
from pathlib import Path

import pytest

import markovgpt as mg
from markovgpt.testing import CHECKS, check_model


@pytest.fixture
def coin(run):
    """The folder of a plugin called "coin-flip"."""
    result = run("new", "plugin", "coin-flip")
    assert result.exit_code == 0, result.stderr
    return Path("markovgpt-coin-flip")


@pytest.fixture
def module(coin):
    """Its module, imported from the folder."""
    place = coin / "src" / "markovgpt_coin_flip" / "__init__.py"
    spec = importlib.util.spec_from_file_location("markovgpt_coin_flip", place)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_new_plugin_says_what_to_do_next(run):
    """Install, then analyse; both lines are to be copied."""
    result = run("new", "plugin", "coin")
    assert "pip install -e 'markovgpt-coin[test]'" in result.stdout
    assert "markovgpt analyze --model coin" in result.stdout


def test_new_plugin_has_the_files_of_a_package(coin):
    """Package, tests, metadata, a page."""
    files = {str(path.relative_to(coin)) for path in coin.rglob("*") if path.is_file()}
    assert files == {"README.md", "pyproject.toml", "src/markovgpt_coin_flip/__init__.py", "tests/test_model.py"}


def test_new_plugin_leaves_nothing_to_fill_in(coin):
    """No "$name" of the template is left."""
    for path in coin.rglob("*"):
        if path.is_file():
            assert not re.search(r"\$\w|MODULE", path.read_text(encoding="utf-8")), path


def test_new_plugin_has_metadata_that_name_the_model(coin):
    """The entry point leads to the factory, and the wheel has the package."""
    metadata = tomllib.loads((coin / "pyproject.toml").read_text(encoding="utf-8"))
    assert metadata["project"]["name"] == "markovgpt-coin-flip"
    assert metadata["project"]["entry-points"]["markovgpt.models"] == {"coin-flip": "markovgpt_coin_flip:load"}
    assert (coin / metadata["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"][0]).is_dir()


def test_new_plugin_compiles(coin):
    """Every Python file."""
    for path in coin.rglob("*.py"):
        compile(path.read_text(encoding="utf-8"), str(path), "exec")


def test_new_plugin_brings_a_model_that_keeps_the_rules(module):
    """All checks that apply; those that need another method than ``next_logits`` are skipped."""
    report = check_model(module.load())
    assert report.ok, str(report)
    skipped = {result.check for result in report.results if result.outcome == "skipped"}
    assert skipped == {name for name, check in CHECKS.items() if check.needs}


def test_new_plugin_brings_the_chain_that_it_says(module):
    """Tomorrow is like today with probability stay."""
    chain = mg.build_chain(module.load(stay=0.9))
    assert chain.row("dry") == pytest.approx([0.9, 0.1])
    assert chain.row("wet") == pytest.approx([0.1, 0.9])


def test_new_plugin_passes_its_own_tests(coin, module, monkeypatch):
    """Those that it was written with, called by hand."""
    monkeypatch.setitem(sys.modules, "markovgpt_coin_flip", module)
    spec = importlib.util.spec_from_file_location("test_model_of_coin", coin / "tests" / "test_model.py")
    tests = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tests)
    tests.test_weather_is_fair_in_the_long_run()


def test_new_plugin_can_be_analysed_before_it_is_installed(run, coin):
    """By its place, with the option of its page."""
    result = run("analyze", "--model", f"{coin}/src/markovgpt_coin_flip/__init__.py:load", "-M", "stay=0.7")
    assert result.exit_code == 0, result.stderr
    assert "70.00%" in result.stdout


def test_new_plugin_is_made_where_it_is_asked_for(run):
    """Folders above are made."""
    assert run("new", "plugin", "coin", "--folder", "a/b").exit_code == 0
    assert Path("a/b/markovgpt-coin/pyproject.toml").is_file()


@pytest.mark.parametrize("name", ["Coin", "two words", "", "1st", "-coin", "coin-", "coin_flip", "../coin", "münze"])
def test_new_plugin_refuses_a_bad_name(refused, name):
    """A name of a package and of an option: small letters, digits and hyphens inside."""
    assert "a plugin's name has small letters, digits and hyphens" in refused("new", "plugin", "--", name)
    assert not any(Path().iterdir())


def test_new_plugin_refuses_the_name_of_a_built_in_model(refused):
    """It would never be found: built-in models come first."""
    assert "babygpt" in refused("new", "plugin", "babygpt")
    assert not any(Path().iterdir())


def test_new_plugin_refuses_a_folder_that_exists(refused):
    """Whatever is in it stays as it is."""
    Path("markovgpt-coin").mkdir()
    Path("markovgpt-coin/mine.txt").write_text("keep", encoding="utf-8")
    assert "markovgpt-coin exists already; nothing was written." in refused("new", "plugin", "coin")
    assert [path.name for path in Path("markovgpt-coin").iterdir()] == ["mine.txt"]


def test_new_plugin_refuses_a_folder_that_is_a_file(refused):
    """Exit code 2, with the reason of the system."""
    Path("file").write_text("", encoding="utf-8")
    assert "cannot be written" in refused("new", "plugin", "coin", "--folder", "file")
