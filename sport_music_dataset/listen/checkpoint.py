"""Read the variables of a TensorFlow checkpoint without TensorFlow.

A checkpoint (tensor_bundle.proto, version 2) is two files: `.index`, a table of LevelDB's format
that maps each variable's name to a BundleEntryProto, and `.data-00000-of-00001` with the values.
Sources: tensorflow/core/protobuf/tensor_bundle.proto; LevelDB's doc/table_format.md; Protocol
Buffers' encoding.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError

Floats = NDArray[np.float32]

# A block ends in its kind of compression and a checksum; a table in two handles and this number.
_BLOCK_END_BYTES = 5
_FOOTER_BYTES = 48
_MAGIC = 0xDB4775248B80FB57
_DT_FLOAT = 1

ENDS = (".index", ".data-00000-of-00001")
"""What the names of the two files of a checkpoint end in."""


class _Entry(NamedTuple):
    """Where a variable lies: its shape, first byte and number of bytes."""

    shape: tuple[int, ...]
    offset: int
    size: int


def read_checkpoint(folder: Path, stem: str = "") -> dict[str, Floats]:
    """The float32 variables by name of the checkpoint `stem` in a folder.

    Raises:
        ModelError: a file is missing, or is not of this format.
    """
    index, values = (folder / f"{stem}{end}" for end in ENDS)
    try:
        data = values.read_bytes()
        table = index.read_bytes()
        entries = {name: _entry(value) for name, value in _table(table) if name}
        return {name: _array(data, entry) for name, entry in entries.items() if entry}
    except (OSError, ValueError, IndexError, struct.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ModelError(
            f"{index}: is no checkpoint that can be read ({reason}); install its package again"
        ) from error


def _array(data: bytes, entry: _Entry) -> Floats:
    count = int(np.prod(entry.shape, dtype=np.int64))
    if entry.size != 4 * count:
        raise ValueError(f"{entry.size} bytes for the shape {entry.shape}")
    return np.frombuffer(data, "<f4", count, entry.offset).reshape(entry.shape)


def _table(table: bytes) -> Iterator[tuple[str, bytes]]:
    """Key and value of every entry of a table."""
    footer = table[-_FOOTER_BYTES:]
    if len(footer) < _FOOTER_BYTES or struct.unpack("<Q", footer[-8:])[0] != _MAGIC:
        raise ValueError("no table of LevelDB's format")
    _, at = _handle(footer, 0)
    index, _ = _handle(footer, at)
    for _, handle in _block(table, *index):
        yield from ((key.decode(), value) for key, value in _block(table, *_handle(handle, 0)[0]))


def _handle(data: bytes, at: int) -> tuple[tuple[int, int], int]:
    """(offset and size of a block, where its handle ends)."""
    offset, at = _varint(data, at)
    size, at = _varint(data, at)
    return (offset, size), at


def _block(table: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Key and value of the entries of a block; a key has only what differs from the one before."""
    block = table[offset : offset + size]
    if len(table) < offset + size + _BLOCK_END_BYTES or table[offset + size]:
        raise ValueError("a block is cut off, or compressed")
    (restarts,) = struct.unpack("<I", block[-4:])
    end, at, key = size - 4 - 4 * restarts, 0, b""
    while at < end:
        shared, at = _varint(block, at)
        own, at = _varint(block, at)
        length, at = _varint(block, at)
        key = key[:shared] + block[at : at + own]
        yield key, block[at + own : at + own + length]
        at += own + length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """(number, where it ends): seven bits a byte, the lowest first."""
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return number, at


def _fields(message: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(field, number, bytes) of a message of Protocol Buffers; of the last two, one is used."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == 0:
            number, at = _varint(message, at)
            yield tag >> 3, number, b""
        elif kind == 2:
            length, at = _varint(message, at)
            yield tag >> 3, 0, message[at : at + length]
            at += length
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        else:
            raise ValueError(f"a message has a field of kind {kind}")


def _entry(message: bytes) -> _Entry | None:
    """The place of a variable by its BundleEntryProto; None if it is not of float32."""
    kind, shape, offset, size = 0, list[int](), 0, 0
    for field, number, content in _fields(message):
        if field == 1:
            kind = number
        elif field == 2:
            dims = [dim for name, _, dim in _fields(content) if name == 2]
            shape = [next((n for name, n, _ in _fields(dim) if name == 1), 0) for dim in dims]
        elif field == 4:
            offset = number
        elif field == 5:
            size = number
    return _Entry(tuple(shape), offset, size) if kind == _DT_FLOAT else None
