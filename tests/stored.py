"""Models and files for the tests of stored tables: interruptions, damage, and what a crash would leave."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import SessionModel

from markovgpt import StateSpace
from markovgpt.table_file import contents, writing
from markovgpt.table_file.contents import Contents
from markovgpt.table_file.layout import Header, read_header

__all__ = ["ADVICE", "HOW", "CountedSessions", "damage", "entered_blocks", "snapshots", "stopping_after", "table_part"]

ADVICE = r"Name another file, or delete this one\."
HOW: dict[str, Any] = {"strategy": "batched", "batch_size": 256}
"""Eight blocks of a model with 2^11 contexts."""


class CountedSessions(SessionModel):
    """2^K contexts, by sessions or as a whole; ``asked`` are the rows of ``next_logits``, ``fed`` those of sessions."""

    fingerprint = "counted"
    name = "counted"

    def __init__(self, *, context_length: int = 11, vocab_size: int = 2, seed: int = 0) -> None:
        every = StateSpace(vocab_size=vocab_size, context_length=context_length, lengths="all")
        drawn = np.random.default_rng(seed).normal(size=(every.n_states, vocab_size))
        super().__init__(drawn, context_length=context_length)
        self.asked = 0

    def next_logits(self, contexts: np.ndarray) -> np.ndarray:
        self.asked += len(contexts)
        weights = self.vocab_size ** np.arange(contexts.shape[1])[::-1]
        return self.logits[self.space.offset(contexts.shape[1]) + contexts @ weights]


def stopping_after(n: int) -> Callable[[str, int, int], None]:
    """A progress that is Ctrl-C once ``n`` contexts are enumerated."""

    def report(what: str, done: int, total: int) -> None:
        if what == "enumerating contexts" and done >= n:
            raise KeyboardInterrupt

    return report


@contextmanager
def snapshots(path: Path, folder: Path) -> Iterator[list[Path]]:
    """Copies of the file whenever it is flushed, and after every block: what kill -9 at that moment would leave."""
    taken: list[Path] = []
    flush, enter, finish = contents.Contents.flush, contents.Contents.enter, writing.TableWriter.finish_block

    def take() -> None:
        if path.exists():
            taken.append(Path(shutil.copyfile(path, folder / f"{len(taken)}.table")))

    def flushing(self: Contents) -> None:
        take()
        flush(self)

    def entering(self: Contents, block: int, **facts: Any) -> None:
        enter(self, block, **facts)
        take()

    def finishing(self: writing.TableWriter, block: int, **facts: Any) -> None:
        take()
        finish(self, block, **facts)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "_SECONDS_AT_RISK", 0.0)
        patch.setattr(contents.Contents, "flush", flushing)
        patch.setattr(contents.Contents, "enter", entering)
        patch.setattr(writing.TableWriter, "finish_block", finishing)
        yield taken


def table_part(path: Path) -> tuple[Header, Any]:
    """The header, and where everything stands."""
    with path.open("rb") as file:
        found = read_header(file)
    assert found is not None
    return found[0], found[1]


def damage(path: Path, place: int) -> None:
    """Turn one bit of one byte."""
    content = bytearray(path.read_bytes())
    content[place] ^= 4
    path.write_bytes(bytes(content))


def entered_blocks(path: Path) -> list[int]:
    """The blocks that the journal calls finished; none while the file is being made."""
    try:
        with path.open("rb") as file:
            found = read_header(file)
            if found is None or path.stat().st_size < found[1].end:
                return []
            inside = Contents(np.memmap(file, dtype=np.uint8, mode="r"), *found)
    except FileNotFoundError:
        return []
    return [block for block in range(found[0].n_blocks) if inside.has_entry(block)]
