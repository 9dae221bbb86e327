"""Is the vocabulary of data what occurs in them?"""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import markovgpt as mg
from markovgpt import Vocabulary
from markovgpt.data import text
from markovgpt.vocabulary import TokenKind

_KINDS = st.sampled_from(["char", "word", "byte"])


# What reading leaves out, a byte order mark and the first half of a line end, has tests of its own.
_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\ufeff\r"), min_size=1).filter(str.strip)


@given(texts=st.lists(_TEXTS, min_size=1, max_size=3), kind=_KINDS, block=st.integers(3, 9))
def test_scan_finds_the_vocabulary_of_all_texts(
    texts: list[str], kind: TokenKind, block: int, tmp_path_factory
) -> None:
    """What occurs in any of them, sorted."""
    folder = tmp_path_factory.mktemp("data")
    for number, one in enumerate(texts):
        (folder / str(number)).write_bytes(one.encode())
    with patch.object(text, "_BLOCK", block):
        found = mg.scan_vocabulary(sorted(folder.iterdir()), kind)
    parts = [Vocabulary.of_text(one, kind=kind).tokens for one in texts]
    assert (found.tokens, found.kind) == (tuple(sorted(set().union(*parts))), kind)


@pytest.mark.parametrize("kind", ["char", "byte"])
def test_scan_of_lines_leaves_their_ends_out(kind: TokenKind) -> None:
    """They are no tokens."""
    assert mg.scan_vocabulary("ab\nba\n", kind, sequences="line").tokens == ("a", "b")


def test_scan_of_numbers_goes_up_to_the_largest(tmp_path: Path) -> None:
    """0 to 11, though not all occur."""
    np.save(tmp_path / "a.npy", np.array([[3, 11], [0, 1]]))
    (tmp_path / "b.json").write_text("[[2], []]")
    vocabulary = mg.scan_vocabulary([tmp_path / "a.npy", tmp_path / "b.json"])
    assert vocabulary.tokens == tuple(map(str, range(12)))


def test_scanned_data_can_be_counted(tmp_path: Path) -> None:
    """No token is unknown: abracadabra has five a, of which four have a token after them."""
    path = tmp_path / "text"
    path.write_text("abracadabra")
    counts = mg.count_data(path, vocabulary=mg.scan_vocabulary(path), context_length=1)
    assert (counts.n_gaps, counts.after([0]).tolist(), counts.after([]).tolist()) == (
        0,
        [0, 2, 1, 1, 0],
        [5, 2, 1, 1, 2],
    )


def test_scan_tells_progress(tmp_path: Path) -> None:
    """In bytes."""
    told: list[tuple[str, int, int]] = []
    mg.scan_vocabulary(["abc", "bcde"], progress=lambda *news: told.append(news))
    assert told == [("reading", 3, 7), ("reading", 7, 7)]
