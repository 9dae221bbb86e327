"""What do the tests share? A marker, and how a package is faked whose weights are random."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from types import SimpleNamespace

import pytest


def pytest_configure(config):
    config.addinivalue_line("markers", "real_model: reads a model that other people trained, from an installed package")


@pytest.fixture
def fake_package(tmp_path, monkeypatch):
    """A folder that passes for the installed files of any package."""
    package = SimpleNamespace(locate_file=lambda file: tmp_path / "site" / file, version="9.9")
    monkeypatch.setattr("markovgpt_recurrent.packages.distribution", lambda _: package)
    (tmp_path / "site" / "pokepy").mkdir(parents=True)
    (tmp_path / "site" / "textgenrnn").mkdir()
    return tmp_path / "site"


@pytest.fixture
def no_package(monkeypatch):
    """No package is installed."""

    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("markovgpt_recurrent.packages.distribution", missing)
