"""Which arrays of whole numbers are in a file of NumPy?"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from markovgpt.data.arrays import check_integers
from markovgpt.data.sources import Source, empty, unreadable
from markovgpt.errors import DataError

__all__ = ["numpy_arrays"]


def numpy_arrays(source: Source) -> Iterator[tuple[str, NDArray[Any]]]:
    """The arrays of a ``.npy`` or ``.npz`` file, of one or two dimensions, and what to call each.

    A ``.npy`` file is mapped into memory, not read; of a ``.npz`` file one array at a time is in memory.

    Raises
    ------
    DataError
        The file is damaged, or holds something else.
    """
    path = Path(source.name)
    try:
        file = path.open("rb")
    except OSError as error:
        raise unreadable(source, error) from error
    with file:
        if file.read(2) != b"PK":  # as an archive of arrays begins
            with _damage_told(source.name):
                array = np.load(path, mmap_mode="r", allow_pickle=False)
            yield source.name, check_integers(array, where=source.name, most_dimensions=2)
            return
        file.seek(0)
        with _damage_told(source.name):
            archive = np.load(file, allow_pickle=False)
        if not archive.files:
            raise empty(source.name)
        for name in archive.files:
            where = f"{name} of {source.name}"
            with _damage_told(where):
                array = archive[name]
            yield where, check_integers(array, where=where, most_dimensions=2)


@contextmanager
def _damage_told(where: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, EOFError, BadZipFile, zlib.error) as error:
        raise DataError(
            f"{where} cannot be read as an array of whole numbers: it is damaged, or holds Python objects. Write the "
            "tokens with numpy.save(file, tokens), or numpy.savez(file, first, second) for several sequences.",
            source=where,
        ) from error
