"""What does a user read whose data cannot be used?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param("101", r"at least context_length \+ 1 = 4 tokens.*the data have 3\.", id="three tokens"),
        pytest.param("10121", r"character '2' at position 3 of the data.*babygpt speaks 0 and 1 only", id="a 2"),
        pytest.param("book.txt", r"There is no data file 'book\.txt'\. Give an existing file, '-' for", id="no file"),
        pytest.param("data/0101", r"There is no data file 'data/0101'", id="no file in a folder"),
        pytest.param("", r"The data are empty: give a file", id="nothing"),
    ],
)
def test_data_are_refused(refused, data, message):
    """What is wrong, where, and what to do."""
    assert re.search(message, refused("analyze", "--data", data))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", r"The data in data\.txt are empty\.", id="empty"),
        pytest.param(b"\n \n", r"the data have 0\.", id="blanks only"),
        pytest.param(b"101", r"the data have 3\.", id="three tokens"),
        pytest.param(b"0101\n01\xff1", r"not UTF-8 text: byte 0xff at position 7 \(line 2\).*iconv", id="not UTF-8"),
        pytest.param("0101²".encode(), r"character '²' at position 4", id="another letter"),
    ],
)
def test_file_is_refused(refused, content, message):
    """The file is named, and the place in it."""
    Path("data.txt").write_bytes(content)
    assert re.search(message, refused("analyze", "--data", "data.txt"))


def test_folder_is_no_data(refused):
    """The reason of the system, and what to give instead."""
    Path("folder").mkdir()
    expected = "The data file folder cannot be read: Is a directory. Give a file in it."
    assert refused("analyze", "--data", "folder") == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", r"The data in standard input are empty\.", id="empty"),
        pytest.param(b"01\xfe", r"The data in standard input are not UTF-8 text", id="not UTF-8"),
        pytest.param(b"01012", r"character '2' at position 4", id="a 2"),
    ],
)
def test_standard_input_is_refused(refused, content, message):
    """It is called by its name."""
    assert re.search(message, refused("analyze", "--data", "-", stdin=content))


def test_data_are_refused_when_they_are_shorter_than_a_longer_context(refused):
    """Fifteen tokens of the notebook, a context of 15."""
    message = refused("analyze", "-M", "context_length=15")
    assert "context_length + 1 = 16 tokens, one window and the token after it: the data have 15." in message


def test_words_are_refused_when_they_are_too_few(refused):
    """Two words and a context of 3."""
    message = refused("analyze", "--model", "mingpt", "--data", "two words", "-M", "vocabulary=word")
    assert "the data have 2. Give more data, or a shorter context." in message
