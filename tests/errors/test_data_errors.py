"""Data that cannot be read, and data that a model cannot be trained on."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import markovgpt as mg
from markovgpt import DataError
from markovgpt.data.corpus import read_corpus


def test_read_corpus_refuses_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    """Latin-1 e-acute is byte 0xe9: here at position 8, in line 3; the message says how to convert it."""
    path = tmp_path / "latin1.txt"
    path.write_bytes("one\ntwo\nétude\n".encode("latin-1"))
    pattern = rf"The data in {path} are not UTF-8 text: byte 0xe9 at position 8 \(line 3\)\. .*iconv -f latin1 -t utf-8"
    with pytest.raises(DataError, match=pattern) as caught:
        read_corpus(path)
    assert caught.value.facts == {"source": str(path), "position": 8}


@pytest.mark.parametrize("data", ["nowhere/book.txt", "book.txt", "/nowhere/book"])
def test_read_corpus_refuses_a_missing_file(data: str) -> None:
    """What looks like a file name is not taken for the text."""
    with pytest.raises(
        DataError, match=f"There is no data file '{data}'. Give an existing file, '-' for standard"
    ) as caught:
        read_corpus(data)
    assert caught.value.facts == {"path": data}


def test_read_corpus_refuses_a_missing_path() -> None:
    """A path object is a file, whatever it looks like."""
    with pytest.raises(DataError, match="The data file 0101 cannot be read: No such file or directory"):
        read_corpus(Path("0101"))


def test_read_corpus_refuses_a_folder(tmp_path: Path) -> None:
    """A folder is no text."""
    with pytest.raises(DataError, match=f"The data file {tmp_path} cannot be read: Is a directory") as caught:
        read_corpus(str(tmp_path))
    assert caught.value.facts == {"path": str(tmp_path)}


def test_read_corpus_refuses_an_empty_file(tmp_path: Path) -> None:
    """Nothing can be learned."""
    path = tmp_path / "empty.txt"
    path.touch()
    with pytest.raises(DataError, match=f"The data in {path} are empty") as caught:
        read_corpus(path)
    assert caught.value.facts == {"source": str(path)}


def test_read_corpus_refuses_an_empty_text() -> None:
    """The same, given directly."""
    with pytest.raises(DataError, match="The data are empty: give a file, '-' for standard input, or the text itself"):
        read_corpus("")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "The data in standard input are empty", id="empty"),
        pytest.param(
            b"a\xff", r"The data in standard input are not UTF-8 text: byte 0xff at position 1 \(line 1\)", id="no text"
        ),
    ],
)
def test_read_corpus_refuses_standard_input(monkeypatch: pytest.MonkeyPatch, content: bytes, message: str) -> None:
    """The same rules hold for a pipe."""
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    with pytest.raises(DataError, match=message):
        read_corpus("-")


def test_babygpt_refuses_other_characters_than_0_and_1() -> None:
    """The character, its place, and the model that takes any text."""
    pattern = "character '2' at position 4 .* babygpt speaks 0 and 1 only; for other text: --model mingpt"
    with pytest.raises(DataError, match=pattern) as caught:
        mg.load_model("babygpt", data="0101 2")
    assert caught.value.facts == {"token": "2", "position": 4}


@pytest.mark.parametrize(
    ("name", "options"),
    [("babygpt", {"data": "011"}), ("mingpt", {"data": "abc"}), ("mingpt", {"data": "a b c", "vocabulary": "word"})],
    ids=["babygpt", "mingpt", "words"],
)
def test_training_refuses_data_shorter_than_a_window_and_its_next_token(name: str, options: dict[str, Any]) -> None:
    """Three tokens, where a context of three and the token after it are four."""
    pattern = (
        r"Training needs at least context_length \+ 1 = 4 tokens, .* the data have 3\. Give more data, or a shorter"
    )
    with pytest.raises(DataError, match=pattern) as caught:
        mg.load_model(name, **options)
    assert caught.value.facts == {"n": 3, "context_length": 3}
