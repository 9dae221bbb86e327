"""How is a pytest with our plugin run, inside of a test and as a program of its own?"""

from __future__ import annotations

import importlib
from importlib.metadata import entry_points
from pkgutil import walk_packages

import numpy as np
import pytest

import markovgpt as mg
from markovgpt.testing import check_model

# pytester forgets what an inner run imports for the first time: NumPy and torch cannot be imported twice, and other
# tests would meet two of each class of ours.
for _module in walk_packages(mg.__path__, "markovgpt."):
    if not _module.name.endswith("__main__"):
        importlib.import_module(_module.name)
check_model(mg.load_model("babygpt", steps=1), only=["logits_shape", "generate_default_is_chain"], n=10)

# In a checkout that was not installed since the plugin came, pytest does not find it by itself.
_INSTALLED = any(point.name == "markovgpt" for point in entry_points(group="pytest11"))
ARGUMENTS = (*(() if _INSTALLED else ("-p", "markovgpt.pytest_plugin")), "-W", "error")

MODELS = '''
import numpy as np
import markovgpt as mg

fair = mg.from_matrix([[0.5, 0.5]] * 2, name="fair")


def growing(contexts):
    """The law depends on the number of contexts in the batch."""
    return np.tile([0.0, 0.1 * len(contexts)], (len(contexts), 1))


faulty = mg.from_callable(growing, vocab_size=2, context_length=1, name="faulty")


def unbuildable():
    raise RuntimeError("no weights\\nat all")
'''
"""Two models, and a function that should make one: ``models.py:fair`` and so on."""


@pytest.fixture
def folder(pytester):
    """An empty folder with a configuration of pytest and ``models.py``."""
    pytester.makeini("[pytest]\n")
    (pytester.path / "models.py").write_text(MODELS, encoding="utf-8")
    return pytester


@pytest.fixture
def run(folder):
    """A pytest in that folder, in this process and in the order of the files."""

    def run_here(*arguments):
        return folder.runpytest_inprocess(*ARGUMENTS, "-p", "no:randomly", *map(str, arguments))

    return run_here


@pytest.fixture(autouse=True)
def _like_at_home(monkeypatch):
    """On a server, pytest shows messages in its summary once more, in full."""
    for name in ("CI", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def run_program(folder, monkeypatch):
    """The same as a program of its own, with every plugin that is installed; no worker of those who run this test."""
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID"):
        monkeypatch.delenv(name, raising=False)

    def run_there(*arguments):
        return folder.runpytest_subprocess(*ARGUMENTS, *map(str, arguments))

    return run_there


@pytest.fixture
def tables():
    """A chain of two coins, and the same with one probability changed."""
    table = np.array([[0.5, 0.5], [0.9, 0.1], [0.25, 0.75], [0.6, 0.4]])
    changed = table.copy()
    changed[2] = [0.2, 0.8]
    return table, changed
