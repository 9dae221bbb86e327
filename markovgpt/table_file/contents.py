"""What is in the file of a table, and is it what was written?"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.table_file.layout import ENTRY, Header, Layout

__all__ = ["Contents"]

_OWN_CRC = ENTRY.fields["own_crc"][1] if ENTRY.fields else 0  # bytes of an entry that it is computed from


@final
class Contents:
    """The parts of a file that is mapped into memory.

    Parameters
    ----------
    raw : (bytes,) uint8
        All of the file, at least up to ``layout.end``.
    header, layout, crc
        As :func:`~markovgpt.table_file.layout.read_header` gives them.
    """

    def __init__(self, raw: np.memmap[Any, Any], header: Header, layout: Layout, crc: int) -> None:
        n, V, m = header.n_states, header.vocab_size, len(header.sampled)
        self.header, self._crc = header, crc
        self._raw, self._sampled = raw, np.array(header.sampled, dtype=np.int64)  # (m,)
        plain = raw.view(np.ndarray)  # parts of it are made in half the time

        def part(start: int, dtype: Any, *shape: int) -> NDArray[Any]:
            size = np.dtype(dtype).itemsize * int(np.prod(shape))
            found: NDArray[Any] = plain[start : start + size].view(dtype).reshape(shape)
            return found

        self.journal = part(layout.journal, ENTRY, header.n_blocks + 1)
        self.table = part(layout.table, np.dtype(header.storage).newbyteorder("<"), n, V)
        self.cut = part(layout.cut, "<f8", n) if header.has_cut else None
        self.sampled_logits = part(layout.sampled_logits, "<f8", m, V)
        self.sampled_outside = part(layout.sampled_outside, "<f8", m)

    def rows(self, block: int) -> slice:
        """The states of a block."""
        size = self.header.block_rows
        return slice(block * size, min((block + 1) * size, self.header.n_states))

    def data_crc(self, block: int) -> int:
        """The CRC-32 of what the file has for a block now; of the seal, that of all entries."""
        if block == self.header.n_blocks:
            return zlib.crc32(self.journal[:block].view(np.uint8).data)
        rows = self.rows(block)
        first, after = np.searchsorted(self._sampled, [rows.start, rows.stop])
        crc = zlib.crc32(self.table[rows].reshape(-1).view(np.uint8).data)
        for part in (None if self.cut is None else self.cut[rows], self.sampled_outside[first:after]):
            crc = crc if part is None else zlib.crc32(part.view(np.uint8).data, crc)
        return zlib.crc32(self.sampled_logits[first:after].reshape(-1).view(np.uint8).data, crc)

    def has_entry(self, block: int) -> bool:
        """Whether the journal says that a block is finished; an entry that was torn does not."""
        entry = self.journal[block].tobytes()
        return (
            self._own_crc(entry) == int(self.journal["own_crc"][block]) and int(self.journal["number"][block]) == block
        )

    def is_whole(self, block: int) -> bool:
        """Whether a block that has an entry is what was written."""
        return self.data_crc(block) == int(self.journal["data_crc"][block])

    @property
    def is_sealed(self) -> bool:
        """Whether the table was complete, and compared: the last thing that is written."""
        seal = self.header.n_blocks
        return self.has_entry(seal) and self.is_whole(seal)

    def whole_blocks(self) -> Iterator[bool | None]:
        """Of each block whether it is what was written; None where it is not finished."""
        for block in range(self.header.n_blocks):
            yield self.is_whole(block) if self.has_entry(block) else None

    def enter(self, block: int, *, n_underflows: int, row_defect: float) -> None:
        """Write the entry of a block, whose rows are on the disk."""
        fields = (block, self.data_crc(block), n_underflows, row_defect)
        own_crc = self._own_crc(np.array((*fields, 0, 0), dtype=ENTRY).tobytes())
        self.journal[block] = (*fields, own_crc, 0)

    def flush(self) -> None:
        """Wait until all that was written is on the disk."""
        self._raw.flush()

    def n_underflows(self) -> int:
        """Of all blocks together, once they are finished."""
        return int(self.journal["n_underflows"][:-1].sum())

    def row_defect(self) -> float:
        """The largest of all blocks, once they are finished."""
        return float(self.journal["row_defect"][:-1].max())

    def rounding(self) -> float | None:
        """What was written into the seal."""
        found = float(self.journal["row_defect"][-1])
        return None if np.isnan(found) else found

    def _own_crc(self, entry: bytes) -> int:
        return zlib.crc32(entry[:_OWN_CRC], self._crc)
