"""Which text does a name of data mean?"""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace

import pytest

from markovgpt.data.corpus import read_corpus


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("0101", id="digits"),
        pytest.param("to be", id="words"),
        pytest.param("yes/no and no/yes", id="a slash among blanks"),
        pytest.param("one\ntwo/three.txt", id="lines"),
        pytest.param("3.14", id="a point before digits"),
        pytest.param("0" * 100_000, id="too long for a file name"),
        pytest.param("a\x00b", id="a null character"),
    ],
)
def test_read_corpus_takes_a_string_as_the_text(text: str) -> None:
    """Unless there is such a file, or it looks like the name of one."""
    corpus = read_corpus(text)
    assert (corpus.text, corpus.source) == (text, "given as text")


@pytest.mark.parametrize("kind", [str, Path], ids=["string", "path"])
def test_read_corpus_reads_a_file(tmp_path: Path, kind: type) -> None:
    """The text of the file, and its name as the source."""
    path = tmp_path / "0101"
    path.write_text("été\n", encoding="utf-8")
    corpus = read_corpus(kind(path))
    assert (corpus.text, corpus.source) == ("été\n", str(path))


def test_read_corpus_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hyphen, as for other programs."""
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO("naïve".encode())))
    corpus = read_corpus("-")
    assert (corpus.text, corpus.source) == ("naïve", "standard input")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        pytest.param(b"a\r\nb\r\n", "a\nb\n", id="Windows line ends"),
        pytest.param(b"\xef\xbb\xbfab", "ab", id="byte order mark"),
        pytest.param(b" a \n\n", " a \n\n", id="blanks stay"),
    ],
)
def test_read_corpus_keeps_the_characters_of_a_file(tmp_path: Path, content: bytes, text: str) -> None:
    """All but what editors of some systems add."""
    path = tmp_path / "text"
    path.write_bytes(content)
    assert read_corpus(path).text == text
