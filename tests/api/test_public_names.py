"""The public names: each is there, says what it is, and is told to type checkers."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import markovgpt as mg

_NAMES = [name for name in mg.__all__ if name != "__version__"]


@pytest.mark.parametrize("name", _NAMES)
def test_public_name_can_be_imported(name: str) -> None:
    """At first use, from the module that defines it."""
    assert getattr(mg, name) is not None


@pytest.mark.parametrize("name", _NAMES)
def test_public_name_has_a_docstring_of_its_own(name: str) -> None:
    """Not that of a base class, and not the signature that a dataclass makes."""
    thing = getattr(mg, name)
    inherited = [base.__doc__ for base in getattr(thing, "__mro__", ())[1:]]
    doc = inspect.cleandoc(thing.__doc__ or "")
    assert doc
    assert thing.__doc__ not in inherited
    assert not doc.startswith(f"{name}(")


@pytest.mark.parametrize("name", [name for name in _NAMES if name[0].isupper()])
def test_public_class_documents_its_public_methods(name: str) -> None:
    """Methods and properties that users see say what they answer, or stand in the docstring of the class."""
    thing = getattr(mg, name)
    own = [(key, value) for key, value in vars(thing).items() if not key.startswith("_")]
    methods = [key for key, value in own if isinstance(value, property | classmethod) or inspect.isfunction(value)]
    assert [key for key in methods if not inspect.getdoc(getattr(thing, key)) and key not in thing.__doc__] == []


def test_stub_and_package_have_the_same_names() -> None:
    """What a type checker sees is what there is."""
    stub = ast.parse(Path(mg.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    aliases = [alias.asname for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted(aliases) == sorted(_NAMES)


def test_stub_and_package_take_the_names_from_the_same_modules() -> None:
    """The same object under both."""
    stub = ast.parse(Path(mg.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    for node in stub.body:
        if isinstance(node, ast.ImportFrom):
            module = __import__(str(node.module), fromlist=["_"])
            for alias in node.names:
                assert getattr(module, alias.name) is getattr(mg, alias.name), alias.name


def test_dir_lists_the_public_names() -> None:
    """For people who press Tab."""
    assert dir(mg) == sorted(mg.__all__)


def test_unknown_name_is_an_attribute_error() -> None:
    """As for any module, so that ``hasattr`` works."""
    with pytest.raises(AttributeError, match="module 'markovgpt' has no attribute 'magic'"):
        mg.magic  # noqa: B018  # the look-up is the test


def _python(code: str) -> str:
    """What a fresh Python prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.strip()


_HEAVY = ("torch", "scipy", "matplotlib", "rich", "graphviz", "pygraphviz", "click", "safetensors", "numpy")


def test_import_of_markovgpt_imports_nothing_heavy() -> None:
    """Each is imported where it is used."""
    assert _python(f"import sys, markovgpt; print([m for m in {_HEAVY} if m in sys.modules])") == "[]"


def test_chain_of_a_table_needs_no_torch() -> None:
    """Analysis of a hand-written table, stationary distribution and entropy rate, with numpy and scipy alone."""
    code = (
        "import sys, markovgpt as mg; c = mg.chain_from_table([[.5, .5], [1, 0]]); "
        "mg.entropy_rate(c, mg.stationary_distribution(c)); "
        "print([m for m in ('torch', 'matplotlib', 'rich', 'graphviz', 'click') if m in sys.modules])"
    )
    assert _python(code) == "[]"


def test_module_can_be_asked_for_its_version() -> None:
    """The same number for Python and for the installed package."""
    from importlib.metadata import version

    assert mg.__version__ == version("markovgpt")
