"""What do these tests share? An empty folder, an empty register, and packages that seem to be installed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from markovgpt.registry import registered


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, empty: no file of this repository is found by a relative name."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def _own_register(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that a test registers are forgotten with it."""
    monkeypatch.setattr(registered, "_REGISTERED", {})


@pytest.fixture(autouse=True)
def _forgotten_modules(folder: Path) -> Iterator[None]:
    """Modules of a test's folder are imported anew by the next test."""
    yield
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", "")).startswith(str(folder)):
            del sys.modules[name]


@pytest.fixture
def write(folder: Path) -> Callable[[str, str], Path]:
    """``write("models.py", "...")``: a file, and the folders above it."""

    def call(name: str, text: str) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return call


@pytest.fixture
def install(
    write: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str, dict[str, str]], None]:
    """``install("fake-coin", "code", {"coin": "attribute"})``: a package with models, as pip leaves it."""

    def call(package: str, code: str, models: dict[str, str]) -> None:
        module = package.replace("-", "_")
        site = write(f"{package}-site/{module}.py", code).parent
        info = f"{package}-site/{module}-1.2.dist-info"
        write(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n")
        points = "\n".join(f"{name} = {module}:{attribute}" for name, attribute in models.items())
        write(f"{info}/entry_points.txt", f"[markovgpt.models]\n{points}\n")
        monkeypatch.syspath_prepend(str(site))

    return call
