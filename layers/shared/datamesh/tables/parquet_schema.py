"""The columns of a Parquet file, read from its footer alone, without DuckDB.

What is read is the list of SchemaElement of FileMetaData (parquet.thrift of apache/parquet-format),
which has the columns' names and types. The statistics of their values come after it, and are not
looked at. What Arrow knows of them is at the end.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import cast

from datamesh.errors.datasets import UnreadableDataset
from datamesh.tables.arrow_schema import Durations, find_arrow_schema, read_durations
from datamesh.tables.inferred import FileColumn
from datamesh.tables.thrift_reader import MalformedThrift, Struct, ThriftReader

MAGIC, ENCRYPTED_MAGIC = b"PAR1", b"PARE"
TAIL_BYTES = 64 * 1024
"""How much of the end of a file is read at first; nearly every footer fits."""
MAX_FOOTER_BYTES = 4 * 1024 * 1024
SCHEMA = 2
"""The id of the schema in FileMetaData."""
TYPE, REPETITION, NAME, CHILDREN, CONVERTED, SCALE, PRECISION, LOGICAL = 1, 3, 4, 5, 6, 7, 8, 10
"""The ids of the fields of a SchemaElement."""
REQUIRED, REPEATED = 0, 2
INT32, INT64, BYTE_ARRAY = 1, 2, 6
PHYSICAL_TYPES = (
    "boolean",
    "integer",
    "bigint",
    "timestamp",
    "float",
    "double",
    "binary",
    "binary",
)
CONVERTED_TYPES: Mapping[int, str] = {
    0: "string",
    1: "map",
    2: "map",
    3: "list",
    4: "string",
    6: "date",
    7: "time",
    8: "time",
    9: "timestamp",
    10: "timestamp",
    11: "utinyint",
    12: "usmallint",
    13: "uinteger",
    14: "ubigint",
    15: "tinyint",
    16: "smallint",
    17: "integer",
    18: "bigint",
    19: "json",
    20: "binary",
    21: "interval",
}
"""ConvertedType -> type; without DECIMAL, which is 5."""
CONVERTED_DECIMAL = 5
LOGICAL_TYPES: Mapping[int, str] = {
    1: "string",
    2: "map",
    3: "list",
    4: "string",
    6: "date",
    11: "null",
    12: "json",
    13: "binary",
    14: "uuid",
    15: "float",
    16: "variant",
    17: "geometry",
    18: "geography",
}
"""The field of the union LogicalType -> type; without those that have parameters."""
LOGICAL_DECIMAL, LOGICAL_TIME, LOGICAL_TIMESTAMP, LOGICAL_INTEGER = 5, 7, 8, 10
NANOS = 3
"""The field of the union TimeUnit for nanoseconds."""
INTEGER_NAMES = {8: "tinyint", 16: "smallint", 32: "integer", 64: "bigint"}

type ReadRange = Callable[[int, int], bytes]
"""(first byte, number of bytes) -> what a file holds there."""


def read_parquet_columns(read: ReadRange, size: int) -> list[FileColumn]:
    """Return the columns of a file of `size` bytes. Raises as `read_footer` does."""
    return parse_columns(read_footer(read, size))


def read_footer(read: ReadRange, size: int) -> bytes:
    """Return the footer of a file of `size` bytes. Raises UnreadableDataset, and what `read` does.

    The text of UnreadableDataset is a reason, which does not name the file.
    """
    begin = max(0, size - TAIL_BYTES)
    tail = read(begin, size - begin)
    if tail[-4:] == ENCRYPTED_MAGIC:
        raise UnreadableDataset("its footer is encrypted")
    length = int.from_bytes(tail[-8:-4], "little")
    if tail[-4:] != MAGIC or length + 12 > size:
        raise UnreadableDataset("not a Parquet file, or cut off")
    if length > MAX_FOOTER_BYTES:
        raise UnreadableDataset(f"its footer has {length} bytes, more than {MAX_FOOTER_BYTES}")
    return tail[-8 - length : -8] if length + 8 <= len(tail) else read(size - 8 - length, length)


def parse_columns(footer: bytes) -> list[FileColumn]:
    """Return the columns of a footer. Raises UnreadableDataset."""
    try:
        schema = ThriftReader(footer).read_struct(last=SCHEMA)[SCHEMA]
        columns = list(_iterate_columns(cast(list[Struct], schema)))
    except (MalformedThrift, KeyError, TypeError, IndexError, AttributeError, UnicodeDecodeError):
        raise UnreadableDataset("its footer is damaged") from None
    durations = read_durations(find_arrow_schema(footer))
    return [_note_durations(column, durations) for column in columns]


def _note_durations(column: FileColumn, durations: Durations) -> FileColumn:
    """Return a column whose type is a duration if Arrow says so, or tells what is within it."""
    unit = durations.get((column.name,))
    if unit and column.type == "bigint":
        return replace(column, type=f"duration[{unit}]")
    within = [".".join(path) for path in durations if path[0] == column.name and len(path) > 1]
    return replace(column, durations_within=tuple(within))


def _iterate_columns(elements: list[Struct]) -> Iterator[FileColumn]:
    """Yield the children of the first element, which is the root. A tree is listed depth first."""
    index = 1
    for _ in range(_read_int(elements[0], CHILDREN)):
        element = elements[index]
        name = cast(bytes, element[NAME]).decode()
        nullable = element.get(REPETITION) != REQUIRED
        yield FileColumn(name, _find_type(element), nullable)
        index = _skip_element(elements, index)


def _skip_element(elements: list[Struct], index: int) -> int:
    """Return the index of the element after this one and all that are nested in it."""
    left = 1
    while left:
        left += _read_int(elements[index], CHILDREN) - 1
        index += 1
    return index


def _find_type(element: Struct) -> str:
    if element.get(REPETITION) == REPEATED:
        return "list"
    logical, converted = cast(Struct, element.get(LOGICAL, {})), element.get(CONVERTED)
    for field, details in logical.items():
        if found := _find_logical_type(field, cast(Struct, details)):
            return found
    if converted == CONVERTED_DECIMAL:
        return f"decimal({_read_int(element, PRECISION)},{_read_int(element, SCALE)})"
    if converted is not None:
        return CONVERTED_TYPES.get(cast(int, converted), "binary")
    return PHYSICAL_TYPES[cast(int, element[TYPE])] if TYPE in element else "struct"


def _find_logical_type(field: int, details: Struct) -> str | None:
    """Return the type; None for one that this version does not know."""
    if field == LOGICAL_DECIMAL:
        return f"decimal({_read_int(details, 2)},{_read_int(details, 1)})"
    if field == LOGICAL_INTEGER:
        # The width is an i8, a byte of its own.
        name = INTEGER_NAMES.get(_read_int(details, 1), "bigint")
        return name if details.get(2) else f"u{name}"
    if field in (LOGICAL_TIME, LOGICAL_TIMESTAMP):
        name = "timestamp" if field == LOGICAL_TIMESTAMP else "time"
        zone = "tz" if details.get(1) else ""
        return name + zone + ("_ns" if NANOS in cast(Struct, details.get(2, {})) else "")
    return LOGICAL_TYPES.get(field)


def _read_int(element: Struct, field: int) -> int:
    return cast(int, element.get(field, 0))
