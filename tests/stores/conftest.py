"""Files of a table of eight blocks."""

from __future__ import annotations

from pathlib import Path

import pytest
from stored import HOW, CountedSessions, stopping_after

import markovgpt as mg
from markovgpt.errors import EnumerationInterruptedError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the table is to be."""
    return tmp_path / "a.table"


@pytest.fixture
def half(path: Path) -> Path:
    """Four of eight blocks are there."""
    with pytest.raises(EnumerationInterruptedError):
        mg.build_chain(CountedSessions(), store=path, progress=stopping_after(1024), **HOW)
    return path


@pytest.fixture
def finished(path: Path) -> Path:
    """All eight blocks are there."""
    mg.build_chain(CountedSessions(), store=path, **HOW)
    return path
