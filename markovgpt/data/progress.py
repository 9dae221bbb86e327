"""How much of the data has been read?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from markovgpt.data.sources import Source
from markovgpt.data.stream import Progress

__all__ = ["Meter"]


@final
class Meter:
    """Tells ``progress(what, done, total)`` in bytes; the total is 0 where nobody knows it.

    What is read of a file may be more than its size (compressed arrays), but it counts no more than that.
    """

    def __init__(self, what: str, sources: Sequence[Source], progress: Progress | None) -> None:
        self._what, self._progress = what, progress
        sizes = [source.n_bytes for source in sources]
        self._total = sum(sizes) if all(sizes) else 0
        self._before = self._here = self._size = 0

    def begin(self, source: Source) -> None:
        """Another of the data."""
        self._before += self._size if self._total else self._here
        self._here, self._size = 0, source.n_bytes

    def done(self, n_bytes: int) -> None:
        """So much more of it."""
        self._here += n_bytes
        if self._total:
            self._here = min(self._here, self._size)
        if self._progress is not None:
            self._progress(self._what, self._before + self._here, self._total)
