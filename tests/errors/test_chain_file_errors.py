"""Files that hold no chain: refused by name, with what to do instead."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import markovgpt as mg
from markovgpt import ArgumentError
from markovgpt.chain_files import chain_arrays

CHAIN = mg.chain_from_table([[0.5, 0.5], [1.0, 0.0]])
ADVICE = r"Write a chain with save_chain\(\), or with: markovgpt analyze -o FILE\.npz"


def _write(path: Path, about: dict[str, Any], **arrays: np.ndarray) -> Path:
    """The archive of a chain with some of it changed."""
    kept: dict[str, Any] = dict(chain_arrays(CHAIN))
    kept["chain"] = np.array(json.dumps(json.loads(str(kept["chain"])) | about))
    with path.open("wb") as file:
        np.savez(file, **(kept | arrays))
    return path


@pytest.mark.parametrize("content", [b"", b"probabilities", b"\x93NUMPY"], ids=["empty", "text", "npy"])
def test_file_that_is_no_archive_is_refused(content: bytes, tmp_path: Path) -> None:
    """By its first bytes; nothing else is tried."""
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    with pytest.raises(ArgumentError, match=rf"read from {re.escape(str(path))}: it is no NumPy archive\. {ADVICE}"):
        mg.load_chain(path)


@pytest.mark.parametrize(("name", "reason"), [("none.npz", "No such file"), ("", "Is a directory")])
def test_missing_file_is_refused(name: str, reason: str, tmp_path: Path) -> None:
    """As the system puts it."""
    with pytest.raises(ArgumentError, match=f"No chain can be read from .*: {reason}"):
        mg.load_chain(tmp_path / name)


def test_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    """Arrays, but no chain."""
    np.savez(tmp_path / "a.npz", tokens=np.arange(3))
    with pytest.raises(ArgumentError, match=f"it has none. {ADVICE}"):
        mg.load_chain(tmp_path / "a.npz")


def test_archive_with_pickles_is_refused(tmp_path: Path) -> None:
    """They are never opened."""
    with pytest.raises(ArgumentError, match=r"it is damaged .*Object arrays cannot be loaded"):
        mg.load_chain(_write(tmp_path / "a.npz", {}, chain=np.array({"format_version": 1}, dtype=object)))


def test_archive_of_a_later_version_is_refused(tmp_path: Path) -> None:
    """Says which, and which can be read."""
    with pytest.raises(ArgumentError, match="it has format version 2, and this markovgpt reads 1"):
        mg.load_chain(_write(tmp_path / "a.npz", {"format_version": 2}))


@pytest.mark.parametrize(
    ("about", "arrays", "reason"),
    [
        ({}, {"probabilities": np.array([[0.5, 0.5], [0.5, 0.5]])}, "another fingerprint"),
        ({}, {"probabilities": np.array([[0.5, 0.4], [1.0, 0.0]])}, "its rows are no probabilities"),
        ({}, {"probabilities": np.array([[np.nan, 0.5], [1.0, 0.0]])}, "its rows are no probabilities"),
        ({}, {"probabilities": np.array([[1.5, -0.5], [1.0, 0.0]])}, "its rows are no probabilities"),
        ({}, {"probabilities": np.ones((3, 2)) / 2}, "needs a table of shape"),
        ({}, {"chain": np.array("{")}, "JSONDecodeError"),
        ({}, {"chain": np.array("[1]")}, "AttributeError"),
        ({"tokens": ["a", "a"]}, {}, "stands for two tokens"),
        ({"tokens": 5}, {}, "TypeError"),
        ({"origin": {"model": "m"}}, {}, "KeyError"),
        ({"origin": {"decoding": {"warmth": 1}}}, {}, "TypeError"),
        ({"lengths": "some"}, {}, "lengths must be"),
    ],
)
def test_damaged_archive_is_refused(
    about: dict[str, Any], arrays: dict[str, np.ndarray], reason: str, tmp_path: Path
) -> None:
    """Wherever it is damaged, and that it is the file."""
    with pytest.raises(ArgumentError, match=rf"No chain can be read from .*: it is damaged \(.*{reason}.*{ADVICE}"):
        mg.load_chain(_write(tmp_path / "a.npz", about, **arrays))


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("indices", lambda a: a + 100, "indices must be < 4"),
        ("data", lambda a: a / 2, "no probabilities"),
        ("contexts", lambda a: a[:-1], "needs a matrix"),
        ("arrow_tokens", lambda a: a + 1, "its tokens are none of the vocabulary"),
        ("cut", lambda a: a + 0.1, "another fingerprint"),
    ],
)
def test_damaged_walk_is_refused(name: str, value: Any, reason: str, tmp_path: Path, babygpt: mg.LanguageModel) -> None:
    """A sparse matrix that points nowhere, and others."""
    arrays: dict[str, Any] = dict(chain_arrays(mg.reachable_chain(babygpt, "0", end=1)))
    arrays[name] = value(arrays[name])
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(ArgumentError, match=rf"it is damaged \(.*{reason}"):
        mg.load_chain(tmp_path / "a.npz")


def test_truncated_archive_is_refused(tmp_path: Path) -> None:
    """Half a file, at any place."""
    path = mg.save_chain(CHAIN, tmp_path / "a.npz")
    content = path.read_bytes()
    for size in range(4, len(content), 37):
        path.write_bytes(content[:size])
        with pytest.raises(ArgumentError, match="it is damaged"):
            mg.load_chain(path)


def test_folder_that_is_not_there_is_no_place_for_a_chain(tmp_path: Path) -> None:
    """As the system puts it."""
    with pytest.raises(ArgumentError, match=r"The chain cannot be saved to .*a\.npz: No such file or directory\."):
        mg.save_chain(CHAIN, tmp_path / "none" / "a.npz")
