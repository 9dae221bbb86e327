"""Is the stream of tokens what stands in the data, wherever they are cut?"""

from __future__ import annotations

import io
import json
import os
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import markovgpt as mg
from markovgpt import Vocabulary
from markovgpt.data import arrays, read_stream, text
from markovgpt.data.numpy_file import numpy_arrays
from markovgpt.data.reading import Sequences
from markovgpt.data.sources import find_source
from markovgpt.data.stream import BOUNDARY, GAP
from markovgpt.vocabulary import TokenKind

LETTERS = Vocabulary.of_text("abc")

_TEXTS = st.text(st.sampled_from("ab \n\r\t\x00é\u2028\U0001f600"), min_size=1, max_size=40).filter(str.strip)


def _sequences(stream: Iterator[np.ndarray]) -> list[list[int]]:
    """The stream cut at its boundaries, without empty sequences."""
    found: list[list[int]] = [[]]
    for entry in np.concatenate(list(stream)).tolist():
        if entry == BOUNDARY:
            found.append([])
        else:
            found[-1].append(entry)
    return [one for one in found if one]


@given(written=_TEXTS, kind=st.sampled_from(["char", "word", "byte"]), mark=st.booleans(), block=st.integers(3, 9))
def test_file_is_one_sequence_however_it_is_cut(
    written: str, kind: TokenKind, mark: bool, block: int, tmp_path_factory
) -> None:
    """Decoded as a whole: without byte order mark, and with one character for each line end."""
    path = tmp_path_factory.mktemp("data") / "text"
    path.write_bytes(b"\xef\xbb\xbf" * mark + written.encode())
    expected = written.replace("\r\n", "\n")
    vocabulary = Vocabulary.of_text(expected, kind=kind)
    with patch.object(text, "_BLOCK", block):
        found = _sequences(read_stream(path, vocabulary))
    assert found == [vocabulary.encode(expected).tolist()]


@given(written=_TEXTS, kind=st.sampled_from(["char", "word", "byte"]), block=st.integers(3, 9))
def test_lines_are_sequences_however_they_are_cut(written: str, kind: TokenKind, block: int, tmp_path_factory) -> None:
    """Each line that has a token, without its end; other signs that Unicode calls line ends are none."""
    path = tmp_path_factory.mktemp("data") / "text"
    path.write_bytes(written.encode())
    vocabulary = Vocabulary.of_text(written, kind=kind)
    lines = [vocabulary.encode(line).tolist() for line in written.replace("\r\n", "\n").split("\n")]
    with patch.object(text, "_BLOCK", block):
        found = _sequences(read_stream(path, vocabulary, sequences="line"))
    assert found == [line for line in lines if line]


@given(written=_TEXTS, kind=st.sampled_from(["char", "word", "byte"]), sequences=st.sampled_from(["file", "line"]))
def test_own_encode_gives_what_the_vocabulary_gives(written: str, kind: TokenKind, sequences: Sequences) -> None:
    """Whole texts, and whole lines."""
    vocabulary = Vocabulary.of_text(written, kind=kind)
    with patch.object(text, "_BLOCK", 4):
        ours = _sequences(read_stream([written, written], vocabulary, sequences=sequences))
        theirs = _sequences(read_stream([written, written], vocabulary, sequences=sequences, encode=vocabulary.encode))
    assert theirs == ours


@pytest.mark.parametrize(
    ("kind", "sequences", "expected"),
    [
        pytest.param("char", "file", [[0, GAP, 1, GAP, GAP, 2]], id="characters"),
        pytest.param("char", "line", [[0, GAP, 1], [GAP, 2]], id="characters of lines"),
        pytest.param("byte", "file", [[0, GAP, GAP, 1, GAP, GAP, 2]], id="bytes"),
        pytest.param("word", "file", [[GAP, GAP]], id="words"),
        pytest.param("word", "line", [[GAP], [GAP]], id="words of lines"),
    ],
)
def test_unknown_tokens_leave_gaps(kind: TokenKind, sequences: Sequences, expected: list[list[int]]) -> None:
    """é is one character or two bytes; words that are not a, b or c."""
    vocabulary = Vocabulary(tokens=("a", "b", "c"), kind=kind)
    found = _sequences(read_stream("aéb\nxc", vocabulary, sequences=sequences, unknown="skip"))
    assert found == expected


def test_texts_and_files_are_read_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two files, a text, and standard input in the middle: four sequences."""
    (tmp_path / "first.txt").write_text("ab")
    (tmp_path / "second").write_text("bc")
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"ca")))
    data = [tmp_path / "first.txt", "-", "aa", str(tmp_path / "second")]
    assert _sequences(read_stream(data, LETTERS)) == [[0, 1], [2, 0], [0, 0], [1, 2]]


def test_text_that_is_given_is_taken_as_it_is() -> None:
    """No byte order mark, no line end of two characters: the caller means them."""
    vocabulary = Vocabulary.of_text("a\r\n\ufeff")
    assert _sequences(read_stream("\ufeffa\r\n", vocabulary)) == [vocabulary.encode("\ufeffa\r\n").tolist()]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_named_pipe_is_read_once(tmp_path: Path) -> None:
    """It has no size, and whoever writes into it is not cut off."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("abc",))
    writer.start()
    assert _sequences(read_stream(pipe, LETTERS)) == [[0, 1, 2]]
    writer.join()


SEQUENCES = [[0, 1, 2], [2, 1, 0], [1, 1, 1]]


def _written(folder: Path, name: str) -> Path:
    """The three sequences in a file of some format."""
    path, table = folder / name, np.array(SEQUENCES)
    match name:
        case "rows.npy":
            np.save(path, table.astype(np.uint8))
        case "columns.npy":
            np.save(path, np.asfortranarray(table.astype(">i4")))
        case "arrays.npz":
            np.savez(path, *table)
        case "rows.npz":
            np.savez_compressed(path, table)
        case "both.NPZ":
            with path.open("wb") as file:
                np.savez(file, first=table[:1], rest=table[1:].astype(np.uint64))
        case "lists.json":
            path.write_text(json.dumps(SEQUENCES))
    return path


@pytest.mark.parametrize("piece", [1, 3, 4, 8, 100])
@pytest.mark.parametrize("name", ["rows.npy", "columns.npy", "arrays.npz", "rows.npz", "both.NPZ", "lists.json"])
def test_numbers_are_read_from_files_of_any_format(tmp_path: Path, name: str, piece: int) -> None:
    """Rows, arrays or lists are sequences; in pieces that are shorter and longer than these."""
    path = _written(tmp_path, name)
    with patch.object(arrays, "_PIECE", piece):
        assert _sequences(read_stream(path, LETTERS)) == SEQUENCES


@pytest.mark.parametrize("name", ["one.npy", "one.npz", "one.json"])
def test_numbers_of_one_dimension_are_one_sequence(tmp_path: Path, name: str) -> None:
    """Lines mean nothing here."""
    path = tmp_path / name
    if name == "one.npy":
        np.save(path, np.array([0, 1, 2, 0]))
    elif name == "one.npz":
        np.savez(path, np.array([0, 1, 2, 0]))
    else:
        path.write_text("[0, 1, 2, 0]")
    assert _sequences(read_stream(path, LETTERS, sequences="line")) == [[0, 1, 2, 0]]


@pytest.mark.parametrize("name", ["numbers.npy", "numbers.json"])
def test_numbers_that_are_no_tokens_leave_gaps(tmp_path: Path, name: str) -> None:
    """Below 0 and from V on; JSON knows no largest number."""
    path = tmp_path / name
    if name == "numbers.npy":
        np.save(path, np.array([0, -100, 2, 3]))
        expected = [0, GAP, 2, GAP]
    else:
        path.write_text(f"[0, -100, 2, {2**70}]")
        expected = [0, GAP, 2, GAP]
    assert _sequences(read_stream(path, LETTERS, unknown="skip")) == [expected]


def test_file_of_one_array_is_mapped_into_memory(tmp_path: Path) -> None:
    """The system reads the parts that are looked at, and forgets them where memory is short."""
    np.save(tmp_path / "one.npy", np.array([0, 1, 2]))
    [(_, array)] = numpy_arrays(find_source(tmp_path / "one.npy"))
    assert isinstance(array, np.memmap)


@pytest.mark.parametrize("sequences", ["file", "line"])
def test_memory_does_not_grow_with_the_data(tmp_path: Path, sequences: Sequences) -> None:
    """A text of 16 million characters takes what one of 4 million does: some pieces, and counts of four contexts."""
    peaks = []
    for size in (2**22, 2**24):
        (tmp_path / "text").write_text("aabab\nbb" * (size // 8))
        tracemalloc.start()
        mg.count_data(tmp_path / "text", vocabulary=LETTERS, context_length=2, sequences=sequences, unknown="skip")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]


def test_progress_is_told_in_bytes_of_the_files(tmp_path: Path) -> None:
    """It never falls, tells of every format, and ends at the sum of the sizes."""
    (tmp_path / "a.txt").write_text("abc" * 5)
    np.savez_compressed(tmp_path / "b.npz", np.zeros(1000, dtype=np.int64))
    np.save(tmp_path / "c.npy", np.zeros((10, 10), dtype=np.int64))
    sizes = [(tmp_path / name).stat().st_size for name in ("a.txt", "b.npz", "c.npy")] + [4]
    told: list[tuple[str, int, int]] = []
    data = [tmp_path / "a.txt", tmp_path / "b.npz", tmp_path / "c.npy", "abca"]
    with patch.object(text, "_BLOCK", 6):
        list(read_stream(data, LETTERS, progress=lambda *news: told.append(news)))
    assert {(news[0], news[2]) for news in told} == {("counting", sum(sizes))}
    after_b = sum(sizes[:2])
    assert [news[1] for news in told] == [6, 12, 15, after_b, after_b + 800, sum(sizes)]  # 800 without its header


def test_progress_has_no_total_with_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows how much is coming."""
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"abca")))
    told: list[tuple[str, int, int]] = []
    list(read_stream(["abc", "-"], LETTERS, progress=lambda *news: told.append(news)))
    assert (told[0], told[-1]) == (("counting", 3, 0), ("counting", 7, 0))
