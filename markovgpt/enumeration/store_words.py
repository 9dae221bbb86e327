"""What does the user read about a table that is stored, or cannot be?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from markovgpt.errors import ArgumentError
from markovgpt.origin import TableStore

__all__ = ["naming", "remark"]


def remark(store: TableStore) -> str:
    """What was in the file before; empty if nothing was.

    >>> remark(TableStore(file="a.table", storage="float64", n_blocks=64, n_reused=40, n_damaged=1))
    '40 of 64 blocks of the table were in a.table before. 1 block was damaged, and computed again.'
    """
    n_reused, n_blocks, n_damaged = store.n_reused, store.n_blocks, store.n_damaged
    if n_reused == n_blocks:
        return f"The table was read from {store.file}, where it was complete."
    were = "block was" if n_damaged == 1 else "blocks were"
    reused = f"{n_reused:,} of {n_blocks:,} blocks of the table were in {store.file} before." if n_reused else ""
    damaged = f"{n_damaged:,} {were} damaged, and computed again." if n_damaged else ""
    return " ".join(filter(None, (reused, damaged)))


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Errors of the file as one kind of error, with its name and what to do instead."""
    try:
        yield
    except ArgumentError as error:
        raise ArgumentError(
            f"The table cannot be stored: {path} {error}. Name another file, or delete this one.", path=str(path)
        ) from None
    except BlockingIOError as error:
        raise ArgumentError(
            f"The table cannot be stored in {path}: {error.strerror}. Wait until it is done, or name another file.",
            path=str(path),
        ) from None
    except OSError as error:
        raise ArgumentError(
            f"The table cannot be stored in {path}: {error.strerror or error}. Name a file that can be written, on a "
            "disk with room for it.",
            path=str(path),
        ) from None
