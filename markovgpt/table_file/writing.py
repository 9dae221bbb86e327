"""How does a table grow in its file, so that what the journal calls finished is on the disk?"""

from __future__ import annotations

import errno
import math
import os
import shutil
import time
from pathlib import Path
from typing import BinaryIO, final

import numpy as np

from markovgpt.table_file.contents import Contents
from markovgpt.table_file.layout import Header, begin_header, read_header, write_header
from markovgpt.table_file.lock import lock

__all__ = ["TableWriter"]

_SECONDS_AT_RISK = 1.0  # of work: how long finished blocks wait at most until they are flushed to the disk together
_CANNOT_RESERVE = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)


@final
class TableWriter:
    """A file that is locked, and written by this process alone, until it is closed.

    Attributes
    ----------
    contents : Contents, or None
        What is in the file; None until it is begun.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, or make an empty one.

        Raises
        ------
        ArgumentError
            It is another kind of file, or its header is damaged: the message goes on from a name.
        BlockingIOError
            Another process has it.
        OSError
            It cannot be opened.
        """
        self.path = path
        self.contents: Contents | None = None
        self._is_new = not path.exists()
        self._finished: list[tuple[int, int, float]] = []  # blocks that wait for an entry
        self._committed = time.monotonic()
        binary: int = getattr(os, "O_BINARY", 0)
        self._file: BinaryIO = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | binary, 0o666), "r+b")
        try:
            if not lock(self._file):
                self._is_new = False
                raise BlockingIOError(errno.EAGAIN, "another process is writing to it")
            found = read_header(self._file)
            if found is not None:
                self._reserve(found[1].end)
                self.contents = Contents(np.memmap(self._file, dtype=np.uint8, mode="r+"), *found)
        except BaseException:
            self.close()
            raise

    def begin(self, header: Header) -> Contents:
        """Begin a table; whatever was in the file is gone.

        Room for all of it is taken now: a disk that is full is found before any work is done.
        """
        self.contents = None
        self._finished.clear()
        self._file.truncate(0)
        begin_header(self._file)
        try:
            write_header(self._file, header)
            found = read_header(self._file)
            assert found is not None  # noqa: S101  # it was just written
            self._reserve(found[1].end)
        except OSError:
            self._file.truncate(0)
            raise
        os.fsync(self._file.fileno())
        self.contents = Contents(np.memmap(self._file, dtype=np.uint8, mode="r+"), *found)
        return self.contents

    def finish_block(self, block: int, *, n_underflows: int, row_defect: float) -> None:
        """All rows of a block have been written."""
        self._finished.append((block, n_underflows, row_defect))
        if time.monotonic() - self._committed >= _SECONDS_AT_RISK:
            self.commit()

    def commit(self) -> None:
        """Flush finished blocks to the disk; then, and only then, enter them in the journal."""
        contents = self.contents
        if contents is not None and self._finished:
            contents.flush()
            for block, n_underflows, row_defect in self._finished:
                contents.enter(block, n_underflows=n_underflows, row_defect=row_defect)
            contents.flush()
            self._finished.clear()
        self._committed = time.monotonic()

    def seal(self, *, rounding: float | None) -> None:
        """The table is complete, and right."""
        self.commit()
        assert self.contents is not None  # noqa: S101  # it is complete
        self.contents.enter(
            self.contents.header.n_blocks, n_underflows=0, row_defect=math.nan if rounding is None else rounding
        )
        self.contents.flush()

    def close(self) -> None:
        """Let go of the file, and of the lock; an empty file that was made here is taken away again."""
        is_empty = self._is_new and self.contents is None
        self.contents = None
        self._file.close()
        if is_empty:
            self.path.unlink(missing_ok=True)

    def _reserve(self, size: int) -> None:
        """Make the file at least so large, with room on the disk for all of it."""
        descriptor = self._file.fileno()
        have = os.fstat(descriptor).st_size
        if have >= size:
            return
        if hasattr(os, "posix_fallocate"):
            try:
                os.posix_fallocate(descriptor, 0, size)
            except OSError as error:
                if error.errno not in _CANNOT_RESERVE:
                    raise
            else:
                return
        if shutil.disk_usage(self.path.absolute().parent).free < size - have:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._file.truncate(size)
