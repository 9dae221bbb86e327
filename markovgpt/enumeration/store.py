"""How does a table grow in a file, so that an interrupted enumeration goes on from there, bit for bit?"""

from __future__ import annotations

import errno
from pathlib import Path
from types import TracebackType
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.decoding import Decoding
from markovgpt.enumeration.agreement import StateSample, sampled_states
from markovgpt.enumeration.done import NOTHING_DONE, Done
from markovgpt.enumeration.identity import check_same
from markovgpt.enumeration.store_words import naming, remark
from markovgpt.enumeration.strategy import Block
from markovgpt.errors import ArgumentError, EnumerationInterruptedError, NotComputedError
from markovgpt.interrupts import interrupts_held_back
from markovgpt.model import Progress
from markovgpt.origin import TableStore
from markovgpt.statespace import StateSpace
from markovgpt.table_file.contents import Contents
from markovgpt.table_file.layout import Header, read_header
from markovgpt.table_file.reading import FinishedTable, open_finished
from markovgpt.table_file.writing import TableWriter

__all__ = ["StoredTable"]


@final
class StoredTable:
    """A :class:`~markovgpt.enumeration.growing.GrowingTable` in a file; use as a context manager.

    Parameters
    ----------
    path : Path
        Of the file, which may be there already.
    states, rule : StateSpace, Decoding
        The rule is applied to the logits of the states.
    identity : dict
        As :func:`~markovgpt.enumeration.identity.identity_of` gives it.
    with_cut : bool
        Whether the model says what it leaves out.
    row_defect : float
        Of the model's own table, if it is one.
    strategy : str
        That is asked for, or "auto", which goes on with that of the file.
    batch_size : int, optional
        That is asked for; None goes on with that of the file.
    usual_size : int
        Batch size of a new file, if none is asked for.

    Attributes
    ----------
    strategy, batch_size : str, int
        Those of the file; if it has none yet, empty, and what it will have.
    finished : FinishedTable, or None
        The table, if nothing is left to be done.

    Raises
    ------
    ArgumentError
        The file has another table, cannot be read or written, or another process has it.
    """

    def __init__(
        self,
        path: Path,
        states: StateSpace,
        rule: Decoding,
        *,
        identity: dict[str, Any],
        with_cut: bool,
        row_defect: float,
        strategy: str,
        batch_size: int | None,
        usual_size: int,
        progress: Progress | None,
    ) -> None:
        self._path, self._states, self._rule, self._progress = path, states, rule, progress
        self._identity, self._with_cut, self._row_defect = identity, with_cut, row_defect
        self.done, self.n_done, self.strategy, self.note = NOTHING_DONE, 0, "", ""
        self._asked, self.batch_size = (strategy, batch_size), batch_size or usual_size
        self.n_reused = self.n_damaged = 0
        self._writer: TableWriter | None = None
        self._contents: Contents | None = None
        with naming(self._path):
            if self._path.exists() and not (self._path.is_file() or self._path.is_dir()):
                raise OSError(errno.EINVAL, "it is no ordinary file")
            self.finished = self._finished()
            if self.finished is not None:
                self.n_reused = self.finished.header.n_blocks
                self.note = " ".join(filter(None, (self.note, remark(self.record()))))
                return
            self._writer = TableWriter(path)
            try:
                if self._writer.contents is not None:
                    self._take_over(self._writer.contents.header)
                    self._go_on(self._writer.contents)
            except BaseException:
                self._writer.close()
                raise

    def __enter__(self) -> StoredTable:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Keep what is done; say so where Ctrl-C ended it."""
        if self._writer is None:
            return
        with interrupts_held_back():
            n_kept = self._kept(self._writer)
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            raise EnumerationInterruptedError(
                f"Interrupted: {n_kept:,} of {self._states.n_states:,} contexts are kept in {self._path}. The same "
                "command goes on from there.",
                n_done=n_kept,
                path=str(self._path),
            ) from None

    def begin(self, strategy: str, note: str) -> None:
        """Begin the file, or go on with it; what another strategy wrote is forgotten."""
        if self._contents is not None and self.strategy == strategy:
            return
        self._contents = None
        self.n_damaged, self.strategy, self.note = 0, strategy, note
        header = Header(
            identity=self._identity,
            strategy=strategy,
            batch_size=self.batch_size,
            note=note,
            n_states=self._states.n_states,
            vocab_size=self._states.vocab_size,
            storage=self._identity["storage"],
            has_cut=self._with_cut,
            model_row_defect=self._row_defect,
            sampled=tuple(sampled_states(self._states).tolist()),
        )
        with naming(self._path):
            self._fill(self._open_writer().begin(header), whole=[])

    def take(self, block: Block) -> None:
        """Write the rows of a block that are not done yet."""
        size, law = self._open_contents().header.block_rows, self._rule.apply(block.logits)  # (m, V)
        first, after = block.start // size, -(-(block.start + len(law)) // size)
        open_blocks = first + np.flatnonzero(self._left[first:after])  # (b,)
        for run in np.split(open_blocks, np.flatnonzero(np.diff(open_blocks) > 1) + 1):
            if len(run):
                self._write(int(run[0]), int(run[-1]) + 1, block, law)

    def complete(self, *, rounding: float | None) -> None:
        """Seal the file, and read the table from it."""
        if n_missing := int(self._left.sum()):
            raise NotComputedError(f"The strategy {self.strategy!r} left out {n_missing:,} contexts.", n=n_missing)
        with naming(self._path):
            self._open_writer().seal(rounding=rounding)
            self._contents = None
            self.finished = open_finished(self._path, is_checked=True)
        self.note = " ".join(filter(None, (self.note, remark(self.record()))))

    @property
    def result(self) -> FinishedTable:
        """The table, when all is done.

        Raises
        ------
        ArgumentError
            Something else has changed the file.
        """
        if self.finished is None:
            raise ArgumentError(
                f"{self._path} is not what was written to it just now: another program must have changed it.",
                path=str(self._path),
            )
        return self.finished

    def record(self) -> TableStore:
        """What the chain says about the file."""
        header = self.result.header
        return TableStore(
            file=str(self._path),
            storage=header.storage,
            n_blocks=header.n_blocks,
            n_reused=self.n_reused,
            n_damaged=self.n_damaged,
        )

    def _finished(self) -> FinishedTable | None:
        """The table, if the file is there and all of it is right."""
        try:
            with self._path.open("rb") as file:
                found = read_header(file)
        except FileNotFoundError:
            found = None
        if found is None:
            return None
        self._take_over(found[0])
        return open_finished(self._path, checking=self._checking)

    def _take_over(self, header: Header) -> None:
        """Go on as the file was begun, if it has the table that is asked for."""
        strategy, batch_size = self._asked
        check_same(header, self._identity, strategy=strategy, batch_size=batch_size)
        self.strategy, self.note, self.batch_size = header.strategy, header.note, header.batch_size

    def _checking(self, done: int, total: int) -> None:
        if self._progress is not None:
            self._progress("checking the stored table", done, total)

    def _go_on(self, contents: Contents) -> None:
        """Find out which blocks are done."""
        whole = []
        for number, found in enumerate(contents.whole_blocks(), start=1):
            whole.append(found)
            self._checking(number, contents.header.n_blocks)
        self.n_damaged = whole.count(False)
        self._fill(contents, whole=[number for number, found in enumerate(whole) if found])

    def _fill(self, contents: Contents, *, whole: list[int]) -> None:
        """Get ready to write all blocks but those that are whole."""
        header = contents.header
        self._contents, self.n_reused = contents, len(whole)
        self._left = np.full(header.n_blocks, header.block_rows)  # (blocks,) rows that are not written yet
        self._left[-1] = header.n_states - (header.n_blocks - 1) * header.block_rows
        self._left[whole] = 0
        self._underflows = np.zeros(header.n_blocks, dtype=np.int64)
        self._defects = np.zeros(header.n_blocks)
        ranges = [contents.rows(number) for number in whole]
        self.done = Done((rows.start, rows.stop) for rows in ranges)
        self.n_done = header.n_states - int(self._left.sum())
        self.sample = StateSample(self._states, logits=contents.sampled_logits, outside=contents.sampled_outside)

    def _write(self, first: int, after: int, block: Block, law: NDArray[np.float64]) -> None:
        """Write the rows of some stored blocks, one behind the other, that are in a block of a strategy."""
        contents, size = self._open_contents(), self._open_contents().header.block_rows
        start, stop = max(first * size, block.start), min(after * size, block.start + len(law))
        here, part = slice(start, stop), slice(start - block.start, stop - block.start)
        contents.table[here] = law[part]
        if contents.cut is not None:
            contents.cut[here] = block.outside[part]
        self.sample.note(Block(start, block.logits[part], block.outside[part], 0, 0))
        edges = np.clip(np.arange(first, after + 1) * size, start, stop) - start  # (b + 1,) where stored blocks begin
        self._count(first, edges, block.logits[part], law[part], contents.table[here])
        self._left[first:after] -= np.diff(edges)
        self.n_done += stop - start
        with naming(self._path):
            for number in (first + np.flatnonzero(self._left[first:after] == 0)).tolist():
                self._open_writer().finish_block(
                    number, n_underflows=int(self._underflows[number]), row_defect=float(self._defects[number])
                )

    def _count(
        self,
        first: int,
        edges: NDArray[np.int64],
        logits: NDArray[np.float64],
        law: NDArray[np.float64],
        written: NDArray[Any],
    ) -> None:
        """Note what became 0, and how far sums are from 1 in float32, for each of the stored blocks."""
        these = slice(first, first + len(edges) - 1)
        if self._rule.underflows(logits, law):  # rarely
            parts = list(map(slice, edges[:-1].tolist(), edges[1:].tolist()))
            self._underflows[these] += [self._rule.underflows(logits[part], law[part]) for part in parts]
        if written.dtype != np.float64:
            lost = ((law > 0) & (written == 0)).sum(axis=1)  # (m,)
            self._underflows[these] += np.add.reduceat(lost, edges[:-1])
            defects = abs(written.sum(axis=1, dtype=np.float64) - 1)  # (m,)
            self._defects[these] = np.maximum(self._defects[these], np.maximum.reduceat(defects, edges[:-1]))

    def _kept(self, writer: TableWriter) -> int:
        """Close the file; how many contexts are in it for good."""
        n_kept = 0
        try:
            with naming(self._path):
                writer.commit()
        finally:
            contents = self._contents
            if contents is not None:
                kept = (number for number in np.flatnonzero(self._left == 0).tolist() if contents.has_entry(number))
                n_kept = sum(rows.stop - rows.start for rows in map(contents.rows, kept))
            self._contents = self._writer = None
            writer.close()
        return n_kept

    def _open_writer(self) -> TableWriter:
        assert self._writer is not None  # noqa: S101  # open as long as the table grows
        return self._writer

    def _open_contents(self) -> Contents:
        assert self._contents is not None  # noqa: S101  # after begin
        return self._contents
