"""Arrays and JSON that hold something else than tokens, or are damaged: what, where, and what to do instead."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import markovgpt as mg
from markovgpt import DataError, Vocabulary

LETTERS = Vocabulary.of_text("abc")


def _count(data: Any, **options: Any) -> mg.NgramCounts:
    return mg.count_data(data, **{"vocabulary": LETTERS, "context_length": 1, **options})


@pytest.mark.parametrize(
    ("array", "message"),
    [
        pytest.param(np.array([0.0, 1.0]), r"got an array of float64 of shape \(2,\) in {path}", id="floats"),
        pytest.param(np.array([True, False]), r"got an array of bool of shape \(2,\) in {path}", id="truth values"),
        pytest.param(np.array("abc"), r"got an array of <U3 of shape \(\) in {path}. For text", id="a text"),
        pytest.param(np.array(3), r"got an array of int64 of shape \(\) in {path}", id="a number"),
        pytest.param(np.zeros((2, 2, 2), int), r"got an array of int64 of shape \(2, 2, 2\) in {path}", id="a cube"),
        pytest.param(np.array([0, -1]), r"Tokens are 0\.\.2: got -1 at position 1 of {path}\. .*skip", id="negative"),
        pytest.param(np.array([0, 1, 3]), r"Tokens are 0\.\.2: got 3 at position 2 of {path}\. .*skip", id="too large"),
        pytest.param(
            np.array([2**64 - 1], np.uint64), "got 18446744073709551615 at position 0 of {path}", id="beyond 63 bits"
        ),
        pytest.param(
            np.array([[0, 1], [0, 3]]), "got 3 at position 3 of {path}, row after row", id="too large in a row"
        ),
        pytest.param(np.zeros(0, int), "The data hold no token", id="no number"),
        pytest.param(np.zeros((3, 0), int), "The data hold no token", id="empty rows"),
    ],
)
def test_array_of_something_else_than_tokens_is_refused(tmp_path: Path, array: np.ndarray, message: str) -> None:
    """Type and shape, or the first number that is no token and its place."""
    path = tmp_path / "array.npy"
    np.save(path, array)
    with pytest.raises(DataError, match=message.format(path=path)):
        _count(path)


@pytest.mark.parametrize(
    ("piece", "place"),
    [
        pytest.param(2, r"position 2 of row 1 of {path}\.", id="a row is longer than a piece"),
        pytest.param(4, r"position 5 of {path}, row after row\.", id="one row a piece"),
        pytest.param(100, r"position 5 of {path}, row after row\.", id="both rows in a piece"),
    ],
)
def test_token_of_a_row_is_refused_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int, place: str
) -> None:
    """The last of two rows of three."""
    monkeypatch.setattr("markovgpt.data.arrays._PIECE", piece)
    path = tmp_path / "rows.npy"
    np.save(path, np.array([[0, 1, 2], [2, 1, 3]]))
    with pytest.raises(DataError, match=r"got 3 at " + place.format(path=path)):
        _count(path)


def test_archive_without_arrays_is_refused(tmp_path: Path) -> None:
    """A zip file with nothing in it."""
    with zipfile.ZipFile(tmp_path / "none.npz", "w"):
        pass
    with pytest.raises(DataError, match=r"The data in .*none\.npz are empty"):
        _count(tmp_path / "none.npz")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        pytest.param({"x": np.array([0.5])}, r"an array of float64 of shape \(1,\) in x of ", id="floats alone"),
        pytest.param({"x": np.arange(3), "y": np.array([0.5])}, r"float64 .* in y of ", id="floats beside tokens"),
        pytest.param({"x": np.array([0, 5])}, r"got 5 at position 1 of x of ", id="too large"),
        pytest.param({"x": np.array([None])}, "x of .* cannot be read as an array of whole numbers", id="objects"),
    ],
)
def test_archive_of_something_else_than_tokens_is_refused(
    tmp_path: Path, arrays: dict[str, np.ndarray], message: str
) -> None:
    """Which of the arrays."""
    np.savez(tmp_path / "arrays.npz", **arrays)
    with pytest.raises(DataError, match=message):
        _count(tmp_path / "arrays.npz")


def _spoil(content: bytes, how: str) -> bytes:
    return {
        "text": b"0 1 2",
        "half": content[: len(content) // 2],
        "header": content[:40],
        "zip": b"PK\x03\x04" + content,
        "bits": content[:80] + bytes(255 - byte for byte in content[80:120]) + content[120:],
    }[how]


@pytest.mark.parametrize(
    ("name", "how"),
    [("a.npy", "text"), ("a.npy", "half"), ("a.npy", "header"), ("a.npy", "zip"), ("a.npz", "half"), ("a.npz", "bits")],
)
def test_damaged_file_of_numbers_is_refused(tmp_path: Path, name: str, how: str) -> None:
    """No traceback of NumPy, and no advice to unpickle it."""
    path = tmp_path / name
    tokens = np.random.default_rng(0).integers(0, 3, 1000)
    np.save(path, tokens) if name == "a.npy" else np.savez_compressed(path, tokens=tokens)
    path.write_bytes(_spoil(path.read_bytes(), how))
    with pytest.raises(
        DataError, match=rf"{name} cannot be read as an array of whole numbers: it is damaged, or holds"
    ):
        _count(path)


def test_array_of_python_objects_is_refused(tmp_path: Path) -> None:
    """Reading it would run what is in it."""
    np.save(tmp_path / "objects.npy", np.array([0, 1, None]))
    with pytest.raises(DataError, match=r"holds Python objects\. Write the tokens with numpy\.save"):
        _count(tmp_path / "objects.npy")


_JSON = "JSON of tokens is a list of whole numbers, or a list of such lists: got "


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("[0, 1", r"{path} is not valid JSON: .*line 1 column 6", id="cut off"),
        pytest.param("abc", "{path} is not valid JSON: Expecting value", id="no JSON"),
        pytest.param("[" * 100_000, "{path} is not valid JSON: ", id="too deep"),
        pytest.param('{"tokens": [0, 1]}', _JSON + '{{"tokens": .0, 1.}} in {path}', id="an object"),
        pytest.param("7", _JSON + "7 in {path}", id="a number"),
        pytest.param("[0, 1.0]", _JSON + "1.0 in {path} at position 1", id="a float"),
        pytest.param("[0, true]", _JSON + "true in {path} at position 1", id="a truth value"),
        pytest.param('["a"]', _JSON + '"a" in {path} at position 0', id="a text"),
        pytest.param("[0, [1]]", _JSON + r"\[1\] in {path} at position 1", id="a list among numbers"),
        pytest.param("[[0], 1]", _JSON + "1 in {path} at position 1", id="a number among lists"),
        pytest.param("[[0], [1, null]]", _JSON + "null in list 1 of {path} at position 1", id="nothing"),
        pytest.param("[[[0]]]", _JSON + r"\[0\] in list 0 of {path} at position 0", id="lists of lists of lists"),
        pytest.param(f'["{"a" * 99}"]', _JSON + '"a{{39}}... in {path}', id="a long text"),
        pytest.param("[0, 3]", r"Tokens are 0\.\.2: got 3 at position 1 of {path}", id="too large"),
        pytest.param("[0, -1]", r"Tokens are 0\.\.2: got -1 at position 1 of {path}", id="negative"),
        pytest.param(f"[{2**70}]", rf"Tokens are 0\.\.2: got {2**70} at position 0 of {{path}}", id="beyond 63 bits"),
        pytest.param("[]", "The data hold no token", id="no number"),
    ],
)
def test_json_of_something_else_than_tokens_is_refused(tmp_path: Path, content: str, message: str) -> None:
    """What stands there instead, and where."""
    path = tmp_path / "tokens.json"
    path.write_text(content)
    with pytest.raises(DataError, match=message.format(path=path)):
        _count(path)


def test_json_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    """As any text."""
    (tmp_path / "tokens.json").write_bytes("[0, 1]".encode("utf-16"))
    with pytest.raises(DataError, match="are not UTF-8 text: byte 0xff at position 0"):
        _count(tmp_path / "tokens.json")
