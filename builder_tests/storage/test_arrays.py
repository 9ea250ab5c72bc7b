"""Arrow tables that are made without pandas are those that Arrow makes with it."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as some

from sport_music_dataset.release.schemas import SCHEMAS
from sport_music_dataset.storage.arrays import array_of, numbers_of, table_of

BITS = {pa.int8(): 8, pa.int16(): 16, pa.int32(): 32, pa.int64(): 64}


def values(kind: pa.DataType) -> some.SearchStrategy[Any]:
    """Any value of a type of our columns, or None."""
    if pa.types.is_struct(kind):
        found: some.SearchStrategy[Any] = some.fixed_dictionaries(
            {field.name: values(field.type) for field in kind}
        )
    elif pa.types.is_list(kind):
        found = some.lists(values(kind.value_type), max_size=3)
    elif kind in BITS:
        found = some.integers(-(2 ** (BITS[kind] - 1)), 2 ** (BITS[kind] - 1) - 1)
    else:
        found = {
            pa.string(): some.text(max_size=5),
            pa.binary(): some.binary(max_size=5),
            pa.float64(): some.floats(allow_nan=False) | some.integers(-9, 9),
            pa.bool_(): some.booleans(),
        }[kind]
    return found | some.none()


SCHEMA = pa.schema(
    {str(kind): kind for schema in SCHEMAS.values() for kind in schema.types} | {"yes": pa.bool_()}
)


@given(some.lists(some.fixed_dictionaries({field.name: values(field.type) for field in SCHEMA})))
def test_a_table_is_the_one_that_arrow_makes(rows: list[dict[str, Any]]) -> None:
    table = table_of(rows, SCHEMA)
    table.validate(full=True)
    assert table.equals(pa.Table.from_pylist(rows, SCHEMA))


@pytest.mark.parametrize(
    "value, kind, error",
    [
        (1.5, pa.int32(), TypeError),
        (2**31, pa.int32(), OverflowError),
        ("1", pa.float64(), TypeError),
        (b"a", pa.string(), TypeError),
        ("a", pa.binary(), TypeError),
        ("\ud800", pa.string(), UnicodeEncodeError),
    ],
)
def test_a_value_of_another_type_is_an_error(
    value: object, kind: pa.DataType, error: type[Exception]
) -> None:
    with pytest.raises(error):
        array_of([value], kind)


def test_numbers_are_those_of_all_chunks_without_nulls() -> None:
    parts = [array_of(part, pa.float64()) for part in ([1.5, None], [], [2.5])]
    assert numbers_of(pa.chunked_array(parts)).tolist() == [1.5, 2.5]
    assert numbers_of(pa.chunked_array(parts[1:2])).tolist() == []
