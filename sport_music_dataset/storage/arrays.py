"""Arrow tables of Python's values, without pandas.

`pyarrow.array` and `pyarrow.scalar` import pandas, to know whether a value is one of its series:
that takes a third of a second, a tenth of a small build.
"""

import operator
from collections.abc import Mapping, Sequence, Sized
from itertools import accumulate, chain
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

# Places in a binary column are int32.
_MOST_BYTES = 2**31 - 1


def table_of(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """Rows as a table of `schema`; what a row lacks is null. Raises as `array_of`."""
    columns = [array_of([row.get(field.name) for row in rows], field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def array_of(values: Sequence[Any], kind: pa.DataType) -> pa.Array | pa.ChunkedArray:
    """Values as an array of numbers, truth values, strings, bytes, or lists or structs of these.

    None is null. More than 2 GiB of strings or bytes are an array in chunks.

    Raises:
        TypeError, OverflowError, UnicodeEncodeError: a value is not of this type, or not in its
            range.
    """
    present = [value is not None for value in values]
    buffers = [None if all(present) else _bits(present)]
    children = []
    if pa.types.is_struct(kind):
        for field in kind:
            parts = [None if value is None else value[field.name] for value in values]
            children.append(array_of(parts, field.type))
        if any(isinstance(child, pa.ChunkedArray) for child in children):
            return pa.array(values, kind)
    elif pa.types.is_list(kind):
        lists = [() if value is None else value for value in values]
        children.append(array_of(list(chain.from_iterable(lists)), kind.value_type))
        buffers.append(_places(lists))
    elif pa.types.is_string(kind) or pa.types.is_binary(kind):
        is_text = pa.types.is_string(kind)
        texts = [b"" if v is None else str.encode(v) if is_text else v for v in values]
        if sum(map(len, texts)) > _MOST_BYTES:
            return pa.array(values, kind)
        buffers += [_places(texts), pa.py_buffer(b"".join(texts))]
    else:
        buffers.append(_numbers([0 if value is None else value for value in values], kind))
    return pa.Array.from_buffers(kind, len(values), buffers, children=children)


def scalar_of(value: Any, kind: pa.DataType) -> pa.Scalar:
    """A value to compare a column with; raises as `array_of`."""
    return array_of([value], kind)[0]


def numbers_of(column: pa.ChunkedArray) -> NDArray[Any]:
    """The values of a column of numbers, without nulls; `to_numpy` imports pandas too."""
    parts = [np.from_dlpack(part) for part in column.drop_null().chunks if len(part)]
    return np.concatenate(parts) if parts else np.zeros(0)


def _numbers(values: Sequence[Any], kind: pa.DataType) -> pa.Buffer:
    if pa.types.is_boolean(kind):
        return _bits(values)
    dtype = np.dtype(kind.to_pandas_dtype())
    if pa.types.is_integer(kind):
        # NumPy would cut fractions off.
        return pa.py_buffer(np.fromiter(map(operator.index, values), dtype, len(values)))
    return pa.py_buffer(np.array(values).astype(dtype, casting="same_kind"))


def _places(values: Sequence[Sized]) -> pa.Buffer:
    """Where each value begins among all, and where the last ends."""
    return pa.py_buffer(np.fromiter(accumulate(map(len, values), initial=0), np.int32))


def _bits(values: Sequence[bool]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(np.array(values, bool), bitorder="little"))
