"""Files of tables that are damaged, cut off, or not finished: noticed, made whole, and never taken for a chain."""

from __future__ import annotations

import errno
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stored import ADVICE, HOW, CountedSessions, damage, entered_blocks, stopping_after, table_part

import markovgpt as mg
from markovgpt import ArgumentError
from markovgpt.enumeration import choice
from markovgpt.enumeration.strategy import Block
from markovgpt.errors import EnumerationInterruptedError
from markovgpt.table_file import contents, writing
from markovgpt.table_file.layout import ENTRY


@pytest.mark.parametrize("place", [8, 16, 20, 100])
def test_damaged_header_is_refused(place: int, half: Path) -> None:
    """A bit of its length, of its checksum, or of what it says."""
    damage(half, place)
    with pytest.raises(ArgumentError, match=rf"is damaged: its header is not what was written\. {ADVICE}"):
        mg.build_chain(CountedSessions(), store=half, **HOW)
    with pytest.raises(ArgumentError, match=r"No chain can be read from .*is damaged: its header"):
        mg.load_chain(half)


def test_file_of_a_later_version_is_refused(path: Path) -> None:
    """Says which, and which can be read."""
    content = b'{"format_version": 2}'
    path.write_bytes(struct.pack("<8sQI", b"mgpttabl", len(content), zlib.crc32(content)) + content)
    with pytest.raises(ArgumentError, match="has format version 2, and this markovgpt reads 1"):
        mg.build_chain(CountedSessions(), store=path)
    with pytest.raises(ArgumentError, match="it has format version 2, and this markovgpt reads 1"):
        mg.load_chain(path)


@pytest.mark.parametrize("field", ENTRY.names)
def test_torn_journal_entry_does_not_count(field: str, half: Path) -> None:
    """A bit of any of its fields: the block is computed again, and nothing was damaged. Four bytes are unused."""
    expected = mg.build_chain(CountedSessions(), **HOW)
    _, layout = table_part(half)
    damage(half, layout.journal + ENTRY.itemsize + ENTRY.fields[field][1])
    assert entered_blocks(half) == ([0, 1, 2, 3] if field == "unused" else [0, 2, 3])
    found = mg.build_chain(CountedSessions(), store=half, **HOW)
    np.testing.assert_array_equal(found.probabilities, expected.probabilities)
    assert found.origin.store is not None
    assert (found.origin.store.n_reused, found.origin.store.n_damaged) == (4 if field == "unused" else 3, 0)


def test_journal_entry_of_another_file_does_not_count(half: Path, tmp_path: Path) -> None:
    """Entries that stand in the same place of a file with another header are no entries there."""
    other, model = tmp_path / "b.table", CountedSessions(seed=1)
    model.fingerprint = "other"
    with pytest.raises(EnumerationInterruptedError):
        mg.build_chain(model, store=other, progress=stopping_after(256), **HOW)
    assert entered_blocks(other) == [0]
    (_, layout), mixed = table_part(half), bytearray(half.read_bytes())
    mixed[layout.journal : layout.table] = other.read_bytes()[layout.journal : layout.table]
    half.write_bytes(bytes(mixed))
    assert entered_blocks(half) == []


@pytest.mark.parametrize("block", [0, 2, 3])
def test_damaged_rows_are_computed_again(block: int, half: Path) -> None:
    """A bit of one row: that block and no other; the note says so."""
    expected = mg.build_chain(CountedSessions(), **HOW)
    _, layout = table_part(half)
    damage(half, layout.table + block * 4096 + 1234)
    with pytest.raises(ArgumentError, match="is damaged: 1 of its 8 blocks are not as written"):
        mg.load_chain(half)
    model = CountedSessions()
    found = mg.build_chain(model, store=half, **HOW)
    np.testing.assert_array_equal(found.probabilities, expected.probabilities)
    assert model.asked == 5 * 256
    assert found.origin.note == (
        f"3 of 8 blocks of the table were in {half} before. 1 block was damaged, and computed again."
    )


@pytest.mark.parametrize("share", [0.3, 0.6, 0.99])
def test_file_that_was_cut_off_is_made_whole(share: float, finished: Path) -> None:
    """Rows that are gone are computed again."""
    expected, content = mg.load_chain(finished).fingerprint, finished.read_bytes()
    finished.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ArgumentError, match=r"is damaged: it is shorter than it was\. Give the command that wrote it"):
        mg.load_chain(finished)
    found = mg.build_chain(CountedSessions(), store=finished, **HOW)
    assert found.fingerprint == expected
    assert finished.read_bytes() == content


def test_disk_that_fails_on_the_way_loses_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The third flush fails: what was entered before is there, and is gone on with."""
    monkeypatch.setattr(writing, "_SECONDS_AT_RISK", 0.0)
    flush, calls = contents.Contents.flush, [0]

    def failing(self: contents.Contents) -> None:
        calls[0] += 1
        if calls[0] >= 5:  # two a block
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        flush(self)

    with monkeypatch.context() as patch:
        patch.setattr(contents.Contents, "flush", failing)
        with pytest.raises(ArgumentError, match=rf"a\.table: {os.strerror(errno.EIO)}\."):
            mg.build_chain(CountedSessions(), store=path, **HOW)
    assert entered_blocks(path) == [0, 1]
    found = mg.build_chain(CountedSessions(), store=path, **HOW)
    assert found.fingerprint == mg.build_chain(CountedSessions(), **HOW).fingerprint


def test_strategy_that_leaves_contexts_out_is_never_sealed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A strategy with a mistake: the file is not called finished."""

    def lazy(model: Any, states: mg.StateSpace, batch_size: int, done: Any) -> Any:
        yield Block(0, np.zeros((300, 2)), np.zeros(300), 0)

    monkeypatch.setitem(choice.STRATEGIES, "lazy", lazy)
    with pytest.raises(mg.NotComputedError, match="The strategy 'lazy' left out 1,748 contexts"):
        mg.build_chain(CountedSessions(), strategy="lazy", store=path)
    with pytest.raises(ArgumentError, match="256 of 2,048 contexts are done"):
        mg.load_chain(path)


def test_unfinished_file_is_no_chain_yet(half: Path) -> None:
    """How far it is, and what goes on."""
    with pytest.raises(
        ArgumentError,
        match=r"No chain can be read from .*: it is not finished: 1,024 of 2,048 contexts are done\. Give the command",
    ):
        mg.load_chain(half)


def test_file_that_was_begun_is_no_chain_yet(path: Path) -> None:
    """No header, no table."""
    path.write_bytes(b"mgpttabl" + bytes(12))
    with pytest.raises(ArgumentError, match="it has no table yet"):
        mg.load_chain(path)


def test_model_that_fails_on_the_way_loses_nothing(path: Path) -> None:
    """What was done before is there."""

    class Failing(CountedSessions):
        def next_logits(self, contexts: np.ndarray) -> np.ndarray:
            if self.asked >= 1024:
                raise RuntimeError("out of luck")
            return super().next_logits(contexts)

    with pytest.raises(mg.ModelError, match="out of luck"):
        mg.build_chain(Failing(), store=path, **HOW)
    assert entered_blocks(path) == [0, 1, 2, 3]
