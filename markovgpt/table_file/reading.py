"""How is a finished table read from its file: without a copy where it can be?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from markovgpt.errors import ArgumentError
from markovgpt.table_file.contents import Contents
from markovgpt.table_file.layout import MAGIC, Header, read_header

__all__ = ["FinishedTable", "is_table_file", "open_finished", "read_finished"]

_ROWS = 2**14  # that are made float64 at once

Checking = Callable[[int, int], None]


class FinishedTable(NamedTuple):
    """A table, its header, and what was counted when it was made."""

    header: Header
    probabilities: NDArray[np.float64]  # (n, V), read-only
    cut: NDArray[np.float64] | None  # (n,)
    n_underflows: int
    row_defect: float
    rounding: float | None


def is_table_file(path: Path) -> bool:
    """Whether a file begins as one of a table does."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except (OSError, ValueError):  # no file, or a name that no file can have
        return False


def open_finished(path: Path, *, is_checked: bool = False, checking: Checking | None = None) -> FinishedTable | None:
    """The table, if it is finished and all of it is what was written; None if it is not.

    ``checking`` is called with the number of blocks that were compared with their checksums, and that of all; with
    ``is_checked``, none are: they were just written.

    Raises
    ------
    ArgumentError
        As :func:`~markovgpt.table_file.layout.read_header`.
    OSError
        The file cannot be read.
    """
    with path.open("rb") as file:
        found = read_header(file)
        if found is None or path.stat().st_size < found[1].end:
            return None
        contents = Contents(np.memmap(file, dtype=np.uint8, mode="r"), *found)
    if not contents.is_sealed:
        return None
    for block, whole in enumerate(() if is_checked else contents.whole_blocks(), start=1):
        if not whole:
            return None
        if checking is not None:
            checking(block, contents.header.n_blocks)
    header, layout, _ = found
    n, V = header.n_states, header.vocab_size
    table = np.memmap(path, dtype=header.storage, mode="r", offset=layout.table, shape=(n, V))
    cut = np.memmap(path, dtype=np.float64, mode="r", offset=layout.cut, shape=(n,)) if header.has_cut else None
    probabilities = table if header.storage == "float64" else _rows_of_float32(table)
    defect = max(contents.row_defect(), header.model_row_defect)
    return FinishedTable(header, probabilities, cut, contents.n_underflows(), defect, contents.rounding())


def read_finished(path: Path) -> FinishedTable:
    """The table.

    Raises
    ------
    ArgumentError
        The file is another, unfinished, or damaged; the message goes on from a name.
    OSError
        The file cannot be read.
    """
    table = open_finished(path)
    if table is not None:
        return table
    again = "Give the command that wrote it once more, with the same --store: it goes on from there"
    with path.open("rb") as file:
        found = read_header(file)
        if found is None:
            raise ArgumentError(f"has no table yet. {again}")
        header, layout, _ = found
        if path.stat().st_size < layout.end:
            raise ArgumentError(f"is damaged: it is shorter than it was. {again}")
        contents = Contents(np.memmap(file, dtype=np.uint8, mode="r"), *found)
    states = list(contents.whole_blocks())
    n_damaged, done = states.count(False), sum(rows.stop - rows.start for rows in map(contents.rows, _whole(states)))
    if n_damaged:
        raise ArgumentError(f"is damaged: {n_damaged:,} of its {header.n_blocks:,} blocks are not as written. {again}")
    compared = ", but not compared with the model" if done == header.n_states else ""
    raise ArgumentError(f"is not finished: {done:,} of {header.n_states:,} contexts are done{compared}. {again}")


def _whole(states: list[bool | None]) -> list[int]:
    return [block for block, whole in enumerate(states) if whole]


def _rows_of_float32(table: NDArray[np.float32]) -> NDArray[np.float64]:
    """Rows divided by their sums, both in float64."""
    rows = np.empty(table.shape)  # (n, V)
    for start in range(0, len(table), _ROWS):
        here = slice(start, start + _ROWS)
        rows[here] = table[here]
        rows[here] /= rows[here].sum(axis=1, keepdims=True)
    return rows
