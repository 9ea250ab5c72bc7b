"""TensorFlow's checkpoints, against bundles that are written here by the same specification."""

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from sport_music_dataset.errors import ModelError
from sport_music_dataset.listen.checkpoint import ENDS, read_checkpoint

NAMES = st.text("ab/_0", min_size=1, max_size=12)
VARIABLES = st.dictionaries(
    NAMES, arrays(np.float32, array_shapes(min_dims=0, max_dims=3, max_side=4)), max_size=12
)


def varint(number: int) -> bytes:
    low, rest = number & 127, number >> 7
    return bytes([low | 128]) + varint(rest) if rest else bytes([low])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def block(entries: list[tuple[bytes, bytes]]) -> bytes:
    """A block whose keys, but for the first, leave out what they share with the key before."""
    data, before = b"", b""
    for key, value in entries:
        shared = 0
        while shared < min(len(key), len(before)) and key[shared] == before[shared]:
            shared += 1
        data += varint(shared) + varint(len(key) - shared) + varint(len(value))
        data += key[shared:] + value
        before = key
    return data + struct.pack("<II", 0, 1)


def write_bundle(folder: Path, variables: dict[str, np.ndarray], a_block: int = 3) -> None:
    """A checkpoint with so many variables a block of its index."""
    data, entries = b"", [(b"", field(1, 1))]
    for name, array in sorted(variables.items()):
        shape = b"".join(field(2, field(1, size)) for size in array.shape)
        place = field(4, len(data)) if data else b""
        # DT_FLOAT, shape, offset, size; and the checksum, a fixed32, which is not looked at.
        entry = field(1, 1) + field(2, shape) + place + field(5, array.nbytes)
        entries.append((name.encode(), entry + varint(6 << 3 | 5) + bytes(4)))
        data += array.astype("<f4").tobytes()
    table, handles = b"", []
    for at in range(0, len(entries), a_block):
        some = entries[at : at + a_block]
        content = block(some)
        handles.append((some[-1][0], varint(len(table)) + varint(len(content))))
        table += content + bytes(5)
    index = block(handles)
    footer = varint(len(table)) + varint(0) + varint(len(table)) + varint(len(index))
    table += index + bytes(5) + footer.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)
    for end, content in zip(ENDS, (table, data), strict=True):
        (folder / f"model{end}").write_bytes(content)


@given(VARIABLES, st.integers(1, 5))
def test_what_a_bundle_holds_is_read(
    tmp_path_factory: pytest.TempPathFactory, variables: dict[str, np.ndarray], a_block: int
) -> None:
    folder = tmp_path_factory.mktemp("bundle")
    write_bundle(folder, variables, a_block)
    found = read_checkpoint(folder, "model")
    assert found.keys() == variables.keys()
    for name, array in variables.items():
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("damage", ("missing", "empty", "cut", "changed"))
def test_a_damaged_bundle_is_an_error_of_one_line(tmp_path: Path, end: str, damage: str) -> None:
    write_bundle(tmp_path, {"a": np.arange(600, dtype=np.float32), "b": np.ones(3, np.float32)})
    file = tmp_path / f"model{end}"
    data = file.read_bytes()
    if damage == "missing":
        file.unlink()
    elif damage == "changed" and end == ENDS[0]:
        file.write_bytes(data[:-1] + b"x")
    elif damage == "changed":
        file.write_bytes(data[:-100])
    else:
        file.write_bytes(b"" if damage == "empty" else data[: len(data) // 2])
    with pytest.raises(ModelError, match=r"model\.index: is no checkpoint.*install") as raised:
        read_checkpoint(tmp_path, "model")
    assert "\n" not in str(raised.value)
