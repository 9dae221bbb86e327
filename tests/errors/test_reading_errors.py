"""Data that cannot be read, or hold something else than tokens: what, where, and what to do instead."""

from __future__ import annotations

import io
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import markovgpt as mg
from markovgpt import ArgumentError, DataError, ModelError, Vocabulary

LETTERS = Vocabulary.of_text("abc")


def _count(data: Any, **options: Any) -> mg.NgramCounts:
    return mg.count_data(data, **{"vocabulary": LETTERS, "context_length": 1, **options})


@pytest.mark.parametrize(
    ("kind", "sequences", "found"),
    [
        pytest.param("char", "file", ("character 'é'", 4, 2), id="character"),
        pytest.param("byte", "file", (r"byte '\\xc3'", 4, 2), id="byte"),
        pytest.param("char", "line", ("character 'é'", 4, 2), id="character of a line"),
        pytest.param("word", "file", ("word 'é'", 2, 2), id="word"),
        pytest.param("word", "line", ("word 'é'", 2, 2), id="word of a line"),
    ],
)
@pytest.mark.parametrize("block", [5, 2**20])
def test_token_outside_the_vocabulary_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, sequences: str, found: tuple[str, int, int], block: int
) -> None:
    """Which, where in which file, what the vocabulary has, and both ways out; in the first piece or a later one."""
    monkeypatch.setattr("markovgpt.data.text._BLOCK", block)
    path = tmp_path / "text"
    path.write_text("a b\né a\né", encoding="utf-8")
    vocabulary = Vocabulary(tokens=("a", "b", " ", "\n"), kind=kind)  # type: ignore[arg-type]
    piece, position, line = found
    pattern = (
        rf"Token outside the vocabulary: {re.escape(piece) if kind != 'byte' else '.*xc3.'} at position {position} "
        rf"\(line {line}\) of {path}\. The 4 tokens are a b ␣ ⏎\. Remove it from the data, use a model with this "
        r'token, or leave such tokens out with unknown="skip" \(--unknown skip\)\.'
    )
    with pytest.raises(DataError, match=pattern) as caught:
        _count(path, vocabulary=vocabulary, sequences=sequences)
    facts = caught.value.facts
    assert (facts["position"], facts["line"], facts["source"]) == (position, line, str(path))


@pytest.mark.parametrize("kind", ["char", "byte", "word"])
def test_half_a_surrogate_pair_is_refused(kind: str) -> None:
    """What the shell makes of an argument that is not UTF-8."""
    with pytest.raises(DataError, match=r"Token outside the vocabulary: (character|byte|word) .*(udcff|xed)"):
        _count("a \udcff", vocabulary=Vocabulary(tokens=("a", " "), kind=kind))  # type: ignore[arg-type]


def test_line_end_is_refused_where_it_is_no_token() -> None:
    """Unless lines are sequences."""
    with pytest.raises(DataError, match=r"character '\\n' at position 2 \(line 1\) of the data"):
        _count("ab\nab")


def test_token_outside_the_vocabulary_is_found_in_the_right_text() -> None:
    """The second of a list has no file name."""
    with pytest.raises(DataError, match=r"character 'd' at position 1 \(line 1\) of text 2"):
        _count(["abc", "adc"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(
            "aé".encode("latin-1"), r"byte 0xe9 at position 1 \(line 1\)\. .*iconv -f latin1 -t utf-8", id="Latin-1"
        ),
        pytest.param(b"a\r\nb\n\xff", r"byte 0xff at position 5 \(line 3\)\. ", id="later line"),
        pytest.param(b"\xef\xbb\xbfa\xff", r"byte 0xff at position 4 \(line 1\)\. ", id="after a byte order mark"),
        pytest.param("aé".encode()[:-1], r"byte 0xc3 at position 1 \(line 1\)\. ", id="half a character"),
        pytest.param(
            "ab".encode("utf-16"),
            r"byte 0xff at position 0 \(line 1\), where UTF-16 has its mark\. .*iconv -f utf-16 -t utf-8",
            id="UTF-16",
        ),
        pytest.param(
            b"\xfe\xff" + "ab".encode("utf-16-be"),
            r"byte 0xfe .*UTF-16 has its mark.*-f utf-16 ",
            id="UTF-16, big end first",
        ),
        pytest.param("ab".encode("utf-32"), r"byte 0xff .*UTF-32 has its mark.*-f utf-32 ", id="UTF-32"),
    ],
)
@pytest.mark.parametrize("block", [4, 2**20])
def test_file_that_is_not_utf_8_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, message: str, block: int
) -> None:
    """Also among others that are: which, where, and how to convert it."""
    monkeypatch.setattr("markovgpt.data.text._BLOCK", block)
    (tmp_path / "good").write_text("abc")
    path = tmp_path / "bad"
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"The data in {path} are not UTF-8 text: {message}"):
        _count([tmp_path / "good", path], unknown="skip")


def test_missing_file_is_refused_before_any_is_read(tmp_path: Path) -> None:
    """The first would fail as well, but only when it is read."""
    (tmp_path / "bad").write_bytes(b"\xff")
    with pytest.raises(DataError, match=f"The data file {tmp_path}/none cannot be read: No such file or directory"):
        _count([tmp_path / "bad", tmp_path / "none"])


def test_folder_is_refused(tmp_path: Path) -> None:
    """It is not walked through."""
    with pytest.raises(DataError, match=f"The data file {tmp_path} cannot be read: Is a directory. Give a file in it"):
        _count(["abc", tmp_path])


def test_standard_input_that_is_a_folder_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """``< folder``: the shell opens it, and nobody can read it."""

    def fail(_: int) -> bytes:
        raise IsADirectoryError(21, "Is a directory")

    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=SimpleNamespace(read=fail)))
    with pytest.raises(DataError, match="Standard input cannot be read: Is a directory"):
        _count("-")


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf"], ids=["nothing", "a byte order mark"])
def test_empty_file_among_others_is_refused(tmp_path: Path, content: bytes) -> None:
    """Which."""
    (tmp_path / "good").write_text("abc")
    (tmp_path / "empty").write_bytes(content)
    with pytest.raises(DataError, match=f"The data in {tmp_path}/empty are empty"):
        _count([tmp_path / "good", tmp_path / "empty"])


def test_empty_standard_input_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody forgot the pipe."""
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO()))
    with pytest.raises(DataError, match="The data in standard input are empty"):
        _count("-")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param([], "The list of data is empty: give files or texts", id="nothing"),
        pytest.param(["a", "-", "-"], "Standard input can be read only once: '-' stands in the list", id="twice"),
        pytest.param([0, 1], r"Data are a text, .*: got a list with int\. .*counted by count_ngrams", id="numbers"),
        pytest.param(b"abc", "Data are a text, the name of a file, or a list of these: got bytes", id="bytes"),
        pytest.param(np.arange(3), "Data are a text, .*: got ndarray", id="an array"),
        pytest.param(None, "Data are a text, .*: got NoneType", id="None"),
        pytest.param(["abc", ""], "The data are empty: give a file", id="an empty text"),
        pytest.param(
            "nowhere/data.npy", "There is no data file 'nowhere/data.npy'. Give an existing file", id="no file"
        ),
    ],
)
def test_what_are_no_data_is_refused(data: Any, message: str) -> None:
    """What they are, and what data are."""
    with pytest.raises(DataError, match=message):
        _count(data)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        pytest.param("sequences", "lines", "sequences must be one of 'file', 'line': got 'lines'", id="sequences"),
        pytest.param("unknown", "ignore", "unknown must be one of 'error', 'skip': got 'ignore'", id="unknown"),
        pytest.param("vocabulary", "char", r"a Vocabulary: got str\. .*scan_vocabulary\(data\)", id="vocabulary"),
    ],
)
def test_other_words_for_options_are_refused(option: str, value: str, message: str) -> None:
    """Which there are."""
    with pytest.raises(ArgumentError, match=message):
        _count("abc", **{option: value})


@pytest.mark.parametrize(
    ("encoded", "message"),
    [
        pytest.param(["a"], r"got an array of <U1 of shape \(1,\) in line 2 of the data", id="texts"),
        pytest.param([0, 3], r"Tokens are 0\.\.2: got 3 at position 1 of line 2 of the data\. .*skip", id="too large"),
        pytest.param([[0], [1]], r"got an array of int64 of shape \(2, 1\) in line 2 of the data", id="a batch"),
    ],
)
def test_tokenizer_that_gives_no_tokens_is_refused(encoded: Any, message: str) -> None:
    """What it gave, for which line; the first is empty."""
    with pytest.raises(DataError, match=message):
        _count("\nabc", sequences="line", encode=lambda _: encoded)


def test_tokenizer_that_fails_is_a_failing_model() -> None:
    """Its own error, and where."""

    def encode(text: str) -> list[int]:
        raise KeyError(text)

    with pytest.raises(ModelError, match="The tokenizer failed on text 2: KeyError: 'bc'"):
        _count(["a", "bc"], encode=lambda text: [0] if text == "a" else encode(text))


def test_tokenizer_that_refuses_is_heard() -> None:
    """The vocabulary's own encode says which character."""
    with pytest.raises(DataError, match="character 'd' at position 3 of the data"):
        _count("abcd", encode=LETTERS.encode)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(
            "-", "standard input can be read only once, and looking for its tokens would use it up", id="pipe"
        ),
        pytest.param("\n\n", "The data hold no token, so that there is no vocabulary", id="no token"),
        pytest.param(["a", "{folder}/good.npy"], "Some of the data are text and some are numbers", id="both"),
        pytest.param(
            "{folder}/negative.npy", r"Tokens that are numbers are 0 to 9,999,999: got -2 at position 1", id="-2"
        ),
        pytest.param("{folder}/large.npy", r"are 0 to 9,999,999: got 10000000 at position 2 of", id="too large"),
    ],
)
def test_scan_refuses_data_without_a_vocabulary(tmp_path: Path, data: Any, message: str) -> None:
    """Why there is none."""
    np.save(tmp_path / "good.npy", np.arange(3))
    np.save(tmp_path / "negative.npy", np.array([0, -2]))
    np.save(tmp_path / "large.npy", np.array([0, 1, 10**7]))
    named = [one.format(folder=tmp_path) for one in data] if isinstance(data, list) else data.format(folder=tmp_path)
    with pytest.raises(DataError, match=message):
        mg.scan_vocabulary(named, sequences="line")
