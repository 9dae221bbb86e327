"""Does ``[tool.markovgpt.models]`` of a project's ``pyproject.toml`` name models?"""

from __future__ import annotations

import pytest

import markovgpt as mg
from markovgpt import ArgumentError, ModelLoadError

CODE = """
import markovgpt as mg

def coin(*, bias: float = 0.5, tokens: str = "ht"):
    return mg.from_matrix([[1 - bias, bias]] * 2, tokens=tokens, name="coin")
"""


@pytest.fixture
def project(write):
    """``project('coin = "models.py:coin"')``: the table of a project that has ``models.py``."""

    def call(table):
        write("models.py", CODE)
        return write("pyproject.toml", f"[project]\nname = 'x'\n\n[tool.markovgpt.models]\n{table}\n")

    return call


def _bias(model):
    return float(mg.build_chain(model).probabilities[0, 1])


def test_project_names_a_place(project):
    """A text is a place."""
    project('coin = "models.py:coin"')
    assert mg.load_model("coin").name == "coin"


def test_project_names_a_place_with_options(project):
    """A table has a model and its options."""
    project('biased = { model = "models.py:coin", bias = 0.25 }')
    assert _bias(mg.load_model("biased")) == pytest.approx(0.25)


def test_project_options_are_overridden_by_the_caller(project):
    """The others stay."""
    project('biased = { model = "models.py:coin", bias = 0.25, tokens = "xy" }')
    model = mg.load_model("biased", bias="0.75")
    assert _bias(model) == pytest.approx(0.75)
    assert model.tokens == ("x", "y")


def test_project_options_are_checked(project):
    """As those of the command line."""
    project('biased = { model = "models.py:coin", bais = 0.25 }')
    with pytest.raises(ArgumentError, match=r"has no option 'bais'\. Did you mean bias\?"):
        mg.load_model("biased")


def test_project_is_found_from_a_folder_below(project, folder, monkeypatch):
    """Paths are those of the ``pyproject.toml``, not of the current folder."""
    project('coin = "models.py:coin"')
    (folder / "a/b").mkdir(parents=True)
    monkeypatch.chdir(folder / "a/b")
    assert mg.load_model("coin").name == "coin"


def test_project_without_the_table_is_passed_over(project, write, folder, monkeypatch):
    """The nearest file that has the table counts."""
    project('coin = "models.py:coin"')
    write("inner/pyproject.toml", "[project]\nname = 'inner'\n")
    monkeypatch.chdir(folder / "inner")
    assert mg.load_model("coin").name == "coin"


def test_nearest_table_is_the_only_one(project, write, folder, monkeypatch):
    """An empty table hides the one above it."""
    project('coin = "models.py:coin"')
    write("inner/pyproject.toml", "[tool.markovgpt.models]\n")
    monkeypatch.chdir(folder / "inner")
    with pytest.raises(ModelLoadError, match="There is no model 'coin'"):
        mg.load_model("coin")


def test_project_paths_in_options_are_those_of_the_project(project, write, folder, monkeypatch):
    """``data = "book.txt"`` lies beside the ``pyproject.toml``."""
    shape = "context_length = 1, n_layer = 1, n_embd = 4, n_head = 1, steps = 0"
    project(f'book = {{ model = "mingpt", data = "book.txt", {shape} }}')
    write("book.txt", "abcabc")
    (folder / "below").mkdir()
    monkeypatch.chdir(folder / "below")
    assert mg.load_model("book").tokens == ("a", "b", "c")


def test_project_names_a_saved_model(project, untrained, folder, monkeypatch):
    """A folder beside the ``pyproject.toml``."""
    project('kept = "models/kept"')
    mg.save_model(untrained, "models/kept")
    (folder / "below").mkdir()
    monkeypatch.chdir(folder / "below")
    assert mg.load_model("kept").fingerprint == untrained.fingerprint


def test_project_names_a_model_with_a_name(project):
    """A nickname of a nickname; options of both, the nearer first."""
    project('a = { model = "b", bias = 0.25 }\nb = { model = "models.py:coin", bias = 0.75, tokens = "xy" }')
    model = mg.load_model("a")
    assert (_bias(model), model.tokens) == (pytest.approx(0.25), ("x", "y"))


def test_project_names_a_built_in_model_beside_a_folder_of_that_name(project, folder):
    """A package called "mingpt" is no reason to look for a model in it."""
    project('tiny = { model = "mingpt", vocab_size = 3 }')
    (folder / "mingpt").mkdir()
    assert mg.load_model("tiny").vocab_size == 3


def test_project_names_a_package_beside_it(project, write):
    """``package:attr`` is imported, although a folder of that name exists."""
    write("fake_package/__init__.py", CODE)
    project('coin = "fake_package:coin"')
    assert mg.load_model("coin").name == "coin"


@pytest.mark.parametrize(
    ("table", "name", "way"),
    [
        pytest.param('a = "a"', "a", "a -> a", id="itself"),
        pytest.param('a = "b"\nb = "a"', "a", "a -> b -> a", id="each other"),
        pytest.param('a = "b"\nb = "c"\nc = "b"', "a", "a -> b -> c -> b", id="a loop behind it"),
    ],
)
def test_project_name_that_leads_to_itself_is_refused(project, table, name, way):
    """The way is told."""
    project(table)
    with pytest.raises(ModelLoadError, match=f"names itself: {way}"):
        mg.load_model(name)


@pytest.mark.parametrize(
    "entry", ["3", '["models.py:coin"]', "{ bias = 0.25 }", "{ model = 3 }", "{}"], ids=lambda entry: entry
)
def test_project_entry_that_is_no_place_is_refused(project, entry):
    """Neither a text nor a table with ``model``; file and entry are named."""
    path = project(f"coin = {entry}")
    with pytest.raises(ModelLoadError, match="must be a place, name = ") as caught:
        mg.load_model("coin")
    assert str(path) in str(caught.value)
    assert "'coin'" in str(caught.value)


@pytest.mark.parametrize("text", ["[tool]\nmarkovgpt = 3\n", "[tool.markovgpt]\nmodels = 'x'\n"])
def test_project_table_that_is_none_is_refused(write, text):
    """A number or a text in its place."""
    write("pyproject.toml", text)
    with pytest.raises(ModelLoadError, match=r"\[tool\.markovgpt\.models\] in .* must be a table"):
        mg.load_model("coin")


@pytest.mark.parametrize("content", [b"[tool.markovgpt.models\n", b"\xff\xfe"], ids=["no TOML", "no UTF-8"])
def test_project_file_that_cannot_be_read_is_refused(folder, content):
    """The file is named."""
    (folder / "pyproject.toml").write_bytes(content)
    with pytest.raises(ModelLoadError, match=r"pyproject\.toml cannot be read"):
        mg.load_model("coin")


def test_project_file_that_cannot_be_read_does_not_matter_to_other_models(write):
    """A built-in name is found before the project is asked."""
    write("pyproject.toml", "[tool.markovgpt.models\n")
    assert mg.load_model("mingpt", vocab_size=3).vocab_size == 3


def test_project_is_listed(project):
    """Name, file, place."""
    path = project('coin = "models.py:coin"')
    entry = next(entry for entry in mg.list_models() if entry.name == "coin")
    assert entry.source == str(path)
    assert entry.description.endswith("models.py:coin")
