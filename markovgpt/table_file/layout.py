"""What stands where in the file of a table?

Parts, each from a multiple of 4,096 bytes on, all numbers little-endian:

1. the preamble, 20 bytes: magic, length and CRC-32 of the header; then the header, JSON;
2. the journal: an entry for each block of rows that is finished, and one more, the seal, when the table is;
3. the table, (n, V) of the storage type: it can be mapped into memory as it is;
4. what is left out at each state, (n,) float64, if there is such a thing;
5. logits of a few states, (m, V) and (m,) float64: what is to be compared when the table is complete.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO, Literal, NamedTuple, final

import numpy as np

from markovgpt.errors import ArgumentError

__all__ = ["ENTRY", "MAGIC", "Header", "Layout", "Storage", "begin_header", "layout_of", "read_header", "write_header"]

Storage = Literal["float64", "float32"]

MAGIC = b"mgpttabl"
FORMAT_VERSION = 1
_PREAMBLE = struct.Struct("<8sQI")
_PAGE = 4096
_MOST_BLOCKS = 2**16  # more would be a journal that takes long to read

ENTRY = np.dtype(
    [
        ("number", "<u4"),  # of the block
        ("data_crc", "<u4"),  # CRC-32 of its rows, of the table and of all that belongs to them
        ("n_underflows", "<i8"),
        ("row_defect", "<f8"),  # of the seal: rounding, or NaN
        ("own_crc", "<u4"),  # CRC-32 of the fields above, begun with that of the header: of this file and no other
        ("unused", "<u4"),
    ]
)
"""An entry of the journal. Zeros are no valid one."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a file is about; it does not change as long as the table grows.

    Attributes
    ----------
    identity : dict
        What makes this table the one that it is; of values that JSON has.
    strategy, note, batch_size : str, str, int
        How the rows are computed, and why; contexts a call.
    n_states, vocab_size : int
        n, V.
    storage : "float64" or "float32"
        Of the table.
    has_cut : bool
        Whether what is left out is stored.
    model_row_defect : float
        That of the model's own table, if it is one.
    sampled : tuple of int
        The states whose logits are kept, ascending.
    """

    identity: dict[str, Any]
    strategy: str
    note: str
    batch_size: int
    n_states: int
    vocab_size: int
    storage: Storage
    has_cut: bool
    model_row_defect: float
    sampled: tuple[int, ...]

    @property
    def block_rows(self) -> int:
        """Rows of a block: a page at least; the last block may have fewer."""
        row = self.vocab_size * np.dtype(self.storage).itemsize  # bytes
        return min(self.n_states, max(-(-_PAGE // row), -(-self.n_states // _MOST_BLOCKS)))

    @property
    def n_blocks(self) -> int:
        """Number of blocks."""
        return -(-self.n_states // self.block_rows)


class Layout(NamedTuple):
    """Where the parts of a file begin, and where the file ends, in bytes."""

    journal: int
    table: int
    cut: int
    sampled_logits: int
    sampled_outside: int
    end: int


def layout_of(header: Header, length: int) -> Layout:
    """Where everything stands, if the header takes ``length`` bytes."""
    n, m = header.n_states, len(header.sampled)
    sizes = (
        _PREAMBLE.size + length,
        ENTRY.itemsize * (header.n_blocks + 1),
        n * header.vocab_size * np.dtype(header.storage).itemsize,
        8 * n if header.has_cut else 0,
        8 * m * header.vocab_size,
        8 * m,
    )
    ends = np.cumsum([size + -size % _PAGE for size in sizes]).tolist()
    return Layout(*ends)


def begin_header(file: BinaryIO) -> None:
    """Mark an empty file as ours, before anything else is written."""
    file.seek(0)
    file.write(_PREAMBLE.pack(MAGIC, 0, 0))
    file.flush()


def write_header(file: BinaryIO, header: Header) -> None:
    """Write the header of a file that was begun; the preamble, which makes it valid, when the rest is on the disk."""
    content, crc = _encoded(header)
    file.seek(_PREAMBLE.size)
    file.write(content)
    file.flush()
    os.fsync(file.fileno())
    file.seek(0)
    file.write(_PREAMBLE.pack(MAGIC, len(content), crc))
    file.flush()


def read_header(file: BinaryIO) -> tuple[Header, Layout, int] | None:
    """The header, where everything stands, and the CRC-32; None if the file is empty, or no more than begun.

    Raises
    ------
    ArgumentError
        It is another kind of file, of another version, or its header is damaged; the message goes on from a name.
    """
    file.seek(0)
    preamble = file.read(_PREAMBLE.size)
    if not preamble:
        return None
    if preamble[: len(MAGIC)] != MAGIC or len(preamble) < _PREAMBLE.size:
        raise ArgumentError("is no file of a table")
    _, length, crc = _PREAMBLE.unpack(preamble)
    if not length:
        return None
    content = file.read(length) if length < 2**31 else b""
    if zlib.crc32(content) != crc:
        raise ArgumentError("is damaged: its header is not what was written")
    found = json.loads(content)
    version = found.pop("format_version")
    if version != FORMAT_VERSION:
        raise ArgumentError(f"has format version {version}, and this markovgpt reads {FORMAT_VERSION}")
    header = Header(**{**found, "sampled": tuple(found["sampled"])})
    return header, layout_of(header, length), crc


def _encoded(header: Header) -> tuple[bytes, int]:
    content = json.dumps({"format_version": FORMAT_VERSION} | asdict(header)).encode()
    return content, zlib.crc32(content)
