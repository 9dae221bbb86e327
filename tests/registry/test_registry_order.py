"""Which of several models of one name is loaded?

An object; a registered name; a built-in model; a saved folder; a place in a file or module; a plugin; the project's.
"""

from __future__ import annotations

import pytest

import markovgpt as mg


def _named(name):
    return mg.from_matrix([[0.5, 0.5]] * 2, name=name)


CODE = "import markovgpt as mg\ndef load():\n    return mg.from_matrix([[0.5, 0.5]] * 2, name={!r})\n"


@pytest.fixture
def everywhere(untrained, write, install):
    """``everywhere("thing")``: a model of that name in every place that can hold it."""

    def call(name):
        mg.register(name, _named("registered"))
        mg.save_model(untrained, name)
        install(f"fake-{name}", CODE.format("plugin"), {name: "load"})
        write("project.py", CODE.format("project"))
        write("pyproject.toml", f'[tool.markovgpt.models]\n{name} = "project.py:load"\nbabygpt = "project.py:load"\n')

    return call


def test_object_is_itself():
    """Nothing is looked up."""
    model = _named("mine")
    assert mg.load_model(model) is model


def test_function_and_class_are_called():
    """An object that makes a model."""
    assert mg.load_model(_named, name="made").name == "made"

    class Coin:
        vocab_size, context_length = 2, 1

        def next_logits(self, contexts):
            return [[0.0, 0.0]] * len(contexts)

    assert isinstance(mg.load_model(Coin), Coin)


def test_registered_name_comes_first(everywhere):
    """Before a folder, a plugin and the project."""
    everywhere("thing")
    assert mg.load_model("thing").name == "registered"


def test_built_in_name_comes_before_folders_and_the_project(everywhere, untrained, install):
    """What the program documents is what the program loads."""
    everywhere("thing")
    mg.save_model(untrained, "mingpt")
    install("fake-mingpt", CODE.format("plugin"), {"mingpt": "load"})
    assert mg.load_model("mingpt", vocab_size=3).vocab_size == 3
    assert mg.load_model("babygpt", steps=0).name == "babygpt"


def test_saved_folder_comes_before_plugins_and_the_project(everywhere, monkeypatch):
    """The file that lies there is meant."""
    from markovgpt.registry import registered

    everywhere("thing")
    monkeypatch.setattr(registered, "_REGISTERED", {})
    assert mg.load_model("thing").name == "babygpt"


def test_plugin_comes_before_the_project(write, install):
    """An installed package is a stronger word than a nickname."""
    install("fake-thing", CODE.format("plugin"), {"thing": "load"})
    write("project.py", CODE.format("project"))
    write("pyproject.toml", '[tool.markovgpt.models]\nthing = "project.py:load"\n')
    assert mg.load_model("thing").name == "plugin"


def test_place_is_never_a_name(write):
    """A colon makes it a place, whatever names there are."""
    write("babygpt.py", CODE.format("file"))
    assert mg.load_model("babygpt.py:load").name == "file"
    assert mg.load_model("babygpt:load").name == "file"


def test_folder_without_a_model_is_no_model(folder):
    """It needs a ``config.json``."""
    (folder / "thing").mkdir()
    with pytest.raises(mg.ModelLoadError, match="There is no model 'thing'"):
        mg.load_model("thing")
