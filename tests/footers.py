"""Parquet files whose footers say what no writer that is installed would write."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import IntEnum

MAGIC = b"PAR1"
KINDS = {"i32": 5, "i64": 6, "binary": 8, "list": 9, "struct": 12}
"""The numbers of types in Thrift's compact protocol."""
JULIAN_DAY_OF_1970 = 2440588
OLD_WRITER = "parquet-mr version 1.8.1 (build 4aba4dae7bb0d4edbcf7923ae1339f28fd3f7fcf)"

type Field = tuple[int, str, object]


class Stored(IntEnum):
    """Physical types."""

    INT96 = 3
    DOUBLE = 5
    BYTES = 6


@dataclass(frozen=True)
class Bounds:
    """The statistics of the column."""

    least: bytes
    greatest: bytes
    deprecated: bool = False
    """True if the bounds are in the fields `min` and `max` alone."""

    def encode(self) -> list[Field]:
        if self.deprecated:
            return [(1, "binary", self.greatest), (2, "binary", self.least), (3, "i64", 0)]
        return [(3, "i64", 0), (5, "binary", self.greatest), (6, "binary", self.least)]


def one_column(
    stored: Stored, cells: Sequence[bytes], bounds: Bounds, created_by: str = OLD_WRITER
) -> bytes:
    """A file with the column `x`, which has no nulls, in one row group; bytes are text."""
    prefixed = (struct.pack("<I", len(each)) + each for each in cells)
    data = b"".join(prefixed if stored is Stored.BYTES else cells)
    number = len(cells)
    encodings: list[Field] = [(1, "i32", number), (2, "i32", 0), (3, "i32", 3), (4, "i32", 3)]
    size = len(data)
    header: list[Field] = [(1, "i32", 0), (2, "i32", size), (3, "i32", size)]
    page = _encode([*header, (5, "struct", encodings)]) + data
    column: list[Field] = [
        (1, "i32", stored),
        (2, "list", ("i32", [0])),
        (3, "list", ("binary", [b"x"])),
        (4, "i32", 0),
        (5, "i64", number),
        (6, "i64", len(page)),
        (7, "i64", len(page)),
        (9, "i64", len(MAGIC)),
        (12, "struct", bounds.encode()),
    ]
    chunk: list[Field] = [(2, "i64", len(MAGIC)), (3, "struct", column)]
    group: list[Field] = [
        (1, "list", ("struct", [chunk])),
        (2, "i64", len(page)),
        (3, "i64", number),
    ]
    root: list[Field] = [(4, "binary", b"schema"), (5, "i32", 1)]
    leaf: list[Field] = [(1, "i32", stored), (3, "i32", 0), (4, "binary", b"x")]
    leaf += [(6, "i32", 0)] if stored is Stored.BYTES else []
    footer = _encode(
        [
            (1, "i32", 1),
            (2, "list", ("struct", [root, leaf])),
            (3, "i64", number),
            (4, "list", ("struct", [group])),
            (6, "binary", created_by.encode()),
        ]
    )
    return MAGIC + page + footer + struct.pack("<I", len(footer)) + MAGIC


def int96(text: str) -> bytes:
    """A moment as INT96: nanoseconds of the day, and the Julian day."""
    moment = datetime.fromisoformat(text)
    midnight = datetime.combine(moment.date(), time())
    nanoseconds = (moment - midnight) // timedelta(microseconds=1) * 1000
    days = (moment.date() - date(1970, 1, 1)).days + JULIAN_DAY_OF_1970
    return struct.pack("<qi", nanoseconds, days)


def signed(cell: bytes) -> list[int]:
    """Return what old writers compared bytes by."""
    return [byte - 256 if byte > 127 else byte for byte in cell]


def _encode(fields: Sequence[Field]) -> bytes:
    """A struct in Thrift's compact protocol."""
    out, last = b"", 0
    for number, kind, value in fields:
        out += bytes([(number - last) << 4 | KINDS[kind]]) + _encode_value(kind, value)
        last = number
    return out + b"\0"


def _encode_value(kind: str, value: object) -> bytes:
    match kind, value:
        case "i32" | "i64", int():
            return encode_varint(value << 1 ^ value >> 63)
        case "binary", bytes():
            return encode_varint(len(value)) + value
        case "struct", list():
            return _encode(value)
        case "list", (str(element), list(items)):
            head = bytes([len(items) << 4 | KINDS[element]])
            return head + b"".join(_encode_value(element, item) for item in items)
    raise AssertionError(kind)


def encode_varint(number: int) -> bytes:
    out = b""
    while number >= 128:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])
